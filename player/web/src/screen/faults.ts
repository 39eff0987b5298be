/** Reads what the player's engine reports: is it over, and why? Pure. */

import { type Problem, readProblem } from "../api/problem.ts";

/** The part of a Shaka error that is read here; `data` by code as in shaka.util.Error. */
export interface EngineError {
  severity: number;
  category: number;
  code: number;
  data: readonly unknown[];
}

const BAD_HTTP_STATUS = 1001;
const CRITICAL = 2;

/** Answers that will not change by asking again. */
const FINAL = new Set([400, 401, 403, 404, 409, 410, 451]);

export interface HttpFault {
  address: string;
  status: number;
  problem: Problem;
}

/** The HTTP answer inside an error; null if it was something else. */
export function httpFault(error: EngineError): HttpFault | null {
  if (error.code !== BAD_HTTP_STATUS) return null;
  const [address, status, body, headers] = error.data;
  const wait = headers && typeof headers === "object" ? (headers as Record<string, string>)["retry-after"] : undefined;
  const problem = readProblem(Number(status), typeof body === "string" ? body : null, wait ?? null);
  return { address: String(address), status: Number(status), problem };
}

/** Whether to give up at once rather than try again. `tried`: how often this address failed so far. */
export function isFinal(fault: HttpFault | null, tried: number): boolean {
  if (fault === null) return false;
  if (FINAL.has(fault.status)) return true;
  // Busy servers say so and are waited for; others that keep failing are broken.
  return fault.status !== 429 && fault.status !== 503 && tried >= 5;
}

/** What to tell when nothing better is known; the number is Shaka's, for support. */
export function engineProblem(error: EngineError): Problem {
  const decoding = error.category === 3 || error.category === 4;
  return {
    status: 0,
    code: `player_${error.code}`,
    detail: decoding ? "This browser could not decode the film." : "The player could not go on.",
    hint: decoding ? "Try again, or try another browser." : "Try again.",
    retryAfter: null,
  };
}

export function isCritical(error: EngineError): boolean {
  return error.severity === CRITICAL;
}
