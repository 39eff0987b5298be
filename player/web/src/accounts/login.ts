/** Logging in: the password stays here, a key derived from it goes to the server. */

import { clearErrors, showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { logIn } from "./protocol.ts";
import { field, focusField, nextPath, whileDeriving } from "./shared.ts";

export function login(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  takeOver(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const name = field(form, "name").trim();
    const password = field(form, "password");
    for (const [key, value, sentence] of [["name", name, "Say who you are."], ["password", password, "Your password is needed."]] as const) {
      if (value) continue;
      showFieldError(form, key, sentence);
      focusField(form, key);
      return;
    }
    const well = await whileBusy(form, submitButton(form), () => whileDeriving(form, async () => void (await logIn(name, password))));
    if (well) location.assign(nextPath(form.dataset["next"]));
    else focusField(form, "password");
  });
}
