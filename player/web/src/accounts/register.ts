/** Becoming somebody: keys are made here, and the recovery code is shown once. */

import { need, ref } from "../ui/dom.ts";
import { clearErrors, showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { showCode } from "./code.ts";
import { registerAccount } from "./protocol.ts";
import { field, focusField, newPassword, nextPath, strength, whileDeriving } from "./shared.ts";

export function registration(root: HTMLElement): void {
  const form = need<HTMLFormElement>(root, "form");
  takeOver(form);
  followStrength(form);
  const go = ref<HTMLAnchorElement>(root, "continue");
  if (go instanceof HTMLAnchorElement) go.href = nextPath(root.dataset["next"]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const name = field(form, "name").trim();
    if (!name) {
      showFieldError(form, "name", "Choose a name.");
      focusField(form, "name");
      return;
    }
    const password = newPassword(form);
    if (password === null) return;
    let code: Uint8Array | null = null;
    await whileBusy(form, submitButton(form), () =>
      whileDeriving(form, async () => {
        code = await registerAccount(name, password);
      }),
    );
    if (code) showCode(root, name, code);
  });
}

/** The line under the password that says how long it is. */
export function followStrength(form: HTMLFormElement): void {
  const line = ref(form, "strength");
  const typed = form.elements.namedItem("password");
  if (!line || !(typed instanceof HTMLInputElement)) return;
  const update = (): void => void (line.textContent = strength(typed.value));
  typed.addEventListener("input", update);
  form.addEventListener("reset", () => window.setTimeout(update));
  update();
}
