/** Follows the making of one film and shows it as it is. */

import { call } from "../api/http.ts";
import type { Progress, Title, TitleState } from "../api/types.ts";
import { ref, setBar, setText, show } from "../ui/dom.ts";
import { refresh } from "../ui/mount.ts";
import { percent, wholePercent } from "../words/size.ts";
import { frameWords, leftWords, moves, playableWords, pollDelay, queueWords, stageWords } from "./stages.ts";

export function progress(element: HTMLElement): void {
  const id = element.dataset["titleId"] ?? "";
  const state = (element.dataset["state"] ?? "queued") as TitleState;
  let timer = 0;
  let failures = 0;

  const look = async (): Promise<void> => {
    window.clearTimeout(timer);
    if (!element.isConnected) return;
    try {
      const title = await call<Title>("GET", `/api/v1/titles/${encodeURIComponent(id)}`);
      failures = 0;
      const over = element.dataset["of"] === "remake" ? isOver(title.remake, state) : title.state !== state;
      draw(element, title);
      if (over && (await changed(element))) return;
    } catch {
      // The server is away or busy: look less often, and go on.
      failures = Math.min(failures + 1, 5);
    }
    plan();
  };
  const plan = (): void => {
    window.clearTimeout(timer);
    if (moves(state)) timer = window.setTimeout(() => void look(), pollDelay(state, document.hidden) * 2 ** failures);
  };
  const woken = (): void => {
    if (!element.isConnected) document.removeEventListener("visibilitychange", woken);
    else if (!document.hidden && moves(state)) void look();
  };

  document.addEventListener("visibilitychange", woken);
  plan();
}

/** Whether a remake is no more what was drawn: it has taken its place, was stopped, or its file is whole. */
function isOver(remake: Progress | null, state: TitleState): boolean {
  return !remake || (state === "uploading" && remake.stage !== "uploading");
}

function draw(element: HTMLElement, title: Title): void {
  const now = element.dataset["of"] === "remake" ? title.remake : title.progress;
  if (!now) return;
  const known = now.stage === "encoding" || now.stage === "verifying" || now.percent > 0;
  const stage = stageWords(now.stage);
  if (ref(element, "stage")?.textContent !== stage) setText(element, "live", stage);
  setText(element, "stage", stage);
  setText(element, "percent", known ? percent(now.percent) : "");
  setBar(ref(element, "bar"), known ? wholePercent(now.percent) : null);
  setText(element, "left", leftWords(now));
  setText(element, "playable", playableWords(now.playable_s));
  setText(element, "queue", now.stage === "queued" ? queueWords(now.queue_position) : "");
  setText(element, "frames", frameWords(now));
  show(ref(element, "watch"), (now.playable_s ?? 0) > 0);
  // One decode feeds every rung, so they grow together.
  for (const rung of element.querySelectorAll<HTMLElement>("[data-rung]")) setBar(rung, known ? wholePercent(now.percent) : null);
}

/** Another state is another page: reload, or take this element's new form from the server. Answers whether that was done. */
async function changed(element: HTMLElement): Promise<boolean> {
  if (element.dataset["onChange"] === "reload" || !element.id) {
    // Not while somebody is writing or deciding; then the next look will.
    if (document.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select")) return false;
    location.reload();
    return true;
  }
  return (await refresh(`#${CSS.escape(element.id)}`, location.href).catch(() => null)) !== null;
}
