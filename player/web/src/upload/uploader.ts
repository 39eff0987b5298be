/** The studio's uploads: takes files, begins or goes on, a few at a time, and keeps the list true. */

import { Upload } from "tus-js-client";
import { inWords } from "../api/problem.ts";
import { need, ref, setText, show, stamp } from "../ui/dom.ts";
import { refresh } from "../ui/mount.ts";
import { toast } from "../ui/toast.ts";
import { listenForDrops } from "./drop.ts";
import { forget } from "./fingerprint.ts";
import { type Unfinished, refusalOf, sameFile, unfinishedFor } from "./match.ts";
import { followPrepared } from "./prepared.ts";
import { askForFile, drawRow, nameRow } from "./row.ts";
import { ANOTHER_FILE, Transfer, type TransferState } from "./transfer.ts";

/** At once; more would only share the same line. */
const LANES = 2;
/** How long an upload that is complete stays in sight above the film that it became. */
const FAREWELL_MS = 8000;

export function uploader(section: HTMLElement): void {
  new Uploader(section).begin();
}

class Uploader {
  #section: HTMLElement;
  #list: HTMLElement;
  #endpoint: string;
  #transfers = new Map<HTMLElement, Transfer>();

  constructor(section: HTMLElement) {
    this.#section = section;
    this.#list = need(section, "list");
    this.#endpoint = section.dataset["endpoint"] ?? "/api/v1/uploads";
  }

  begin(): void {
    const input = need<HTMLInputElement>(this.#section, "file");
    const taken = (): void => {
      this.#take([...(input.files ?? [])]);
      input.value = "";
    };
    input.addEventListener("change", taken);
    // Somebody may have been quicker than this script.
    if (input.files?.length) taken();
    listenForDrops(document.getElementById("drop-veil"), (files) => this.#take(files));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("beforeunload", (event) => {
      const busy: TransferState[] = ["uploading", "finishing", "offline"];
      if ([...this.#transfers.values()].some((one) => busy.includes(one.state))) event.preventDefault();
    });
  }

  #take(files: File[]): void {
    const warnings: string[] = [];
    for (const file of files) {
      const waiting = unfinishedFor(file, this.#waiting());
      if (waiting) {
        this.#resume(waiting.row, file);
        continue;
      }
      const refusal = refusalOf(file, this.#quotaLeft());
      if (refusal) warnings.push(refusal);
      else this.#add(file);
    }
    setText(this.#section, "warning-text", warnings.join(" "));
    show(ref(this.#section, "warning"), warnings.length > 0);
    this.#advance();
  }

  #add(file: File): void {
    const row = stamp("upload-row");
    nameRow(row, file.name, null);
    this.#list.prepend(row);
    this.#follow(row, file, null, 0, ref<HTMLSelectElement>(this.#section, "protection")?.value ?? "");
  }

  #resume(row: HTMLElement, file: File): void {
    this.#follow(row, file, `${this.#endpoint}/${row.dataset["uploadId"] ?? ""}`, Number(row.dataset["offset"] ?? 0));
  }

  #follow(row: HTMLElement, file: File, existing: string | null, sent: number, protection = ""): void {
    let before: TransferState = "queued";
    const transfer = new Transfer(file, this.#endpoint, existing, sent, {
      changed: (view) => {
        drawRow(row, view);
        if (view.problem?.code === ANOTHER_FILE.code) return this.#handBack(row);
        if (view.state === before) return;
        before = view.state;
        this.#changed(row, file.name, view.state);
      },
      known: (uploadId, titleId) => {
        row.dataset["uploadId"] = uploadId;
        if (titleId) row.dataset["titleId"] = titleId;
        const known = titleId ?? row.dataset["titleId"] ?? null;
        nameRow(row, file.name, known);
        if (known) followPrepared(row, known);
      },
    }, protection);
    this.#transfers.set(row, transfer);
    drawRow(row, { state: "queued", sent, total: file.size, speed: null, left: null, problem: null });
  }

  /** The row waits for its file again. */
  #handBack(row: HTMLElement): void {
    this.#transfers.delete(row);
    askForFile(row, inWords(ANOTHER_FILE));
    this.#advance();
  }

  #changed(row: HTMLElement, name: string, state: TransferState): void {
    const said: Partial<Record<TransferState, string>> = {
      uploading: `Uploading ${name}.`,
      paused: `${name} is paused.`,
      offline: `No connection. ${name} goes on by itself.`,
      done: `${name} is uploaded.`,
      failed: `${name} could not be uploaded.`,
    };
    if (said[state]) setText(this.#section, "live", said[state]);
    if (state === "done") {
      this.#transfers.delete(row);
      void refresh("#results", location.href).catch(() => null).then(() => this.#takeLeave(row));
    }
    if (["done", "failed", "paused", "cancelled"].includes(state)) this.#advance();
  }

  /** What is in the list of films need not stand among the uploads for long. */
  #takeLeave(row: HTMLElement): void {
    const film = (): HTMLElement | null => document.getElementById(`row-${row.dataset["titleId"] ?? ""}`);
    if (!film()) return;
    window.setTimeout(() => {
      if (row.contains(document.activeElement)) film()?.querySelector("a")?.focus();
      row.remove();
    }, FAREWELL_MS);
  }

  /** Starts what waits for its turn, as far as there are lanes. */
  #advance(): void {
    const all = [...this.#transfers.values()];
    const running = all.filter((one) => ["uploading", "finishing", "offline"].includes(one.state)).length;
    for (const next of all.filter((one) => one.state === "queued").slice(0, Math.max(0, LANES - running))) void next.start();
  }

  #clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-action]") : null;
    const row = button?.closest<HTMLElement>("li.upload");
    if (!button || !row) return;
    const transfer = this.#transfers.get(row);
    if (button.dataset["action"] === "pause") void transfer?.pause();
    if (button.dataset["action"] === "resume") void transfer?.start();
    if (button.dataset["action"] === "choose") this.#choose(row);
    if (button.dataset["action"] === "cancel") void this.#cancel(row, transfer);
  }

  /** Asks for one waiting row's file, and takes no other. */
  #choose(row: HTMLElement): void {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      if (!file) return;
      const wanted = factsOf(row);
      if (!sameFile(file, wanted)) {
        askForFile(row, `“${file.name}” is another file. This upload was begun with “${wanted.filename}”.`);
        return;
      }
      this.#resume(row, file);
      this.#advance();
    });
    picker.click();
  }

  async #cancel(row: HTMLElement, transfer: Transfer | undefined): Promise<void> {
    try {
      if (transfer) await transfer.cancel();
      else await Upload.terminate(`${this.#endpoint}/${row.dataset["uploadId"] ?? ""}`);
    } catch {
      toast("The upload could not be cancelled at the server. It ends there by itself after a while.", "warn");
    }
    if (row.dataset["uploadId"]) forget(row.dataset["uploadId"]);
    this.#transfers.delete(row);
    if (row.contains(document.activeElement)) ref(this.#section, "file")?.focus();
    row.remove();
    this.#advance();
    await refresh("#results", location.href).catch(() => null);
  }

  #waiting(): (Unfinished & { row: HTMLElement })[] {
    return [...this.#list.querySelectorAll<HTMLElement>('li.upload[data-state="waiting"]')].map((row) => ({ row, ...factsOf(row) }));
  }

  #quotaLeft(): number | null {
    const text = this.#section.dataset["quotaLeft"];
    return text ? Number(text) : null;
  }
}

function factsOf(row: HTMLElement): Unfinished {
  return { filename: row.dataset["filename"] ?? "", length: Number(row.dataset["length"] ?? -1) };
}
