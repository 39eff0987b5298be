/** From a password or a recovery code to the two keys of an account: one to prove, one to unwrap. */

import argon2 from "hash-wasm/dist/argon2.umd.min.js";
import { type Bytes, utf8 } from "./bytes.ts";

/** Argon2id cost, as the server's prelogin answers it. `m` in KiB. */
export interface Kdf {
  alg: "argon2id";
  v: number;
  m: number;
  t: number;
  p: number;
}

export interface Keys {
  /** 32 bytes; goes to the server, which keeps a salted hash of it. */
  auth: Bytes;
  /** 32 bytes; never leaves the browser. */
  wrapping: Bytes;
}

/** Version 1: 64 MiB, three passes, four lanes. */
export const KDF: Kdf = { alg: "argon2id", v: 19, m: 65536, t: 3, p: 4 };

/** A server that asks for less than version 1 is not obeyed: weak parameters would let it guess the password. */
export function checkKdf(kdf: Kdf): void {
  const same = kdf.alg === KDF.alg && kdf.v === KDF.v && kdf.m === KDF.m && kdf.t === KDF.t && kdf.p === KDF.p;
  if (!same) throw new Error("This server asks for key settings that this page does not accept.");
}

/** Argon2id over the NFKC form of the password; 64 bytes. Half a second of work: run it in the worker. */
export async function stretch(password: string, salt: Uint8Array, kdf: Kdf = KDF): Promise<Bytes> {
  const raw = await argon2.argon2id({
    password: utf8(password.normalize("NFKC")),
    salt,
    memorySize: kdf.m,
    iterations: kdf.t,
    parallelism: kdf.p,
    hashLength: 64,
    outputType: "binary",
  });
  return raw as Bytes;
}

/** HKDF-SHA256 (RFC 5869) with an empty salt. */
export async function hkdf(secret: Bytes, info: string, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}

export async function keysFromStretched(raw: Bytes): Promise<Keys> {
  return { auth: await hkdf(raw, "matinee/v1/auth", 32), wrapping: await hkdf(raw, "matinee/v1/wrap", 32) };
}

export async function keysFromRecovery(code: Bytes): Promise<Keys> {
  const raw = await hkdf(code, "matinee/v1/recovery", 64);
  return { auth: raw.slice(0, 32), wrapping: raw.slice(32) };
}
