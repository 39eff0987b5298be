/** The forms of offers, gift codes and many licences at once. */

import { call } from "../api/http.ts";
import { need, ref, setText, show } from "../ui/dom.ts";
import { openDialogById } from "../ui/dialogs.ts";
import { fieldsOf, isFilledIn, submitButton, takeOver, whileBusy } from "../ui/forms.ts";
import { toastLater } from "../ui/toast.ts";
import { viewerZone } from "../words/time.ts";
import { localMoment, localValue } from "./terms.ts";
import { changesOf, csvOf, offerOf } from "./offer-values.ts";

interface CodesMade {
  items: { number: number; code: string | null; label: string }[];
}

interface BulkDone {
  issued: boolean;
  well: number;
  wrong: number;
  lines: { line: number; to: string; label: string; ok: boolean; sentence: string; link_url: string | null }[];
  report: string;
}

/** Makes an offer, or changes one: then only what was changed is sent, so that nobody else's change is undone. */
export function offerForm(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  for (const field of element.querySelectorAll<HTMLInputElement>("[data-moment]")) field.value = localValue(Date.parse(field.dataset["moment"] ?? ""));
  const changing = element.dataset["method"] === "PATCH";
  const before = changing ? offerOf(fieldsOf(element)) : {};
  send(element, async (form) => {
    const given = changesOf(before, offerOf(fieldsOf(form)));
    if (Object.keys(given).length > 0) await call(changing ? "PATCH" : "POST", form.dataset["url"] ?? "", given);
    toastLater(changing ? "The offer is saved." : "The offer is made.");
    location.assign(form.dataset["back"] ?? "/studio");
  });
}

export function codesForm(element: HTMLElement): void {
  send(element, async (form) => {
    const { count, label, expires_at } = fieldsOf(form);
    const until = localMoment(String(expires_at ?? ""));
    const made = await call<CodesMade>("POST", form.dataset["url"] ?? "", {
      count: count ?? 0,
      label: label ?? "",
      expires_at: Number.isNaN(until) ? null : new Date(until).toISOString(),
    });
    const codes = made.items.map((one) => one.code ?? "");
    const dialog = document.getElementById("new-codes");
    if (!dialog) return;
    const area = ref<HTMLTextAreaElement>(dialog, "codes");
    if (area) area.value = codes.join("\n");
    offerFile(ref(dialog, "file"), csvOf([["number", "code", "for"], ...made.items.map((one) => [String(one.number), one.code ?? "", one.label])]));
    dialog.addEventListener("close", () => location.reload(), { once: true });
    openDialogById("new-codes");
  });
}

export function redeem(element: HTMLElement): void {
  send(element, async (form) => {
    const taken = await call<{ licence: { title_id: string | null } }>("POST", "/api/v1/redeem", { code: String(fieldsOf(form)["code"] ?? "") });
    location.assign(taken.licence.title_id ? `/t/${taken.licence.title_id}` : "/");
  });
}

export function bulk(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  const issue = need<HTMLButtonElement>(form, "issue");
  const table = (): HTMLTextAreaElement => form.elements.namedItem("csv") as HTMLTextAreaElement;
  const run = async (dry: boolean): Promise<void> => {
    const done = await call<BulkDone>("POST", form.dataset["url"] ?? "", {
      csv: table().value,
      dry_run: dry,
      skip_bad: fieldsOf(form)["skip_bad"] === true,
      zone: viewerZone(),
    });
    showReport(form, done);
    issue.disabled = done.issued || done.well === 0 || (done.wrong > 0 && fieldsOf(form)["skip_bad"] !== true);
  };
  ref(form, "file")?.addEventListener("change", async (event) => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (file) table().value = await file.text();
  });
  form.addEventListener("input", () => (issue.disabled = true));
  issue.addEventListener("click", () => void whileBusy(form, null, () => run(false)));
  send(form, () => run(true));
}

function showReport(form: HTMLFormElement, done: BulkDone): void {
  const held = done.wrong > 0 ? ` ${done.wrong} ${done.wrong === 1 ? "line is" : "lines are"} wrong.` : "";
  setText(form, "summary", `${done.well} ${done.well === 1 ? "licence" : "licences"} ${done.issued ? "issued" : "can be issued"}.${held}`);
  const rows = done.lines.map((line) => {
    const row = document.createElement("tr");
    for (const words of [String(line.line), line.to || `Link “${line.label}”`, line.sentence || line.link_url || (done.issued ? "Issued" : "Well")]) {
      const cell = document.createElement("td");
      cell.textContent = words;
      row.append(cell);
    }
    return row;
  });
  need(form, "lines").replaceChildren(...rows);
  offerFile(ref(form, "report"), done.report);
  show(ref(form, "result"), true);
}

/** Makes a link keep `text` as a file; the page itself is where it comes from. */
function offerFile(link: HTMLElement | null, text: string): void {
  if (link instanceof HTMLAnchorElement) link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
}

function send(element: HTMLElement, work: (form: HTMLFormElement) => Promise<void>): void {
  if (!(element instanceof HTMLFormElement)) return;
  takeOver(element);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isFilledIn(element)) void whileBusy(element, submitButton(element), () => work(element));
  });
}
