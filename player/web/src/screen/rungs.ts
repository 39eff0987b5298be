/** A film in the making gains rungs after a player has read its playlist once: whether it has, is found here. */

interface Networking {
  registerResponseFilter(filter: (type: number, response: { originalUri: string; data: BufferSource }) => void): void;
}

/** Milliseconds between two looks. */
const LOOK_MS = 10_000;

export class Rungs {
  #playlist = "";
  #known = new Set<string>();
  #nextAt = 0;
  #growing = false;

  attach(networking: Networking): void {
    networking.registerResponseFilter((_type, { originalUri, data }) => {
      if (isMainPlaylist(originalUri)) this.#known = new Set(rungsOf(new TextDecoder().decode(data)));
    });
  }

  /** Another playback, or the same one anew. */
  begin(playlist: string): void {
    this.#playlist = playlist;
    this.#nextAt = performance.now() + LOOK_MS;
    this.#growing = true;
  }

  /**
   * Whether the film has a rung by now that the player cannot know. Asks the server every few seconds while the film grows, and
   * once when it has just come to its end; without a connection the answer is no.
   */
  async haveGrown(filmGrows: boolean): Promise<boolean> {
    const now = performance.now();
    if (!this.#growing || (filmGrows && now < this.#nextAt)) return false;
    this.#growing = filmGrows;
    this.#nextAt = now + LOOK_MS;
    const playlist = this.#playlist;
    const answer = await fetch(playlist).catch(() => null);
    if (!answer?.ok || playlist !== this.#playlist) return false;
    const rungs = rungsOf(await answer.text());
    return rungs.some((rung) => !this.#known.has(rung));
  }
}

/** The multivariant playlist of a playback. */
export function isMainPlaylist(address: string): boolean {
  return /\/play\/[^/]+\/main\.m3u8$/.test(address);
}

/** The renditions of picture that a multivariant playlist offers: the folder before the last part of each address. */
export function rungsOf(playlist: string): string[] {
  const addresses = playlist.matchAll(/^#EXT-X-STREAM-INF:.*\n+([^#\n]+)/gm);
  return [...new Set([...addresses].map(([, address]) => address?.split("/").at(-2) ?? ""))];
}
