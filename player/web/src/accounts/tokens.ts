/** API tokens: the text of a new one is shown once. */

import { call } from "../api/http.ts";
import { ref, setText, show } from "../ui/dom.ts";
import { fieldsOf, submitButton, takeOver, whileBusy } from "../ui/forms.ts";

export function tokenForm(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  takeOver(element);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    await whileBusy(element, submitButton(element), async () => {
      const made = await call<{ token: string }>("POST", "/api/v1/tokens", fieldsOf(element));
      const panel = ref(element, "once") ?? ref(document, "once");
      if (!panel) return;
      // The panel may lie in the form: emptied first, or the token would go with the label.
      element.reset();
      setText(panel, "token", made.token);
      show(panel, true);
    });
  });
}
