/** The list of licences: extend one, revoke one, each in a dialog that says what happens to whom. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import { problemOf } from "../api/problem.ts";
import { openDialog } from "../ui/dialogs.ts";
import { ref, setText } from "../ui/dom.ts";
import { clearErrors, setBusy, showFieldError, submitButton, whileBusy } from "../ui/forms.ts";
import { toastLater, toastProblem } from "../ui/toast.ts";
import { isoOf, setRadio } from "./licence-form.ts";
import { localMoment, localValue } from "./terms.ts";
import { watchingWords } from "./watching.ts";

export function licences(table: HTMLElement): void {
  const extending = document.getElementById("extend-licence");
  const revoking = document.getElementById("revoke-licence");
  if (extending instanceof HTMLDialogElement) prepareExtend(extending);
  if (revoking instanceof HTMLDialogElement) prepareRevoke(revoking);
  table.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const extend = event.target.closest<HTMLElement>("[data-extend]");
    const revoke = event.target.closest<HTMLElement>("[data-revoke]");
    if (extend && extending instanceof HTMLDialogElement) openExtend(extending, extend);
    if (revoke && revoking instanceof HTMLDialogElement) openRevoke(revoking, revoke);
  });
}

function openExtend(dialog: HTMLDialogElement, button: HTMLElement): void {
  const form = dialog.querySelector("form");
  const field = form?.elements.namedItem("valid_until");
  if (!form || !(field instanceof HTMLInputElement)) return;
  const { holder = "", until = "", url = "" } = button.dataset;
  dialog.dataset["url"] = url;
  dialog.dataset["holder"] = holder;
  dialog.dataset["until"] = until;
  clearErrors(form);
  setText(dialog, "holder", holder);
  setRadio(form, "finish", until ? "at" : "never");
  field.value = until ? localValue(Date.parse(until)) : "";
  openDialog(dialog);
}

function prepareExtend(dialog: HTMLDialogElement): void {
  const form = dialog.querySelector("form");
  const field = form?.elements.namedItem("valid_until");
  if (!form || !(field instanceof HTMLInputElement)) return;
  for (const chip of form.querySelectorAll<HTMLElement>("[data-add]")) {
    chip.addEventListener("click", () => {
      const present = Date.parse(dialog.dataset["until"] ?? "");
      const later = Math.max(serverClock.now(), Number.isNaN(present) ? 0 : present);
      setRadio(form, "finish", "at");
      field.value = localValue(later + Number(chip.dataset["add"]) * 1000);
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const never = new FormData(form).get("finish") === "never";
    const valid_until = never ? null : isoOf(field);
    const moment = localMoment(field.value);
    if (!never && !(moment > serverClock.now())) {
      showFieldError(form, "valid_until", Number.isNaN(moment) ? "Say when it ends." : "This end has already passed. To stop a licence, revoke it.");
      field.focus();
      return;
    }
    const well = await whileBusy(form, submitButton(form), async () => {
      await call("PATCH", dialog.dataset["url"] ?? "", { valid_until, reason: reasonOf(form) });
    });
    if (!well) return;
    toastLater(`The licence of ${dialog.dataset["holder"]} is extended.`);
    location.reload();
  });
}

/** What was said why; the API takes an empty one. */
function reasonOf(form: HTMLFormElement | null): string {
  const field = form?.elements.namedItem("reason");
  return field instanceof HTMLInputElement ? field.value.trim() : "";
}

function openRevoke(dialog: HTMLDialogElement, button: HTMLElement): void {
  const { holder = "", watching = "0", url = "" } = button.dataset;
  dialog.dataset["url"] = url;
  dialog.dataset["holder"] = holder;
  setText(dialog, "holder", holder);
  setText(dialog, "effect", watchingWords(Number(watching)));
  openDialog(dialog);
}

function prepareRevoke(dialog: HTMLDialogElement): void {
  const confirm = ref(dialog, "confirm");
  // Enter in the reason's field would close the dialog, as if it were done.
  ref(dialog, "why")?.addEventListener("submit", (event) => event.preventDefault());
  confirm?.addEventListener("click", async () => {
    const calm = setBusy(confirm);
    try {
      await call("POST", dialog.dataset["url"] ?? "", { reason: reasonOf(ref<HTMLFormElement>(dialog, "why")) });
      toastLater(`The licence of ${dialog.dataset["holder"]} is revoked.`);
      location.reload();
    } catch (error) {
      dialog.close();
      toastProblem(problemOf(error));
    } finally {
      calm();
    }
  });
}
