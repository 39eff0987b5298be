/** Subtitles of a film in the studio: one form adds, replaces and changes a track, one dialog removes it. */

import { call, sendFile } from "../api/http.ts";
import { problemOf } from "../api/problem.ts";
import type { Subtitle } from "../api/types.ts";
import { openDialog } from "../ui/dialogs.ts";
import { need, ref, setText, show } from "../ui/dom.ts";
import { clearErrors, setBusy, showFieldError, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { refresh } from "../ui/mount.ts";
import { toast, toastProblem } from "../ui/toast.ts";
import { type Deed, type Words, languageOf, pathFor, said, titleFor, verbFor } from "./subtitle-words.ts";

const MOST_BYTES = 8 * 1024 * 1024;

export function subtitleForm(form: HTMLElement): void {
  const dialog = form.closest("dialog");
  const removing = document.getElementById("remove-subtitle");
  if (!(form instanceof HTMLFormElement) || !dialog || !(removing instanceof HTMLDialogElement)) return;
  takeOver(form);
  // The list is drawn anew after each change; the forms stay.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-subtitle]") : null;
    const deed = button?.dataset["subtitle"];
    if (!button) return;
    const track = button.closest<HTMLElement>(".track") ?? button;
    if (deed === "remove") openRemoval(removing, track);
    else openForm(dialog, form, deed as Deed, track);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(dialog, form);
  });
  form.addEventListener("change", (event) => {
    if (event.target === field(form, "file")) guessLanguage(form);
    shyDefault(form);
  });
  const confirm = need(removing, "confirm");
  confirm.addEventListener("click", () => void remove(removing, confirm, form.dataset["url"] ?? ""));
}

function openForm(dialog: HTMLDialogElement, form: HTMLFormElement, deed: Deed, track: HTMLElement): void {
  const { name = "", shown = "", language = "und", label = "" } = track.dataset;
  clearErrors(form);
  form.reset();
  Object.assign(form.dataset, { deed, name });
  setText(dialog, "title", titleFor(deed, shown));
  setText(form, "submit", verbFor(deed));
  show(ref(form, "file-field"), deed !== "change");
  chooseLanguage(form, language);
  field(form, "label").value = label;
  for (const flag of ["sdh", "forced", "default"]) field(form, flag).checked = track.hasAttribute(`data-${flag}`);
  shyDefault(form);
  openDialog(dialog);
  form.querySelector<HTMLElement>(deed === "change" ? "[name=language]" : "[name=file]")?.focus();
}

async function send(dialog: HTMLDialogElement, form: HTMLFormElement): Promise<void> {
  const { deed, name = "", url = "" } = form.dataset;
  const file = field(form, "file").files?.[0];
  const wrong = deed === "change" ? "" : !file ? "Choose a file first." : file.size > MOST_BYTES ? "This file is larger than 8 MB: it is no subtitle file." : "";
  showFieldError(form, "file", wrong);
  if (wrong) return field(form, "file").focus();
  let made: Subtitle | null = null;
  const well = await whileBusy(form, submitButton(form), async () => {
    const words = wordsOf(form);
    if (deed === "change") made = await call<Subtitle>("PATCH", `${url}/${encodeURIComponent(name)}`, words);
    else if (file) made = await sendFile<Subtitle>(pathFor(url, words, deed === "replace" ? name : ""), file);
  });
  if (!well) return;
  dialog.close();
  await drawAnew((made as Subtitle | null)?.name ?? name);
  toast(said(deed as Deed), "good");
}

function openRemoval(dialog: HTMLDialogElement, track: HTMLElement): void {
  const { name = "", shown = "" } = track.dataset;
  dialog.dataset["name"] = name;
  setText(dialog, "shown", shown || "This track");
  openDialog(dialog);
}

async function remove(dialog: HTMLDialogElement, confirm: HTMLElement, url: string): Promise<void> {
  const calm = setBusy(confirm);
  try {
    await call("DELETE", `${url}/${encodeURIComponent(dialog.dataset["name"] ?? "")}`);
    dialog.close();
    await drawAnew("");
    toast(said("remove"), "good");
  } catch (error) {
    dialog.close();
    toastProblem(problemOf(error));
  } finally {
    calm();
  }
}

/** Takes the list from the server; the focus goes to the track that was changed, else to the button that adds. */
async function drawAnew(name: string): Promise<void> {
  const fresh = await refresh("#tracks", location.href).catch(() => null);
  if (!fresh) return location.reload();
  const next = fresh.querySelector<HTMLElement>(`.track[data-name="${CSS.escape(name)}"] [data-subtitle="change"]`);
  (next ?? fresh.querySelector<HTMLElement>("[data-subtitle=add]"))?.focus();
}

function wordsOf(form: HTMLFormElement): Words {
  const flag = (name: string): boolean => field(form, name).checked;
  const language = form.querySelector<HTMLSelectElement>("[name=language]")?.value ?? "und";
  return { language, label: field(form, "label").value.trim(), sdh: flag("sdh"), forced: flag("forced"), default: flag("default") && !flag("forced") };
}

/** A language that is not in the list gets a line of its own. */
function chooseLanguage(form: HTMLFormElement, code: string): void {
  const list = form.querySelector<HTMLSelectElement>("[name=language]");
  if (!list) return;
  if (![...list.options].some((one) => one.value === code)) list.add(new Option(code, code));
  list.value = code;
}

function guessLanguage(form: HTMLFormElement): void {
  const list = form.querySelector<HTMLSelectElement>("[name=language]");
  const file = field(form, "file").files?.[0];
  showFieldError(form, "file", "");
  if (!file || !list || list.value !== "und") return;
  list.value = languageOf(file.name, [...list.options].map((one) => one.value)) ?? "und";
}

/** What is forced is shown by itself where it is needed: it is no default. */
function shyDefault(form: HTMLFormElement): void {
  field(form, "default").disabled = field(form, "forced").checked;
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
  const found = form.elements.namedItem(name);
  if (!(found instanceof HTMLInputElement)) throw new Error(`The form lacks its field “${name}”.`);
  return found;
}
