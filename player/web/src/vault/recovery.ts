/** The recovery code: 20 random bytes in Crockford's base32, eight groups of four. */

import { type Bytes, random } from "./bytes.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 20;

export function newRecoveryCode(): Bytes {
  return random(LENGTH);
}

/** "7ZQ2-…": most significant bits first. */
export function writeRecoveryCode(code: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of code) {
    held = ((held << 8) | byte) & 0x1fff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return text.replace(/(.{4})(?=.)/g, "$1-");
}

/** Reads what a person typed: case, spaces and dashes do not matter, O is 0, I and L are 1. Null if it is no code. */
export function readRecoveryCode(text: string): Bytes | null {
  const clean = text.toUpperCase().replace(/[\s\-‐-―]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (clean.length !== (LENGTH * 8) / 5) return null;
  const code = new Uint8Array(LENGTH);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of clean) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      code[at++] = (held >> bits) & 255;
    }
  }
  return code;
}
