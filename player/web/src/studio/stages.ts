/** The words of a film's making, as player/words.py has them. Pure. */

import type { Progress, Stage, TitleState } from "../api/types.ts";
import { left, plural, position } from "../words/time.ts";

const STAGES: Record<Stage, string> = {
  uploading: "Uploading",
  queued: "Waiting for its turn",
  probing: "Looking at the file",
  planning: "Planning the qualities",
  encoding: "Encoding",
  verifying: "Checking every piece",
  done: "Ready",
};

export function stageWords(stage: Stage): string {
  return STAGES[stage] ?? stage;
}

/** Whether anything about a title of this state still changes by itself. */
export function moves(state: TitleState): boolean {
  return state === "uploading" || state === "queued" || state === "encoding";
}

/** "Next in the queue", "2nd in the queue"; "" when it is not waiting. `place` counts from 1. */
export function queueWords(place: number | null): string {
  if (place === null || place < 1) return "";
  return place === 1 ? "Next in the queue" : `${ordinal(place)} in the queue`;
}

export function ordinal(count: number): string {
  const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(count);
  return `${count}${{ one: "st", two: "nd", few: "rd" }[rule as string] ?? "th"}`;
}

/** "4:10 can be watched already"; "" while nothing can. */
export function playableWords(seconds: number | null): string {
  return seconds && seconds > 0 ? `${position(seconds)} can be watched already` : "";
}

/** "0:08 of it is prepared", of a film that still arrives; "" while nothing is. */
export function preparedWords(seconds: number): string {
  return seconds >= 1 ? `${position(seconds)} of it is prepared` : "";
}

export function frameWords(progress: Progress): string {
  if (progress.frames_done === null || !progress.frames_total) return "";
  return `${progress.frames_done.toLocaleString("en-US")} of ${plural(progress.frames_total, "frame")}`;
}

/** Only an estimate that can be meant: none before the work began or when it is over. */
export function leftWords(progress: Progress): string {
  return progress.stage === "encoding" || progress.stage === "verifying" ? left(progress.eta_s) : "";
}

/** Milliseconds until the next look. */
export function pollDelay(state: TitleState, hidden: boolean): number {
  if (hidden) return 15_000;
  return state === "queued" || state === "uploading" ? 3000 : 1000;
}
