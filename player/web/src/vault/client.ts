/** The page's side of the vault: asks the worker, then derives with Web Crypto. */

import type { StretchReply, StretchRequest } from "../vault-worker.ts";
import type { Bytes } from "./bytes.ts";
import { type Kdf, KDF, type Keys, checkKdf, keysFromStretched } from "./derive.ts";

/** Name of the built worker, put in by build.mjs. */
declare const VAULT_WORKER_FILE: string;

/** The keys of a password. Takes about a second; the page stays responsive. */
export async function deriveKeys(password: string, salt: Bytes, kdf: Kdf = KDF): Promise<Keys> {
  checkKdf(kdf);
  return keysFromStretched(await stretchInWorker({ password, salt, kdf }));
}

/** A sentence if this browser cannot do the cryptography, else null. */
export function missingCrypto(): string | null {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return "Your browser allows encryption only on https addresses and on localhost. Open Matinee through one of those.";
  }
  return null;
}

function stretchInWorker(request: StretchRequest): Promise<Bytes> {
  const worker = new Worker(new URL(VAULT_WORKER_FILE, import.meta.url), { type: "module" });
  return new Promise<Bytes>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<StretchReply>) => {
      if ("raw" in event.data) resolve(event.data.raw);
      else reject(new Error(event.data.error));
    };
    worker.onerror = () => reject(new Error("The keys could not be prepared in this browser. Try again, or try another browser."));
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}
