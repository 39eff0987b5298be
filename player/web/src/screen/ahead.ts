/**
 * Asks for the key of the next crypto period before it is needed. The engine asks when it has fetched the period's first
 * segment; by then its buffer may be short, and an answer that is late, or is to be asked for again, would stall the film.
 * Never more than one period ahead, and no sooner than it takes: a key that is not here yet cannot outlive its licence.
 */

/** What is read of Shaka's segment references (shaka.extern.aesKey): equal objects are one EXT-X-KEY. */
export interface PeriodKey {
  cryptoKey?: unknown;
  fetchKey?: (() => Promise<void>) | undefined;
}

export interface Reference {
  getStartTime(): number;
  aesKey?: PeriodKey | null;
}

export interface SegmentIndex {
  find(time: number): number | null;
  get(position: number): Reference | null;
}

/** Seconds of film before an edge at which the next key is asked for: what is buffered, and as much again. */
export const LEAD_S = 50;

/** A step in the film's time that is no playing, and for how long after it nothing is asked ahead: who jumps about spends
 * the release budget on where they land, not on what lies behind it. */
const JUMP_S = 3;
const CALM_MS = 5000;

export class KeysAhead {
  #asked = new WeakSet<PeriodKey>();
  #last = -Infinity;
  #calmAt = 0;

  /**
   * Looks whether the key after the one at `time` is due, in every stream that plays; asks for each once. To be called some
   * times a second; `now` in milliseconds.
   */
  look(streams: readonly SegmentIndex[], time: number, now: number): void {
    if (Math.abs(time - this.#last) > JUMP_S) this.#calmAt = now + CALM_MS;
    this.#last = time;
    if (now < this.#calmAt) return;
    for (const index of streams) {
      const key = dueKey(index, time);
      if (!key || this.#asked.has(key)) continue;
      this.#asked.add(key);
      // Refusals are told by Patience; a key that failed is met again when its segment comes.
      void key.fetchKey?.().catch(() => undefined);
    }
  }
}

/** The key of the period after `time`, if its edge is near and it is not here; else null. Pure. */
export function dueKey(index: SegmentIndex, time: number): PeriodKey | null {
  const place = index.find(time);
  const now = place === null ? null : index.get(place);
  if (place === null || !now?.aesKey) return null;
  for (let at = place + 1; ; at++) {
    const next = index.get(at);
    if (!next || next.getStartTime() - time > LEAD_S) return null;
    if (next.aesKey && next.aesKey !== now.aesKey) return next.aesKey.cryptoKey || !next.aesKey.fetchKey ? null : next.aesKey;
  }
}
