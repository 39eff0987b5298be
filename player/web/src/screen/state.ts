/** What the screen is doing: events of media, network, lease and viewer fold into one state. Pure, no browser needed. */

import type { Problem } from "../api/problem.ts";

export type Phase = "opening" | "starting" | "playing" | "paused" | "waiting" | "finished" | "stopped";
export type Stop = "ended" | "revoked" | "elsewhere" | "refused" | "unsupported";

export interface ScreenState {
  phase: Phase;
  online: boolean;
  /** Since when nothing moves although it should, milliseconds of the server's clock; null while it moves. */
  stuckSince: number | null;
  /** Server's clock at the last tick. */
  now: number;
  /** When the licence ends, and from when the viewer is told; null if it does not end. */
  endsAt: number | null;
  warnAt: number | null;
  dismissed: boolean;
  /** Whether the film is still being encoded. */
  encoding: boolean;
  /** Until when the server holds further keys back, because of many jumps. */
  heldUntil: number | null;
  stop: { kind: Stop; problem: Problem } | null;
}

export type ScreenEvent =
  | { type: "opening" }
  | { type: "opened"; endsAt: number | null; warnAt: number | null }
  | { type: "renewed"; endsAt: number | null }
  | { type: "encoding"; still: boolean }
  /** The media element confirmed: it plays, it rests, it wants data, it is at the end. */
  | { type: "playing" }
  | { type: "paused" }
  | { type: "waiting" }
  | { type: "finished" }
  | { type: "online"; now: boolean }
  | { type: "held"; until: number }
  | { type: "stopped"; problem: Problem }
  | { type: "dismissed" }
  | { type: "tick"; now: number };

export const WARN_MS = 5 * 60_000;

export function begin(now: number, online: boolean): ScreenState {
  return {
    phase: "opening",
    online,
    stuckSince: now,
    now,
    endsAt: null,
    warnAt: null,
    dismissed: false,
    encoding: false,
    heldUntil: null,
    stop: null,
  };
}

export function reduce(state: ScreenState, event: ScreenEvent): ScreenState {
  // What has stopped stays stopped until the viewer opens it anew.
  if (state.phase === "stopped" && !["opening", "online", "tick"].includes(event.type)) return state;
  switch (event.type) {
    case "opening":
      return { ...state, phase: "opening", stop: null, stuckSince: state.now, heldUntil: null };
    case "opened":
      return { ...state, phase: "starting", endsAt: event.endsAt, warnAt: event.warnAt };
    case "renewed":
      return renewed(state, event.endsAt);
    case "encoding":
      return state.encoding === event.still ? state : { ...state, encoding: event.still };
    case "playing":
      return { ...state, phase: "playing", stuckSince: null, heldUntil: null };
    case "paused":
      // Until the first frame a pause is the media element's beginning, not the viewer's wish.
      return state.phase === "opening" || state.phase === "finished" ? state : { ...state, phase: "paused", stuckSince: null };
    case "waiting":
      return stuck(state);
    case "finished":
      return { ...state, phase: "finished", stuckSince: null };
    case "online":
      return { ...state, online: event.now };
    case "held":
      return { ...state, heldUntil: event.until };
    case "stopped":
      return { ...state, phase: "stopped", stuckSince: null, stop: { kind: stopKind(event.problem.code), problem: event.problem } };
    case "dismissed":
      return { ...state, dismissed: true };
    case "tick":
      return { ...state, now: event.now };
  }
}

function stuck(state: ScreenState): ScreenState {
  if (state.phase === "finished") return state;
  const phase = state.phase === "opening" || state.phase === "starting" ? state.phase : "waiting";
  return { ...state, phase, stuckSince: state.stuckSince ?? state.now };
}

/** An extended licence warns anew; one that was shortened too. */
function renewed(state: ScreenState, endsAt: number | null): ScreenState {
  if (endsAt === state.endsAt) return state;
  return { ...state, endsAt, warnAt: endsAt === null ? null : endsAt - WARN_MS, dismissed: false };
}

/** Which overlay a refusal belongs to. */
export function stopKind(code: string): Stop {
  switch (code) {
    case "licence_ended":
    case "rental_ended":
    case "playback_ended":
      return "ended";
    case "licence_revoked":
      return "revoked";
    case "too_many_streams":
    case "lease_ended":
    case "unknown_playback":
    case "lease_stale":
      return "elsewhere";
    case "unsupported":
      return "unsupported";
    default:
      return "refused";
  }
}

/** Refusals that a new playback session may mend without anybody noticing. */
export function mendsByReopening(code: string): boolean {
  return ["address_expired", "bad_address", "unknown_playback", "lease_stale"].includes(code);
}
