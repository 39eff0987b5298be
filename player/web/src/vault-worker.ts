/** The worker that stretches passwords, so that the page stays alive meanwhile. */

import { type Kdf, stretch } from "./vault/derive.ts";

export interface StretchRequest {
  password: string;
  salt: Uint8Array<ArrayBuffer>;
  kdf: Kdf;
}
export type StretchReply = { raw: Uint8Array<ArrayBuffer> } | { error: string };

self.addEventListener("message", (event: MessageEvent<StretchRequest>) => {
  const { password, salt, kdf } = event.data;
  stretch(password, salt, kdf).then(
    (raw) => reply({ raw }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : "The keys could not be prepared." }),
  );
});

function reply(message: StretchReply): void {
  (self as unknown as { postMessage(message: StretchReply): void }).postMessage(message);
}
