/** The door of a guest link: redeems it without leaving the link in the history, and keeps its password in this browser. */

import { call } from "../api/http.ts";
import { type Problem, problemOf } from "../api/problem.ts";
import { field, focusField, whileDeriving } from "../accounts/shared.ts";
import { clearErrors, setBusy, showFieldError, showProblem } from "../ui/forms.ts";
import { fromBase64url, toBase64url } from "../vault/bytes.ts";
import { deriveKeys } from "../vault/client.ts";

interface Entering {
  name: string;
  stop?: string;
  auth_key?: string;
}

export function door(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  form.noValidate = true;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    void enter(form, button instanceof HTMLButtonElement ? button : null);
  });
}

async function enter(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> {
  clearErrors(form);
  if (form.dataset["salt"] && !field(form, "password")) {
    showFieldError(form, "password", "This link has a password.");
    focusField(form, "password");
    return;
  }
  const calm = setBusy(button);
  try {
    const sent = await entering(form, button);
    const { url } = await call<{ url: string }>("POST", new URL(form.action).pathname, sent);
    forgetWhereFrom();
    // In the place of this page: going back must not lead to the link again.
    location.replace(url);
  } catch (error) {
    calm();
    tell(form, problemOf(error));
  }
}

async function entering(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<Entering> {
  const sent: Entering = { name: field(form, "name").trim() };
  if (button?.name === "stop") sent.stop = button.value;
  const salt = form.dataset["salt"];
  if (salt) {
    const keys = await whileDeriving(form, () => deriveKeys(field(form, "password"), fromBase64url(salt)));
    sent.auth_key = toBase64url(keys.auth);
  }
  return sent;
}

/** The request for the next page shall not name the link. */
function forgetWhereFrom(): void {
  const policy = document.createElement("meta");
  policy.name = "referrer";
  policy.content = "no-referrer";
  document.head.append(policy);
}

function tell(form: HTMLFormElement, problem: Problem): void {
  if (problem.code === "wrong_password") {
    showFieldError(form, "password", `${problem.detail} ${problem.hint}`);
    focusField(form, "password");
  } else if (problem.status === 403 || problem.status === 404) {
    // The door itself says best how it stands.
    location.reload();
  } else {
    showProblem(form, problem);
  }
}
