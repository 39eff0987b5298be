/** Short notices in a polite live region; kept over a navigation when asked. */

import { type Problem, inWords } from "../api/problem.ts";
import { setText, show, stamp } from "./dom.ts";

export type Tone = "info" | "good" | "warn" | "bad";

const LASTS_MS = 8000;
const KEPT = "matinee-toast";

export function toast(text: string, tone: Tone = "info", code = ""): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const notice = stamp("toast-template");
  notice.dataset["tone"] = tone;
  setText(notice, "text", text);
  setText(notice, "code", code);
  show(notice.querySelector('[data-ref="code"]'), code !== "");
  notice.querySelector('[data-action="dismiss"]')?.addEventListener("click", () => notice.remove());
  place.append(notice);
  if (tone !== "bad") fadeAfterRest(notice);
}

export function toastProblem(problem: Problem): void {
  toast(inWords(problem), "bad", problem.code);
}

/** To be shown by the page that comes next. */
export function toastLater(text: string, tone: Tone = "good"): void {
  sessionStorage.setItem(KEPT, JSON.stringify({ text, tone }));
}

export function showKeptToast(): void {
  const kept = sessionStorage.getItem(KEPT);
  if (kept === null) return;
  sessionStorage.removeItem(KEPT);
  const { text, tone } = JSON.parse(kept) as { text: string; tone: Tone };
  toast(text, tone);
}

/** Leaves after a while, but never under the pointer or the focus. */
function fadeAfterRest(notice: HTMLElement): void {
  let timer = 0;
  const wait = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (notice.matches(":hover, :focus-within")) wait();
      else notice.remove();
    }, LASTS_MS);
  };
  notice.addEventListener("pointerleave", wait);
  notice.addEventListener("focusout", wait);
  wait();
}
