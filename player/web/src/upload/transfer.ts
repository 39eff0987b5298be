/** One file on its way: tus 1.0 with pauses, retries and waiting for the connection. */

import { type DetailedError, Upload } from "tus-js-client";
import { OFFLINE, type Problem, Refused, problemOf, readProblem } from "../api/problem.ts";
import { TransferEstimator } from "./estimator.ts";
import { fingerprint, forget, remember, remembered } from "./fingerprint.ts";

export type TransferState = "queued" | "uploading" | "paused" | "offline" | "finishing" | "done" | "failed" | "cancelled";

export interface TransferView {
  state: TransferState;
  sent: number;
  total: number;
  /** Bytes a second and seconds; null until worth saying. */
  speed: number | null;
  left: number | null;
  problem: Problem | null;
}

export interface TransferEvents {
  changed(view: TransferView): void;
  /** The server knows the upload; `titleId` only for a new one. */
  known(uploadId: string, titleId: string | null): void;
}

export const ANOTHER_FILE: Problem = {
  status: 0,
  code: "another_file",
  detail: "This file has the same name and size, but other content.",
  hint: "Choose the file the upload was begun with.",
  retryAfter: null,
};

const CHUNK = 16 * 1024 * 1024;
const RETRY_DELAYS = [0, 1000, 2000, 4000, 8000];
const AWAY_MS = 8000;

export class Transfer {
  readonly file: File;
  #tus: Upload;
  #events: TransferEvents;
  #estimator = new TransferEstimator();
  /** How the film shall be encrypted; "": as the house does by itself. */
  readonly #protection: string;
  #view: TransferView;
  #print = "";
  #timer = 0;

  /** `existing`: the address of an upload to go on with. */
  constructor(file: File, endpoint: string, existing: string | null, sent: number, events: TransferEvents, protection = "") {
    this.#protection = protection;
    this.file = file;
    this.#events = events;
    this.#view = { state: "queued", sent, total: file.size, speed: null, left: null, problem: null };
    this.#tus = new Upload(file, {
      endpoint,
      ...(existing ? { uploadUrl: existing } : {}),
      chunkSize: CHUNK,
      retryDelays: RETRY_DELAYS,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: false,
      onShouldRetry: (error) => mayPass(statusOf(error)) && navigator.onLine,
      onProgress: (bytes) => this.#progressed(bytes),
      onAfterResponse: (request, response) => this.#answered(request.getMethod(), response.getHeader("Matinee-Title") ?? null),
      onSuccess: () => this.#succeeded(),
      onError: (error) => this.#failed(error),
    });
    window.addEventListener("online", this.#reconnect);
  }

  get state(): TransferState {
    return this.#view.state;
  }

  /** Begins or goes on. */
  async start(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#set({ state: "uploading", problem: null, speed: null, left: null });
    try {
      await this.#identify();
    } catch (error) {
      return this.#fail(problemOf(error));
    }
    if (this.#view.state !== "uploading") return;
    this.#estimator.start(this.#view.sent, Date.now());
    this.#tus.start();
  }

  async pause(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#set({ state: "paused", speed: null, left: null });
    await this.#tus.abort(false);
  }

  /** Gives the upload up, also at the server. */
  async cancel(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#set({ state: "cancelled", speed: null, left: null });
    this.#forget();
    await this.#tus.abort(this.#tus.url !== null);
  }

  /** The file's ends are read once; a file that is another one is refused before a byte is sent. */
  async #identify(): Promise<void> {
    if (this.#print) return;
    this.#print = await fingerprint(this.file).catch(() => {
      throw new Error("The file cannot be read any more. Choose it again.");
    });
    const before = uploadId(this.#tus.options.uploadUrl ?? null);
    const known = before ? remembered(before) : null;
    if (known !== null && known !== this.#print) {
      throw new Refused(ANOTHER_FILE);
    }
    const metadata: Record<string, string> = { filename: this.file.name, fingerprint: this.#print };
    if (this.file.type) metadata["filetype"] = this.file.type;
    if (this.#protection) metadata["protection"] = this.#protection;
    this.#tus.options.metadata = metadata;
  }

  #answered(method: string, titleId: string | null): void {
    const id = uploadId(this.#tus.url);
    if (method !== "POST" && method !== "HEAD") return;
    // The address is known to tus only after this answer was read.
    if (!id && method === "POST") return void queueMicrotask(() => window.setTimeout(() => this.#know(titleId), 0));
    this.#know(titleId);
  }

  #know(titleId: string | null): void {
    const id = uploadId(this.#tus.url);
    if (!id) return;
    remember(id, this.#print);
    this.#events.known(id, titleId);
  }

  #progressed(sent: number): void {
    if (this.#view.state !== "uploading" && this.#view.state !== "finishing") return;
    this.#estimator.observe(sent, Date.now());
    const state = sent >= this.#view.total ? "finishing" : "uploading";
    this.#set({ state, sent, speed: this.#estimator.speed(), left: this.#estimator.left(this.#view.total) });
  }

  #succeeded(): void {
    this.#forget();
    this.#set({ state: "done", sent: this.#view.total, speed: null, left: null });
  }

  #failed(error: Error | DetailedError): void {
    if (this.#view.state === "paused" || this.#view.state === "cancelled") return;
    const status = statusOf(error);
    if (mayPass(status)) return this.#waitForConnection();
    this.#fail(status === null ? problemOf(error) : readProblem(status, bodyOf(error)));
  }

  #fail(problem: Problem): void {
    this.#set({ state: "failed", speed: null, left: null, problem });
  }

  #waitForConnection(): void {
    this.#set({ state: "offline", speed: null, left: null, problem: OFFLINE });
    this.#timer = window.setTimeout(() => void this.start(), AWAY_MS);
  }

  #reconnect = (): void => {
    if (this.#view.state === "offline") void this.start();
  };

  #forget(): void {
    window.removeEventListener("online", this.#reconnect);
    const id = uploadId(this.#tus.url);
    if (id) forget(id);
  }

  #set(change: Partial<TransferView>): void {
    this.#view = { ...this.#view, ...change };
    this.#events.changed(this.#view);
  }
}

/** The id at the end of an upload's address. */
export function uploadId(address: string | null): string | null {
  return address?.split(/[?#]/)[0]?.split("/").filter(Boolean).at(-1) ?? null;
}

/** HTTP status of the answer; 0 when there was none; null when the fault is not the network's. */
function statusOf(error: Error | DetailedError): number | null {
  if (!("originalRequest" in error)) return null;
  return error.originalResponse?.getStatus() ?? 0;
}

function bodyOf(error: Error | DetailedError): string | null {
  return "originalResponse" in error ? (error.originalResponse?.getBody() ?? null) : null;
}

/** Away, busy, or two requests that met: asking again helps. */
function mayPass(status: number | null): boolean {
  return status !== null && (status === 0 || status >= 500 || [409, 423, 429].includes(status));
}
