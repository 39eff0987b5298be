/** What went wrong, in words: RFC 9457 problem JSON from the server, or our own sentence when there is none. */

export interface Problem {
  /** HTTP status; 0 when no answer came. */
  status: number;
  /** Small stable code, to be quoted to support. */
  code: string;
  /** What happened, a sentence. */
  detail: string;
  /** What to do, a sentence or "". */
  hint: string;
  /** Seconds to wait before asking again, from Retry-After; null if not said. */
  retryAfter: number | null;
  /** What is wrong with single fields of what was sent. */
  errors?: readonly FieldError[];
  /** What holds the screens of the licence, where that is why. */
  playing?: readonly Elsewhere[];
}

/** A playback on another device; guests are told of the device alone. */
export interface Elsewhere {
  playback_id: string;
  device: string;
  title?: string;
  started_at?: string;
  position_s?: number;
}

export interface FieldError {
  field: string;
  sentence: string;
}

/** A request that was answered with a problem, or not at all. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "Refused";
    this.problem = problem;
  }
}

const FALLBACK: Record<number, readonly [code: string, detail: string, hint: string]> = {
  401: ["unauthenticated", "You are not logged in any more.", "Log in again to go on."],
  403: ["forbidden", "This is not open to you.", "Ask whoever sent you here."],
  404: ["not_found", "This is not here.", "It may have been removed."],
  409: ["conflict", "Something changed in the meantime.", "Load the page again."],
  410: ["gone", "This is no longer here.", ""],
  413: ["too_large", "This is larger than Matinee takes.", ""],
  429: ["too_many", "That was too often in a short time.", "Wait a moment and try again."],
  502: ["unavailable", "Matinee is starting or stopping.", "Try again in a moment."],
  503: ["unavailable", "Matinee is busy.", "Try again in a moment."],
};

export const OFFLINE: Problem = {
  status: 0,
  code: "offline",
  detail: "Matinee cannot be reached.",
  hint: "Check your connection. Nothing is lost.",
  retryAfter: null,
};

/** Reads the body of a failed answer, whatever it holds. */
export function readProblem(status: number, body: string | null, retryAfter: string | null = null): Problem {
  const fields = parse(body);
  const [code, detail, hint] = FALLBACK[status] ?? ["internal", "Something went wrong at Matinee.", "Try again; if it stays, tell whoever runs it."];
  return {
    status,
    code: text(fields["code"]) ?? code,
    detail: text(fields["detail"]) ?? text(fields["title"]) ?? detail,
    hint: text(fields["hint"]) ?? (text(fields["detail"]) ? "" : hint),
    retryAfter: readRetryAfter(retryAfter),
    errors: readErrors(fields["errors"]),
    playing: readPlaying(fields["playing"]),
  };
}

/** The problem in anything thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  const detail = error instanceof Error && error.message ? error.message : "Something went wrong in this page.";
  return { status: 0, code: "page_fault", detail, hint: "", retryAfter: null };
}

/** "Sentence. What to do." */
export function inWords(problem: Problem): string {
  return problem.hint ? `${problem.detail} ${problem.hint}` : problem.detail;
}

/** Retry-After as seconds (RFC 9110 section 10.2.3); dates are not used by Matinee and answer null. */
export function readRetryAfter(value: string | null): number | null {
  if (value === null || !/^\s*\d+\s*$/.test(value)) return null;
  return Math.min(Number(value), 3600);
}

function readErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    const { field, sentence } = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
    return typeof field === "string" && typeof sentence === "string" ? [{ field, sentence }] : [];
  });
}

function readPlaying(value: unknown): Elsewhere[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one: unknown): one is Elsewhere => {
    const { playback_id, device } = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
    return typeof playback_id === "string" && typeof device === "string";
  });
}

function parse(body: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value.trim() ? value.trim() : null;
}
