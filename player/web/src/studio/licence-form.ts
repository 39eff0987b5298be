/** The form that issues a licence: reads it back while it is written, says what does not fit, issues it. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import type { Licence } from "../api/types.ts";
import { openDialogById } from "../ui/dialogs.ts";
import { debounce, ref, setText, show } from "../ui/dom.ts";
import { showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { toastLater } from "../ui/toast.ts";
import { random, toBase64url } from "../vault/bytes.ts";
import { deriveKeys, missingCrypto } from "../vault/client.ts";
import { type Conflict, type Terms, conflicts, readBack, remark } from "../words/licence.ts";
import { localMoment, localValue, requestOf, termsOf } from "./terms.ts";

const FIELDS: Conflict["field"][] = ["to", "valid_from", "valid_until", "rental_count", "playback_count", "max_streams", "max_devices", "max_plays", "redeem_until", "link_password"];

export function licenceForm(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  takeOver(form);
  const touched = new Set<string>();
  const read = (): Terms => {
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    return termsOf(fields, form.dataset["titleName"] ?? "", form.dataset["channel"] !== undefined);
  };
  const update = (): void => readAloud(form, read(), touched);

  // Also after leaving a field nothing moves at once: the press that left it must still meet its button.
  const soon = debounce(update, 400);
  form.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) touched.add(event.target.name);
    soon();
  });
  for (const chip of form.querySelectorAll<HTMLElement>("[data-fill-until]")) {
    chip.addEventListener("click", () => {
      fillUntil(form, read(), Number(chip.dataset["fillUntil"]));
      touched.add("valid_until");
      update();
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // A late reading would wipe away what the server says to this.
    soon.cancel();
    for (const field of FIELDS) touched.add(field);
    void issue(form, read(), touched);
  });
  update();
}

/** Mistakes show beside fields that were touched; the sentence tells the first one in any case. */
function readAloud(form: HTMLFormElement, terms: Terms, touched: Set<string>): void {
  const now = serverClock.now();
  const found = conflicts(terms, now);
  for (const field of FIELDS) {
    showFieldError(form, field, touched.has(field) ? (found.find((one) => one.field === field)?.sentence ?? "") : "");
  }
  const first = found[0];
  const unfinished = first !== undefined && (first.field !== "to" || touched.has("to"));
  setText(form, "readback", unfinished ? `Not yet. ${first.sentence}` : readBack(terms, now));
  const length = Number(form.dataset["durationS"] || 0) || null;
  const odd = found.length === 0 ? remark(terms, now, length) : "";
  setText(form, "remark", odd);
  show(ref(form, "remark"), odd !== "");
}

function fillUntil(form: HTMLFormElement, terms: Terms, seconds: number): void {
  const begin = terms.from !== null && !Number.isNaN(terms.from) ? Math.max(terms.from, serverClock.now()) : serverClock.now();
  setRadio(form, "finish", "at");
  const field = form.elements.namedItem("valid_until");
  // To the minute, and never shorter than was asked for.
  if (field instanceof HTMLInputElement) field.value = localValue(Math.ceil((begin + seconds * 1000) / 60_000) * 60_000);
}

async function issue(form: HTMLFormElement, terms: Terms, touched: Set<string>): Promise<void> {
  readAloud(form, terms, touched);
  const wrong = conflicts(terms, serverClock.now())[0];
  if (wrong) {
    const field = form.elements.namedItem(wrong.field);
    if (field instanceof HTMLElement) field.focus();
    return;
  }
  let made: Licence | null = null;
  await whileBusy(form, submitButton(form), async () => {
    const password = terms.holder === "link" && terms.password ? await linkPassword(terms.password) : null;
    made = await call<Licence>("POST", form.dataset["url"] ?? "", { ...requestOf(terms), ...(password ? { password } : {}) });
  });
  if (made) finish(form, made, terms);
}

/** What the house keeps of a link's password: a key derived here, as for accounts; the password stays. */
async function linkPassword(password: string): Promise<{ salt: string; auth_key: string }> {
  const missing = missingCrypto();
  if (missing) throw new Error(missing);
  const salt = random(16);
  const keys = await deriveKeys(password, salt);
  return { salt: toBase64url(salt), auth_key: toBase64url(keys.auth) };
}

function finish(form: HTMLFormElement, made: Licence, terms: Terms): void {
  if (made.link_url) {
    const dialog = document.getElementById("issued");
    if (dialog) setText(dialog, "link", new URL(made.link_url, location.origin).href);
    // However it is closed, the licence is issued: the filled form behind it would only issue another.
    dialog?.addEventListener("close", () => goBack(form, "The link is not shown again. If it was not copied, revoke it and issue another."), { once: true });
    openDialogById("issued");
    return;
  }
  goBack(form, `Licence issued to ${made.holder.name || terms.name}.`);
}

function goBack(form: HTMLFormElement, words: string): void {
  toastLater(words);
  location.assign(form.dataset["studioUrl"] ?? "/studio");
}

export function setRadio(form: HTMLFormElement, name: string, value: string): void {
  for (const one of form.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${name}"]`)) one.checked = one.value === value;
}

/** The value of a datetime-local field as ISO-8601, or null when it is empty. */
export function isoOf(field: HTMLInputElement): string | null {
  const moment = localMoment(field.value);
  return Number.isNaN(moment) ? null : new Date(moment).toISOString();
}
