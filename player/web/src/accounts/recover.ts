/** Coming back with the recovery code: a new password, and a new code. */

import { clearErrors, showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { readRecoveryCode } from "../vault/recovery.ts";
import { showCode } from "./code.ts";
import { recoverAccount } from "./protocol.ts";
import { followStrength } from "./register.ts";
import { field, focusField, newPassword, whileDeriving } from "./shared.ts";

export function recovery(root: HTMLElement): void {
  const form = root.querySelector("form");
  if (!form) return;
  takeOver(form);
  followStrength(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const name = field(form, "name").trim();
    const code = readRecoveryCode(field(form, "code"));
    if (!name) {
      showFieldError(form, "name", "Say whose account it is.");
      return focusField(form, "name");
    }
    if (!code) {
      showFieldError(form, "code", "This is not a whole recovery code: it has eight groups of four letters and digits.");
      return focusField(form, "code");
    }
    const password = newPassword(form);
    if (password === null) return;
    let next: Uint8Array | null = null;
    await whileBusy(form, submitButton(form), () =>
      whileDeriving(form, async () => {
        next = await recoverAccount(name, code, password);
      }),
    );
    if (next) showCode(root, name, next);
  });
}
