/** Tells files of the same name and size apart, without reading all of them. */

import { concat, toBase64url, utf8 } from "../vault/bytes.ts";

const EDGE = 256 * 1024;

/** SHA-256 over the size and both ends of the file. */
export async function fingerprint(file: File): Promise<string> {
  const [head, tail] = await Promise.all([file.slice(0, EDGE).arrayBuffer(), file.slice(Math.max(0, file.size - EDGE)).arrayBuffer()]);
  const told = concat(utf8(`${file.size}:`), new Uint8Array(head), new Uint8Array(tail));
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", told)));
}

const key = (uploadId: string): string => `matinee-upload-${uploadId}`;

export function remember(uploadId: string, print: string): void {
  localStorage.setItem(key(uploadId), print);
}

export function remembered(uploadId: string): string | null {
  return localStorage.getItem(key(uploadId));
}

export function forget(uploadId: string): void {
  localStorage.removeItem(key(uploadId));
}
