/**
 * Thumbnails while seeking. Shaka shows storyboards but does not decrypt them: a plain picture it gives to the browser by its
 * address. One that it takes for Motion JPEG in MP4 it fetches itself; so it is told that ours are that, and its network filter
 * decrypts each sheet and puts it into the one box that Shaka looks for.
 */

import { isMainPlaylist } from "./rungs.ts";

interface Response {
  uri: string;
  originalUri: string;
  data: BufferSource;
}

interface Networking {
  registerResponseFilter(filter: (type: number, response: Response) => Promise<void> | void): void;
}

const BOX_HEAD = 8;

export class Storyboard {
  #playlist = "";
  #key: Promise<CryptoKey> | null = null;

  attach(networking: Networking): void {
    networking.registerResponseFilter((_type, response) => {
      if (isMainPlaylist(response.originalUri)) response.data = renamed(response.data);
      return isSheet(response.originalUri) ? this.#open(response) : undefined;
    });
  }

  /** Another playback: its key is asked for at its own door, with the first picture. */
  begin(playlist: string): void {
    this.#playlist = playlist;
    this.#key = null;
  }

  async #open(response: Response): Promise<void> {
    try {
      this.#key ??= this.#fetchKey();
      const iv = ivOf(sequenceOf(response.originalUri));
      response.data = boxed(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, await this.#key, response.data));
    } catch {
      // A picture less to seek by; the next one asks again.
      this.#key = null;
      response.data = boxed(new ArrayBuffer(0));
    }
  }

  async #fetchKey(): Promise<CryptoKey> {
    const answer = await fetch(keyAddress(this.#playlist));
    if (!answer.ok) throw new Error(`The key door answered ${answer.status}.`);
    return crypto.subtle.importKey("raw", await answer.arrayBuffer(), "AES-CBC", false, ["decrypt"]);
  }
}

/** Where the key of all sheets is: beside the playback's playlist. */
export function keyAddress(playlist: string): string {
  return playlist.replace(/main\.m3u8$/, "key/s0/0");
}

export function isSheet(address: string): boolean {
  return /\/s0\/s-\d+-[a-z0-9]+\.jpg$/.test(address);
}

/** What a film can be watched without: a picture of the storyboard, a subtitle track. */
export function isSpare(address: string): boolean {
  return /\/s0\/|\/t\d+\/|\/key\/[st]\d+\//.test(address);
}

export function sequenceOf(address: string): number {
  return Number(/\/s-(\d+)-/.exec(address)?.[1] ?? 0);
}

/** The media sequence number as an initialisation vector, big-endian (RFC 8216 §5.2). */
export function ivOf(sequence: number): Uint8Array<ArrayBuffer> {
  const iv = new Uint8Array(16);
  new DataView(iv.buffer).setUint32(12, sequence);
  return iv;
}

/** A box of media data (ISO/IEC 14496-12 §8.1.1). */
export function boxed(content: ArrayBuffer): ArrayBuffer {
  const box = new Uint8Array(BOX_HEAD + content.byteLength);
  new DataView(box.buffer).setUint32(0, box.byteLength);
  box.set(new TextEncoder().encode("mdat"), 4);
  box.set(new Uint8Array(content), BOX_HEAD);
  return box.buffer;
}

/** The playlist as Shaka shall read it: pictures of the storyboard come in MP4. */
export function renamed(playlist: BufferSource): ArrayBuffer {
  const text = new TextDecoder().decode(playlist);
  return new TextEncoder().encode(text.replace(/^(#EXT-X-IMAGE-STREAM-INF:.*CODECS=")jpeg"/gm, '$1mjpg"')).buffer;
}
