/** Which unfinished upload a file belongs to, and whether a file can be a film at all. Pure. */

import { size } from "../words/size.ts";

export interface FileFacts {
  name: string;
  size: number;
}

export interface Unfinished {
  filename: string;
  length: number;
}

/** The first unfinished upload of the same name and size; null if there is none. */
export function unfinishedFor<T extends Unfinished>(file: FileFacts, list: readonly T[]): T | null {
  return list.find((one) => sameFile(file, one)) ?? null;
}

export function sameFile(file: FileFacts, upload: Unfinished): boolean {
  return file.size === upload.length && plainName(file.name) === plainName(upload.filename);
}

/** Why this file is not taken, in a sentence; null if it is. `quotaLeft` in bytes, null for no limit. */
export function refusalOf(file: FileFacts, quotaLeft: number | null): string | null {
  if (file.size === 0) return `“${file.name}” is empty. Was it copied completely?`;
  if (quotaLeft !== null && file.size > quotaLeft) {
    return `“${file.name}” has ${size(file.size)}, but only ${size(quotaLeft)} of your space are left. Delete a film first, or ask for more.`;
  }
  return null;
}

/** Names differ in how accents are written from system to system. */
function plainName(name: string): string {
  return name.normalize("NFC").split(/[\\/]/).at(-1) ?? name;
}
