/** Requests to the JSON API: same origin, cookies, problems thrown as Refused. */

import { serverClock } from "./clock.ts";
import { OFFLINE, Refused, readProblem } from "./problem.ts";

export interface CallOptions {
  signal?: AbortSignal;
  /** Let the request outlive the page. */
  keepalive?: boolean;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `path` is absolute on this origin. Answers the parsed JSON, or null when the answer has no body. */
export async function call<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request: RequestInit = { method, headers, ...options };
  if (body !== undefined) request.body = JSON.stringify(body);
  return answered<T>(path, request);
}

/** Posts a file as it is. */
export async function sendFile<T>(path: string, file: Blob): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": "application/octet-stream" };
  return answered<T>(path, { method: "POST", headers, body: file });
}

async function answered<T>(path: string, request: RequestInit): Promise<T> {
  const answer = await send(path, { credentials: "same-origin", cache: "no-store", ...request });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(readProblem(answer.status, text, answer.headers.get("Retry-After")));
  return (text ? JSON.parse(text) : null) as T;
}

async function send(path: string, request: RequestInit): Promise<Response> {
  const sent = Date.now();
  try {
    const answer = await fetch(path, request);
    serverClock.observe(answer.headers.get("Date"), sent, Date.now());
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(OFFLINE);
  }
}
