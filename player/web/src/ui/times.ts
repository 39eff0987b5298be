/** Keeps every `<time data-time>` true, in the viewer's words and zone. */

import { serverClock } from "../api/clock.ts";
import { countdown, date, dayAndTime, exact, relative, span, viewerZone } from "../words/time.ts";
import { readCookie, setCookie } from "./dom.ts";

const CALM_MS = 30_000;
/** The last minutes of a licence are counted down. */
const LAST_S = 300;

export function keepTimes(): void {
  const zone = viewerZone();
  if (readCookie("tz") !== zone) setCookie("tz", zone);
  const tick = (): void => {
    const hurried = write(document, serverClock.now());
    window.setTimeout(tick, hurried ? 1000 : CALM_MS);
  };
  tick();
  // New parts of the page are set at once rather than at the next tick.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof HTMLElement) write(node, serverClock.now());
  }).observe(document.body, { childList: true, subtree: true });
}

/** Answers whether a countdown is near enough to be counted by the second. */
function write(root: ParentNode, now: number): boolean {
  let hurried = false;
  const times = root.querySelectorAll<HTMLTimeElement>("time[datetime][data-time]");
  for (const time of root instanceof HTMLTimeElement ? [root, ...times] : times) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) continue;
    const kind = time.dataset["time"] ?? "";
    const away = (moment - now) / 1000;
    hurried ||= (kind === "countdown" || kind === "closing") && away > 0 && away < LAST_S + CALM_MS / 1000;
    const text = inWords(kind, moment, now);
    if (text !== null && time.textContent !== text) time.textContent = text;
    const title = exact(moment);
    if (time.title !== title) time.title = title;
  }
  return hurried;
}

function inWords(kind: string, moment: number, now: number): string | null {
  switch (kind) {
    case "relative":
      return relative(moment, now);
    case "day":
      return dayAndTime(moment, now);
    case "date":
      return date(moment);
    case "exact":
      return exact(moment);
    case "closing":
      return closing(moment, now);
    case "countdown":
      return countdown((moment - now) / 1000);
    default:
      return null;
  }
}

/** "in 2 hours", and in the last minutes "in 4 minutes 5 seconds" */
export function closing(moment: number, now: number): string {
  const away = (moment - now) / 1000;
  return away > 0 && away <= LAST_S ? `in ${span(Math.ceil(away))}` : relative(moment, now);
}
