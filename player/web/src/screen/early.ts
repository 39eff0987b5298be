/**
 * Answers that are here, or on their way, before the engine asks for them: what came with the playback, and what was asked for
 * in good time. Each is given once and then forgotten; keys are nowhere else. What is not here the engine asks for by itself.
 */

import type { Bootstrap } from "../api/types.ts";

/** A body, or null when it did not come: then the engine asks, and hears why. */
export type Early = Promise<ArrayBuffer | null>;

const PATIENCE_MS = 15_000;

export class EarlyAnswers {
  #base: string;
  #waiting = new Map<string, Early>();

  /** `base`: the page's address, to which those of the house are relative. */
  constructor(base: string) {
    this.#base = base;
  }

  /** Takes in what came with a playback, in place of whatever was there, and fetches the first segments beside it. */
  begin(bootstrap: Bootstrap | null | undefined): void {
    this.clear();
    if (!bootstrap) return;
    for (const address of bootstrap.segments) this.fetch(address);
    const encoder = new TextEncoder();
    for (const [address, text] of Object.entries(bootstrap.playlists)) this.put(address, encoder.encode(text).buffer);
    for (const [address, bytes] of Object.entries(bootstrap.objects)) this.put(address, bytesOf(bytes));
  }

  put(address: string, body: ArrayBuffer): void {
    this.#waiting.set(this.whole(address), Promise.resolve(body));
  }

  /** Asks now for what will be wanted soon. */
  fetch(address: string): void {
    this.#waiting.set(this.whole(address), bodyOf(address));
  }

  /** Gives what is there under exactly this address, once; null if nothing is. */
  take(address: string): Early | null {
    const whole = this.whole(address);
    const early = this.#waiting.get(whole) ?? null;
    this.#waiting.delete(whole);
    return early;
  }

  /** Forgets everything that was not asked for. */
  clear(): void {
    this.#waiting.clear();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** The whole address, as browsers tell it of an answer. */
  whole(address: string): string {
    return new URL(address, this.#base).href;
  }
}

async function bodyOf(address: string): Early {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.status === 200 ? await answer.arrayBuffer() : null;
  } catch {
    return null;
  }
}

function bytesOf(base64: string): ArrayBuffer {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes.buffer;
}

interface Request {
  method: string;
}

/** One request of the engine, as Shaka has it (shaka.extern.IAbortableOperation). */
export interface Operation {
  promise: Promise<unknown>;
  abort(): Promise<unknown>;
}

/** What is needed of Shaka: its own way to the network, its operations, and its word for what was given up. */
export interface Kit<R extends Request, Rest extends unknown[]> {
  network(address: string, request: R, ...rest: Rest): Operation;
  operation(promise: Promise<unknown>, abort: () => Promise<unknown>): Operation;
  aborted(address: string): unknown;
}

/** A scheme plugin that looks here first (Shaka Player's tutorial on plugins). */
export function schemeOf<R extends Request, Rest extends unknown[]>(
  ahead: EarlyAnswers,
  kit: Kit<R, Rest>,
): (address: string, request: R, ...rest: Rest) => Operation {
  return (address, request, ...rest) => {
    const early = request.method === "GET" ? ahead.take(address) : null;
    if (!early) return kit.network(address, request, ...rest);
    let asked: Operation | null = null;
    let giveUp: (reason: unknown) => void = () => undefined;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    givenUp.catch(() => undefined);
    const answer = async (): Promise<unknown> => {
      const data = await Promise.race([early, givenUp]);
      // Not measured by the engine: how long it took says nothing of the connection.
      if (data) return { uri: ahead.whole(address), originalUri: address, data, status: 200, headers: {}, fromCache: true, originalRequest: request };
      asked = kit.network(address, request, ...rest);
      return asked.promise;
    };
    return kit.operation(answer(), async () => {
      giveUp(kit.aborted(address));
      await asked?.abort();
    });
  };
}
