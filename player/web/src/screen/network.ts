/** How the engine asks: waits when told to, gives up at once when refused, holds still while offline. */

import { serverClock } from "../api/clock.ts";
import { type EngineError, type HttpFault, httpFault, isFinal } from "./faults.ts";
import { isSpare } from "./storyboard.ts";

export interface NetworkEvents {
  /** The server wants us to wait until then (server's clock). */
  held(until: number): void;
  /** A refusal that asking again will not change. */
  refused(fault: HttpFault): void;
  /** The lease was found stale: renew it. Answers whether it holds again. */
  renew(): Promise<boolean>;
}

interface Networking {
  registerRequestFilter(filter: () => Promise<void>): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/**
 * A key once refused stays refused in Shaka's cache of keys, so what may pass (offline, busy) is never allowed to
 * fail: it is asked for again and again, and the waiting happens here.
 */
export class Patience {
  #notBefore = 0;
  #tried = new Map<string, number>();
  #release: (() => void)[] = [];
  #renewal: Promise<boolean> | null = null;
  #events: NetworkEvents;
  #open = 0;
  #elsewhere: (address: string) => boolean = () => false;

  constructor(events: NetworkEvents) {
    this.#events = events;
    window.addEventListener("online", () => this.hurry());
  }

  /** `elsewhere` is told an address that failed, and tells whether the same can be had from another host. */
  attach(networking: Networking, elsewhere: (address: string) => boolean = () => false): void {
    this.#elsewhere = elsewhere;
    networking.registerRequestFilter(async () => {
      this.#open++;
      await this.#wait();
    });
    networking.addEventListener("retry", (event) => {
      const error = (event as Event & { error: EngineError }).error;
      if (!this.#mayRetry(error)) event.preventDefault();
    });
  }

  /** Ends every wait: the connection is back, or nothing is wanted any more. */
  hurry(): void {
    for (const go of this.#release.splice(0)) go();
  }

  /** Requests under way or waiting; nothing moves by itself when this is 0. */
  get open(): number {
    return this.#open;
  }

  /** One attempt came to its end, well or not. */
  closed(): void {
    this.#open = Math.max(0, this.#open - 1);
  }

  /** Forgets what failed, for a new attempt. */
  reset(): void {
    this.#notBefore = 0;
    this.#open = 0;
    this.#tried.clear();
    this.hurry();
  }

  #mayRetry(error: EngineError): boolean {
    const fault = httpFault(error);
    const address = String(error.data[0]);
    const tried = (this.#tried.get(address) ?? 0) + 1;
    this.#tried.set(address, tried);
    if (this.#elsewhere(address)) return true;
    if (fault?.problem.code === "lease_stale" && tried <= 2) {
      this.#renewal = this.#events.renew();
      return true;
    }
    if (fault && isFinal(fault, tried)) {
      // A track that was removed while it plays, a picture to seek by: the film goes on without.
      if (!isSpare(address)) this.#events.refused(fault);
      return false;
    }
    const wait = fault?.problem.retryAfter;
    if (wait) {
      this.#notBefore = Date.now() + wait * 1000;
      this.#events.held(serverClock.now() + wait * 1000);
    }
    return true;
  }

  async #wait(): Promise<void> {
    await this.#renewal;
    const pause = this.#notBefore - Date.now();
    if (pause > 0) await this.#sleep(pause);
    // Browsers tell "offline" reliably only in that direction: online may be untrue, then requests fail and retry.
    if (!navigator.onLine) await this.#sleep(60_000);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(resolve, milliseconds);
      this.#release.push(() => {
        window.clearTimeout(timer);
        resolve();
      });
    });
  }
}
