/** The film page left open: what the viewer's licence says there, the button and the offers follow what its giver changes. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import type { Licence } from "../api/types.ts";
import { refreshAll } from "./mount.ts";

const LOOK_MS = 15_000;
/** So long after an end it is sure to be over for the server too. */
const LATE_MS = 1000;
const PARTS = ["#film-act", "#standing", "#film-offers"];

/** `element` holds what is replaced and is not replaced itself, so there is one who looks. */
export function standing(element: HTMLElement): void {
  const address = `/api/v1/licences?mine=true&title=${encodeURIComponent(element.dataset["titleId"] ?? "")}`;
  let before: string | null = null;
  let timer = 0;

  const look = async (): Promise<void> => {
    window.clearTimeout(timer);
    let end = Infinity;
    try {
      const { items } = await call<{ items: Licence[] }>("GET", address);
      const now = signature(items);
      if (before !== null && now !== before) await refreshAll(PARTS, location.href);
      before = now;
      end = nextEnd(items);
    } catch {
      // Away or logged out: what stands here stays until the next look.
    }
    // Another look may have planned the next one meanwhile; who comes back to a hidden page looks at once.
    window.clearTimeout(timer);
    if (!document.hidden) timer = window.setTimeout(() => void look(), pauseUntil(end, serverClock.now()));
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? window.clearTimeout(timer) : void look()));
  void look();
}

/** What of licences a film page shows. Pure. */
export function signature(items: readonly Licence[]): string {
  return JSON.stringify(items.map((one) => [one.state, one.ends_at, one.valid_from, one.valid_until, one.start_by, one.tier, one.max_streams, one.may_finish]));
}

/** When the first running licence ends, milliseconds; Infinity if none does. Pure. */
export function nextEnd(items: readonly Licence[]): number {
  const ends = items.filter(({ state, ends_at }) => state === "running" && ends_at).map(({ ends_at }) => Date.parse(ends_at ?? ""));
  return Math.min(Infinity, ...ends);
}

/** How long to wait before looking again: a clock that runs out is met at once. Milliseconds. Pure. */
export function pauseUntil(end: number, now: number): number {
  const wait = end + LATE_MS - now;
  return wait > 0 && wait < LOOK_MS ? wait : LOOK_MS;
}
