/** The film page left open: what the viewer's licence says there, and the button, follow what its giver changes. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import type { Licence } from "../api/types.ts";
import { refresh } from "./mount.ts";

const LOOK_MS = 15_000;
const PARTS = ["#film-act", "#standing"];

export function standing(element: HTMLElement): void {
  const address = `/api/v1/licences?mine=true&title=${encodeURIComponent(element.dataset["titleId"] ?? "")}`;
  let before: string | null = null;
  let looking = false;

  const look = async (): Promise<void> => {
    if (document.hidden || looking) return;
    looking = true;
    try {
      const { items } = await call<{ items: Licence[] }>("GET", address);
      const now = signature(items);
      if (before !== null && now !== before) for (const part of PARTS) await refresh(part, location.href);
      before = now;
    } catch {
      // Away or logged out: what stands here stays until the next look.
    } finally {
      looking = false;
    }
  };
  window.setInterval(() => void look(), LOOK_MS);
  document.addEventListener("visibilitychange", () => void look());
  // A clock that runs out is met at once, not at the next look.
  window.setInterval(() => before !== null && nextEnd(before) <= serverClock.now() && void look(), 1000);
  void look();
}

/** What of licences a film page shows. Pure. */
export function signature(items: readonly Licence[]): string {
  return JSON.stringify(items.map((one) => [one.state, one.ends_at, one.valid_from, one.valid_until, one.start_by, one.tier, one.max_streams, one.may_finish]));
}

/** When the first running licence of a signature ends, milliseconds; Infinity if none does. Pure. */
export function nextEnd(known: string): number {
  const rows = JSON.parse(known) as (string | null)[][];
  const ends = rows.filter(([state, end]) => state === "running" && end).map(([, end]) => Date.parse(end ?? ""));
  return Math.min(Infinity, ...ends);
}
