/** The step that shows a recovery code, once: copy, download, and a box to say that it is kept. */

import { need, ref, show } from "../ui/dom.ts";
import { writeRecoveryCode } from "../vault/recovery.ts";

/** Hides the form, shows the code. Leaving before the box is ticked asks the browser to warn. */
export function showCode(root: HTMLElement, name: string, code: Uint8Array): void {
  const step = root.querySelector<HTMLElement>('[data-step="code"]');
  if (!step) throw new Error("The page lacks the place for the recovery code.");
  const written = writeRecoveryCode(code);
  need(step, "code").textContent = written;
  // Steps before this one may be the form itself or a section around it.
  for (const before of root.querySelectorAll<HTMLElement>('form, [data-step]:not([data-step="code"])')) {
    if (!before.contains(step) && !step.contains(before)) show(before, false);
  }
  show(step, true);
  step.querySelector('[data-action="download"]')?.addEventListener("click", () => download(name, written));
  guardUntilKept(step);
  const heading = step.querySelector<HTMLElement>("h1, h2, [tabindex]") ?? step;
  heading.tabIndex = -1;
  heading.focus();
}

function guardUntilKept(step: HTMLElement): void {
  const kept = ref<HTMLInputElement>(step, "kept");
  const go = ref(step, "continue");
  const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
  const update = (): void => {
    const done = kept?.checked ?? true;
    if (go instanceof HTMLButtonElement) go.disabled = !done;
    else if (done) go?.removeAttribute("aria-disabled");
    else go?.setAttribute("aria-disabled", "true");
    window.removeEventListener("beforeunload", warn);
    if (!done) window.addEventListener("beforeunload", warn);
  };
  kept?.addEventListener("change", update);
  go?.addEventListener("click", (event) => {
    if (kept && !kept.checked) {
      event.preventDefault();
      kept.focus();
    }
  });
  update();
}

function download(name: string, written: string): void {
  const text = [
    `Recovery code for “${name}” at ${location.host}`,
    "",
    written,
    "",
    "Whoever has this code and your name can set a new password. Keep it where you keep important papers.",
    "",
  ].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = `matinee-recovery-${name.replace(/[^\p{L}\p{N}._-]+/gu, "_")}.txt`;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
