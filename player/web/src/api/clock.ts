/** The server's time, from Date headers: licences end by its clock, not by the viewer's. */

/**
 * Date says the second only, so an answer bounds the offset to an interval; intervals of several answers are
 * intersected, which soon gives better than half a second.
 */
export class ServerClock {
  #low = -Infinity;
  #high = Infinity;

  /** `date`: the header; `sent`, `received`: local milliseconds around the request. */
  observe(date: string | null, sent: number, received: number): void {
    const said = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(said)) return;
    const low = said - received;
    const high = said + 1000 - sent;
    if (high < this.#low || low > this.#high) {
      // One of the clocks was set: begin anew.
      this.#low = low;
      this.#high = high;
      return;
    }
    this.#low = Math.max(this.#low, low);
    this.#high = Math.min(this.#high, high);
  }

  /** Milliseconds to add to the local clock; 0 until something was observed. */
  get offset(): number {
    return Number.isFinite(this.#low) ? (this.#low + this.#high) / 2 : 0;
  }

  now(local: number = Date.now()): number {
    return local + this.offset;
  }
}

/** The one clock of the page. */
export const serverClock = new ServerClock();

/** Takes the moment at which the server made this page, so that its times are right before anything else was asked. */
export function learnFromPage(): void {
  const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (!visit || visit.responseStart === 0) return;
  const begun = performance.timeOrigin;
  serverClock.observe(document.documentElement.dataset["now"] ?? null, begun + visit.requestStart, begun + visit.responseStart);
}
