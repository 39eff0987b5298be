/** An account's X25519 and Ed25519 pairs: made here, their private halves wrapped before they leave. */

import { type Bytes, concat, random, utf8 } from "./bytes.ts";

export interface KeyPairs {
  x25519Public: Bytes;
  ed25519Public: Bytes;
  /** x25519 (32) then ed25519 (32). */
  privateBytes: Bytes;
}

/** The wrapping key did not fit: a wrong password or code, or changed bytes. */
export class NotOurKey extends Error {}

const AAD = utf8("matinee/v1/account-keys");
const NONCE = 12;

async function pair(algorithm: "X25519" | "Ed25519"): Promise<{ publicBytes: Bytes; privateBytes: Bytes }> {
  const uses: KeyUsage[] = algorithm === "X25519" ? ["deriveBits"] : ["sign", "verify"];
  const made = (await crypto.subtle.generateKey(algorithm, true, uses)) as CryptoKeyPair;
  const publicBytes = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
  // RFC 8410: the 32 bytes of the private key end its PKCS#8 form.
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", made.privateKey));
  return { publicBytes, privateBytes: pkcs8.slice(-32) };
}

export async function newKeyPairs(): Promise<KeyPairs> {
  const [agreement, signing] = await Promise.all([pair("X25519"), pair("Ed25519")]);
  return {
    x25519Public: agreement.publicBytes,
    ed25519Public: signing.publicBytes,
    privateBytes: concat(agreement.privateBytes, signing.privateBytes),
  };
}

/** AES-256-GCM: nonce (12) then ciphertext then tag (16). */
export async function wrap(wrapping: Bytes, privateBytes: Bytes, nonce: Bytes = random(NONCE)): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", wrapping, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: AAD }, key, privateBytes);
  return concat(nonce, new Uint8Array(sealed));
}

/** Raises NotOurKey rather than answering wrong bytes. */
export async function unwrap(wrapping: Bytes, wrapped: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", wrapping, "AES-GCM", false, ["decrypt"]);
  const parameters = { name: "AES-GCM", iv: wrapped.slice(0, NONCE), additionalData: AAD };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, wrapped.slice(NONCE)));
  } catch {
    throw new NotOurKey("The keys could not be opened with this password or code.");
  }
}
