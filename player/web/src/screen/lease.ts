/** The lease on one stream: renewed while the page is open, which also asks whether it still may be; let go when it closes. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import { OFFLINE, type Problem, problemOf } from "../api/problem.ts";
import type { Playback, Renewal } from "../api/types.ts";

export interface LeaseHolder {
  position(): { position_s: number; playing: boolean };
  renewed(endsAt: number | null): void;
  refused(problem: Problem): void;
}

/** Part of a lease's remaining life after which it is renewed. */
const RENEW_AT = 0.6;
const RETRY_MS = 5000;
const LEAVE_MS = 500;
/** A revoked licence stops the film within a minute even when every key it needs is here already. */
const LOOK_MS = 30_000;

export class Lease {
  #playback: Playback;
  #holder: LeaseHolder;
  #timer = 0;
  #over = false;
  #asking: Promise<Problem | null> | null = null;

  constructor(playback: Playback, holder: LeaseHolder) {
    this.#playback = playback;
    this.#holder = holder;
    this.#plan(playback);
  }

  /** Renews now, also to ask why something was refused. Answers the refusal, or null when all is well. */
  renew(): Promise<Problem | null> {
    this.#asking ??= this.#renewNow().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #renewNow(): Promise<Problem | null> {
    window.clearTimeout(this.#timer);
    if (this.#over) return null;
    try {
      const answer = await call<Renewal>("POST", this.#playback.renew_url, this.#holder.position());
      if (this.#over) return null;
      this.#holder.renewed(moment(answer.ends_at));
      this.#plan(answer);
      return null;
    } catch (error) {
      const problem = problemOf(error);
      if (this.#over) return null;
      if (mayPass(problem)) {
        this.#timer = window.setTimeout(() => void this.renew(), (problem.retryAfter ?? 0) * 1000 || RETRY_MS);
        return OFFLINE;
      }
      this.end();
      this.#holder.refused(problem);
      return problem;
    }
  }

  /** Stops renewing without telling the server. */
  end(): void {
    this.#over = true;
    window.clearTimeout(this.#timer);
  }

  /** Lets go before another page of the house is opened, so that it knows the place already. Waits a moment at most. */
  async leave(): Promise<void> {
    if (this.#over) return;
    const place = this.#holder.position();
    this.end();
    const told = call("POST", this.#playback.release_url, place, { keepalive: true }).catch(() => undefined);
    await Promise.race([told, new Promise((resolve) => window.setTimeout(resolve, LEAVE_MS))]);
  }

  /** Lets go of the stream, also while the page is being closed. */
  release(): void {
    if (this.#over) return;
    const place = this.#holder.position();
    this.end();
    const body = JSON.stringify(place);
    const sent = navigator.sendBeacon?.(this.#playback.release_url, new Blob([body], { type: "application/json" }));
    if (!sent) void call("POST", this.#playback.release_url, place, { keepalive: true }).catch(() => undefined);
  }

  #plan({ lease_until, renew_after_s }: Renewal): void {
    const life = (moment(lease_until) ?? 0) - serverClock.now();
    const pause = renew_after_s === undefined ? life * RENEW_AT : renew_after_s * 1000;
    this.#timer = window.setTimeout(() => void this.renew(), Math.min(Math.max(1000, pause), LOOK_MS));
  }
}

/** The server is away or busy: the lease has its grace, so ask again. */
function mayPass(problem: Problem): boolean {
  return problem.status === 0 || problem.status === 429 || problem.status >= 500;
}

/** ISO-8601 to milliseconds. */
export function moment(text: string | null | undefined): number | null {
  const value = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? null : value;
}
