/** Says beside an upload how much of its film is made already. */

import { call } from "../api/http.ts";
import type { Title } from "../api/types.ts";
import { pollDelay, preparedWords } from "../studio/stages.ts";
import { setText } from "../ui/dom.ts";

const followed = new WeakSet<HTMLElement>();
const OVER = ["done", "failed", "cancelled"];

/** Looks every few seconds, as long as the upload goes on. */
export function followPrepared(row: HTMLElement, titleId: string): void {
  if (followed.has(row)) return;
  followed.add(row);
  const look = async (): Promise<void> => {
    if (!row.isConnected || OVER.includes(row.dataset["state"] ?? "")) return void followed.delete(row);
    if (row.dataset["state"] === "uploading") {
      const title = await call<Title>("GET", `/api/v1/titles/${encodeURIComponent(titleId)}`).catch(() => null);
      const made = title?.remake ?? title?.progress;
      if (made && !OVER.includes(row.dataset["state"])) setText(row, "prepared", preparedWords(made.prepared_s));
    }
    plan();
  };
  const plan = (): void => void window.setTimeout(() => void look(), pollDelay("uploading", document.hidden));
  plan();
}
