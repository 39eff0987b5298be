/** Speed and time left of a transfer, smoothed so that the numbers can be read. Pure: times are given. */

/** How many seconds of the past weigh most. */
const MEMORY_S = 8;
/** Nothing is claimed before this much was seen. */
const WARM_UP_S = 1.5;

export class TransferEstimator {
  #since: number | null = null;
  #lastAt = 0;
  #lastBytes = 0;
  #rate = 0;
  #weight = 0;

  /** Begin, or begin again after a pause: what lies between is not transfer. `at` in milliseconds. */
  start(bytes: number, at: number): void {
    this.#since = at;
    this.#lastAt = at;
    this.#lastBytes = bytes;
    this.#rate = 0;
    this.#weight = 0;
  }

  /** `bytes` handed over so far in total. */
  observe(bytes: number, at: number): void {
    if (this.#since === null) this.start(bytes, at);
    const passed = (at - this.#lastAt) / 1000;
    // Progress events come in bursts: take a sample only when enough time passed to measure.
    if (passed < 0.25) return;
    const kept = Math.exp(-passed / MEMORY_S);
    const rate = Math.max(0, bytes - this.#lastBytes) / passed;
    this.#rate = this.#rate * kept + rate * (1 - kept);
    this.#weight = this.#weight * kept + (1 - kept);
    this.#lastAt = at;
    this.#lastBytes = bytes;
  }

  /** Bytes a second; null until it is worth saying. */
  speed(): number | null {
    if (this.#since === null || this.#lastAt - this.#since < WARM_UP_S * 1000 || this.#weight === 0) return null;
    return this.#rate / this.#weight;
  }

  /** Seconds until `total`; null until it is worth saying. */
  left(total: number): number | null {
    const speed = this.speed();
    if (speed === null || speed < 1) return null;
    return Math.max(0, total - this.#lastBytes) / speed;
  }
}
