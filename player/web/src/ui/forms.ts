/** Forms and buttons that speak to the JSON API, and what every form shows: busy, problems, what went well. */

import { type Method, call } from "../api/http.ts";
import { type Problem, problemOf } from "../api/problem.ts";
import { ref, setText, show } from "./dom.ts";
import { toast, toastLater, toastProblem } from "./toast.ts";

/** Shows a problem in the form's own place (or takes it away with null). */
export function showProblem(form: HTMLElement, problem: Problem | null): void {
  const place = ref(form, "problem");
  if (!place) {
    if (problem) toastProblem(problem);
    return;
  }
  setText(place, "problem-text", problem?.detail ?? "");
  setText(place, "problem-hint", problem?.hint ?? "");
  setText(place, "problem-code", problem?.code ?? "");
  show(place, problem !== null);
  if (problem) place.scrollIntoView({ block: "nearest" });
}

/** Marks one field as wrong, in words beside it; "" clears it. */
export function showFieldError(form: HTMLElement, name: string, sentence: string): void {
  const place = form.querySelector<HTMLElement>(`[data-error-for="${CSS.escape(name)}"]`);
  if (place) {
    place.textContent = sentence;
    show(place, sentence !== "");
  }
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (sentence) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

/** Shows a field's error and leads to it; answers whether the form has that field. */
function markField(form: HTMLElement, name: string, sentence: string): boolean {
  const field = form.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`);
  if (!field || !form.querySelector(`[data-error-for="${CSS.escape(name)}"]`)) return false;
  showFieldError(form, name, sentence);
  field.focus();
  return true;
}

export function clearErrors(form: HTMLElement): void {
  showProblem(form, null);
  for (const place of form.querySelectorAll<HTMLElement>("[data-error-for]")) showFieldError(form, place.dataset["errorFor"] ?? "", "");
}

/** Runs `work` with the button busy; a problem is shown in the form. Answers whether it went well. */
export async function whileBusy(form: HTMLElement, button: HTMLElement | null, work: () => Promise<void>): Promise<boolean> {
  const calm = setBusy(button);
  clearErrors(form);
  try {
    await work();
    return true;
  } catch (error) {
    const problem = problemOf(error);
    const left = (problem.errors ?? []).filter((one) => !markField(form, one.field, one.sentence));
    // What has its place beside a field is not said twice.
    if (left.length > 0 || !problem.errors?.length) showProblem(form, problem);
    return false;
  } finally {
    calm();
  }
}

/** Makes a button busy; answers what makes it calm again. */
export function setBusy(button: HTMLElement | null): () => void {
  if (!(button instanceof HTMLButtonElement)) return () => undefined;
  const label = ref(button, "label") ?? (button.childElementCount === 0 ? button : null);
  const words = label?.textContent ?? "";
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  if (label && button.dataset["busyLabel"]) label.textContent = button.dataset["busyLabel"];
  return () => {
    button.disabled = false;
    button.removeAttribute("aria-busy");
    if (label) label.textContent = words;
  };
}

/** `reload`, `goto:/path`, `toast:words_with_underscores`, `close`, in any order; navigation comes last. */
export function carryOut(done: string | undefined, element: HTMLElement): void {
  const steps = (done ?? "").split(/\s+/).filter(Boolean);
  const goto = steps.find((step) => step.startsWith("goto:"));
  const leaves = goto !== undefined || steps.includes("reload");
  for (const step of steps) {
    if (step.startsWith("toast:")) (leaves ? toastLater : toast)(step.slice(6).replaceAll("_", " "), "good");
    if (step === "close") element.closest("dialog")?.close();
  }
  if (goto) location.assign(goto.slice(5));
  else if (leaves) location.reload();
}

/** The fields of a form as JSON: numbers as numbers, boxes as booleans, empty as null but for long texts, which may be emptied. */
export function fieldsOf(form: HTMLFormElement): Record<string, string | number | boolean | null> {
  const values: Record<string, string | number | boolean | null> = {};
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) continue;
    if (!field.name || field.disabled) continue;
    if (field.type === "radio" && !(field as HTMLInputElement).checked) continue;
    if (field.type === "checkbox") values[field.name] = (field as HTMLInputElement).checked;
    else if (field.value === "" && !(field instanceof HTMLTextAreaElement)) values[field.name] = null;
    else values[field.name] = field.type === "number" ? Number(field.value) : field.value;
  }
  return values;
}

export function apiForm(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  takeOver(element);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!isFilledIn(element)) return;
    const { method = "POST", url = "" } = element.dataset;
    const well = await whileBusy(element, submitButton(element), async () => {
      await call(method.toUpperCase() as Method, url, fieldsOf(element));
    });
    if (well) carryOut(element.dataset["done"], element);
  });
}

/** Whether the fields hold what they ask for; the first that does not gets the focus, and a sentence. */
export function isFilledIn(form: HTMLFormElement): boolean {
  clearErrors(form);
  for (const field of form.querySelectorAll<HTMLInputElement>("input[name]")) {
    const sentence = mistakeOf(field);
    if (sentence && markField(form, field.name, sentence)) return false;
  }
  return true;
}

function mistakeOf(field: HTMLInputElement): string {
  if (field.required && field.value.trim() === "") return field.dataset["missing"] ?? "Please fill this in.";
  if (field.type === "datetime-local") return field.validity.badInput ? "Give the day and the time, or leave it empty." : "";
  const { badInput, rangeOverflow, rangeUnderflow, stepMismatch } = field.validity;
  return badInput || rangeOverflow || rangeUnderflow || stepMismatch ? `A whole number from ${field.min} to ${field.max}.` : "";
}

export function apiButton(button: HTMLElement): void {
  button.addEventListener("click", async () => {
    const { method = "POST", url = "", body } = button.dataset;
    const calm = setBusy(button);
    try {
      await call(method.toUpperCase() as Method, url, body ? (JSON.parse(body) as unknown) : undefined);
      carryOut(button.dataset["done"], button);
    } catch (error) {
      // What is said would lie beneath the dialog.
      button.closest("dialog")?.close();
      toastProblem(problemOf(error));
    } finally {
      calm();
    }
  });
}

/** The form is alive: mistakes are told in our words, and sending it is allowed from now on. */
export function takeOver(form: HTMLFormElement): void {
  form.noValidate = true;
  const button = submitButton(form);
  if (button instanceof HTMLButtonElement) button.disabled = false;
}

export function submitButton(form: HTMLElement): HTMLElement | null {
  return ref(form, "submit") ?? form.querySelector<HTMLElement>("button[type=submit], button:not([type])");
}
