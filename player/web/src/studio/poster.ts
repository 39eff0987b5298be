/** The pictures to choose a poster from: press one, or upload one of one's own. */

import { call, sendFile } from "../api/http.ts";
import { inWords, problemOf } from "../api/problem.ts";
import type { Candidate } from "../api/types.ts";
import { ref, setText } from "../ui/dom.ts";
import { setBusy, showFieldError } from "../ui/forms.ts";
import { refresh } from "../ui/mount.ts";
import { toast, toastLater, toastProblem } from "../ui/toast.ts";
import { asJpeg } from "./picture.ts";

const MOST_BYTES = 16 * 1024 * 1024;

export function poster(panel: HTMLElement): void {
  for (const button of panel.querySelectorAll<HTMLButtonElement>("[data-candidate]")) {
    button.disabled = false;
    button.addEventListener("click", () => void choose(panel, button));
  }
  const input = ref<HTMLInputElement>(panel, "file");
  input?.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = ""; // so that the same file can be chosen again
    if (file) void upload(panel, input, file);
  });
}

async function choose(panel: HTMLElement, button: HTMLButtonElement): Promise<void> {
  if (button.getAttribute("aria-pressed") === "true") return;
  showFieldError(panel, "picture", "");
  const calm = setBusy(button);
  try {
    await call("PUT", `${panel.dataset["url"]}/poster`, { candidate: Number(button.dataset["candidate"]) });
    for (const one of panel.querySelectorAll("[data-candidate]")) one.setAttribute("aria-pressed", String(one === button));
    showAtTheTop(button);
    toast("This picture is the poster now.", "good");
  } catch (error) {
    toastProblem(problemOf(error));
  } finally {
    calm();
    button.focus();
  }
}

async function upload(panel: HTMLElement, input: HTMLInputElement, file: File): Promise<void> {
  const calm = beBusy(panel, input);
  showFieldError(panel, "picture", "");
  try {
    const picture = await asJpeg(file);
    if (picture.size > MOST_BYTES) throw new Error("This picture is larger than 16 MB. Make it smaller: a poster is shown at most 1280 pixels wide.");
    const made = await sendFile<Candidate>(`${panel.dataset["url"]}/posters`, picture);
    await showNew(made);
  } catch (error) {
    const problem = problemOf(error);
    showFieldError(panel, "picture", problem.errors?.[0]?.sentence ?? inWords(problem));
    input.focus();
  } finally {
    calm();
  }
}

/** Draws the panel with its new picture; the focus goes to that. */
async function showNew(made: Candidate): Promise<void> {
  const words = "Your picture is the poster now.";
  const fresh = await refresh("#poster", location.href).catch(() => null);
  const button = fresh?.querySelector<HTMLButtonElement>(`[data-candidate="${made.number}"]`);
  if (!button || !showAtTheTop(button)) {
    toastLater(words);
    location.reload();
    return;
  }
  button.disabled = false;
  button.focus();
  toast(words, "good");
}

/** The head of the page shows the poster, too; false if it shows none yet. */
function showAtTheTop(button: HTMLElement): boolean {
  const there = document.querySelector<HTMLImageElement>(".title-head__still img");
  const picture = button.querySelector("img");
  if (!there || !picture) return false;
  there.src = picture.src;
  return true;
}

function beBusy(panel: HTMLElement, input: HTMLInputElement): () => void {
  const label = input.closest("label");
  label?.setAttribute("aria-busy", "true");
  setText(panel, "label", "Sending…");
  return () => {
    label?.removeAttribute("aria-busy");
    setText(panel, "label", "Upload a picture");
  };
}
