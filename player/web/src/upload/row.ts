/** Draws one upload into its row of the list. */

import { inWords } from "../api/problem.ts";
import { ref, setBar, setText, show } from "../ui/dom.ts";
import { percent, percentOf, size, speed } from "../words/size.ts";
import { left } from "../words/time.ts";
import type { TransferState, TransferView } from "./transfer.ts";

const SENTENCES: Record<TransferState, string> = {
  queued: "Begins when the others are through.",
  uploading: "",
  paused: "Paused. What is here stays here.",
  offline: "Matinee cannot be reached. The upload goes on by itself when it can.",
  finishing: "All is sent; Matinee makes sure that it is safe.",
  done: "Here and safe. Encoding begins by itself.",
  failed: "",
  cancelled: "",
};

export function drawRow(row: HTMLElement, view: TransferView): void {
  // The page's stylesheet knows "paused" for what waits for its turn.
  row.dataset["state"] = view.state === "queued" ? "paused" : view.state;
  setText(row, "percent", percent(view.state === "done" ? 100 : Math.min(99, percentOf(view.sent, view.total))));
  setBar(ref(row, "bar"), percentOf(view.sent, view.total));
  setText(row, "done-of", view.state === "done" ? size(view.total) : `${size(view.sent)} of ${size(view.total)}`);
  setText(row, "speed", view.state === "uploading" && view.speed !== null ? speed(view.speed) : "");
  setText(row, "left", view.state === "uploading" ? left(view.left) : "");
  if (view.state === "done" || view.state === "failed") setText(row, "prepared", "");
  setText(row, "sentence", view.state === "failed" && view.problem ? inWords(view.problem) : SENTENCES[view.state]);
  setText(row, "problem-code", view.state === "failed" ? (view.problem?.code ?? "") : "");
  offer(row, {
    pause: view.state === "uploading" || view.state === "offline",
    resume: view.state === "paused" || view.state === "failed",
    choose: false,
    cancel: view.state !== "done" && view.state !== "finishing",
  });
}

/** A row whose file the browser does not hold: it asks for it, and says what was wrong with the last choice. */
export function askForFile(row: HTMLElement, sentence: string): void {
  row.dataset["state"] = "waiting";
  setText(row, "sentence", sentence);
  setText(row, "problem-code", "");
  offer(row, { pause: false, resume: false, choose: true, cancel: true });
}

export function nameRow(row: HTMLElement, name: string, titleId: string | null): void {
  setText(row, "name", name);
  const link = ref(row, "name");
  if (link instanceof HTMLAnchorElement && titleId) link.href = `/studio/t/${encodeURIComponent(titleId)}`;
}

function offer(row: HTMLElement, actions: Record<"pause" | "resume" | "choose" | "cancel", boolean>): void {
  const held = document.activeElement instanceof HTMLElement && row.contains(document.activeElement) ? document.activeElement : null;
  for (const [action, offered] of Object.entries(actions)) show(row.querySelector(`[data-action="${action}"]`), offered);
  // A button that was pressed and goes leaves the focus to the one in its place.
  if (held?.hidden) (row.querySelector<HTMLElement>("[data-action]:not([hidden])") ?? ref(row, "name"))?.focus();
}
