/** Changing the password: the private keys are unwrapped and wrapped anew, here. */

import { NotOurKey } from "../vault/keys.ts";
import { ref, show } from "../ui/dom.ts";
import { clearErrors, showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { changeAccountPassword } from "./protocol.ts";
import { followStrength } from "./register.ts";
import { field, focusField, newPassword, whileDeriving } from "./shared.ts";

export function changePassword(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  takeOver(form);
  followStrength(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    show(ref(form, "done"), false);
    const old = field(form, "old");
    if (!old) {
      showFieldError(form, "old", "The password you have now is needed.");
      return focusField(form, "old");
    }
    const password = newPassword(form);
    if (password === null) return;
    let wrong = false;
    const well = await whileBusy(form, submitButton(form), () =>
      whileDeriving(form, async () => {
        await changeAccountPassword(old, password).catch((error: unknown) => {
          wrong = error instanceof NotOurKey;
          if (!wrong) throw error;
        });
      }),
    );
    if (wrong) {
      showFieldError(form, "old", "This is not the password you have now.");
      return focusField(form, "old");
    }
    if (!well) return;
    form.reset();
    show(ref(form, "done"), true);
  });
}
