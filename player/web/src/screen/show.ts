/** What is to be seen in a state: which overlays, with which words. Pure. */

import type { Elsewhere, Problem } from "../api/problem.ts";
import { countdown, position, relative } from "../words/time.ts";
import type { ScreenState, Stop } from "./state.ts";

export type OverlayName = "loading" | "buffering" | "offline" | "ending" | "finished" | Stop;

export interface Overlay {
  title?: string;
  sentence?: string;
  hint?: string;
  code?: string;
  /** Playbacks that may be stopped to watch here. */
  playing?: readonly Row[];
  /** Time left, in the notice that the licence is ending. */
  left?: string;
}

/** One playback elsewhere, in words. */
export interface Row {
  id: string;
  device: string;
  detail: string;
}

export interface Picture {
  /** For the container's data-state: the phase, or "offline" when that is why it stands still. */
  state: string;
  code: string;
  overlays: Partial<Record<OverlayName, Overlay>>;
  /** "ends in 2 hours"; "" for a licence without an end. */
  licence: string;
}

/** A short wait is not worth a word. */
const BLINK_MS = 500;
/** No spinner stays longer than this without a sentence. */
const PATIENCE_MS = 10_000;

export function picture(state: ScreenState): Picture {
  const halted = !state.online && state.stuckSince !== null;
  return {
    state: state.phase === "stopped" ? (state.stop?.kind ?? "refused") : halted ? "offline" : state.phase,
    code: state.stop?.problem.code ?? "",
    overlays: state.stop ? { [state.stop.kind]: stopOverlay(state.stop.problem, state.now) } : moving(state),
    licence: licenceWords(state),
  };
}

function licenceWords({ endsAt, now }: ScreenState): string {
  if (endsAt === null) return "";
  return now >= endsAt ? "Licence ended" : `Licence ends ${relative(endsAt, now)}`;
}

function moving(state: ScreenState): Picture["overlays"] {
  const overlays: Picture["overlays"] = {};
  const stuckFor = state.stuckSince === null ? -1 : state.now - state.stuckSince;
  if (state.phase === "finished") overlays.finished = {};
  if (state.phase === "opening" || state.phase === "starting") overlays.loading = { sentence: loadingWords(state, stuckFor) };
  if (state.phase === "waiting" && stuckFor >= BLINK_MS) overlays.buffering = { sentence: bufferingWords(state, stuckFor) };
  if (!state.online) overlays.offline = { sentence: offlineWords(state) };
  const ending = endingOverlay(state);
  if (ending && state.phase !== "finished") overlays.ending = ending;
  return overlays;
}

function endingOverlay(state: ScreenState): Overlay | null {
  if (state.endsAt === null || state.dismissed || state.now < (state.warnAt ?? Infinity)) return null;
  const seconds = (state.endsAt - state.now) / 1000;
  return seconds > 0 ? { left: countdown(seconds) } : null;
}

function loadingWords(state: ScreenState, stuckFor: number): string {
  if (!state.online) return "Waiting for the connection…";
  if (state.heldUntil !== null && state.heldUntil > state.now) return heldWords(state);
  if (stuckFor < PATIENCE_MS) return state.phase === "opening" ? "Asking for the first key…" : "The film begins…";
  if (state.encoding) return "The first minutes are still being made. The film begins by itself as soon as there is enough.";
  return "This takes longer than usual. The film begins by itself when it is here.";
}

function bufferingWords(state: ScreenState, stuckFor: number): string {
  if (!state.online) return "Waiting for the connection…";
  if (state.heldUntil !== null && state.heldUntil > state.now) return heldWords(state);
  if (state.encoding) return "The film is still being made. It goes on as soon as the next part is ready.";
  if (stuckFor < PATIENCE_MS) return "Fetching more of the film…";
  return "The connection is slow just now. The film goes on by itself; a lower quality may help.";
}

function heldWords(state: ScreenState): string {
  const seconds = Math.max(1, Math.ceil(((state.heldUntil ?? state.now) - state.now) / 1000));
  return `Those were many jumps in a short time. The film goes on in ${countdown(seconds)}.`;
}

function offlineWords(state: ScreenState): string {
  return state.stuckSince === null
    ? "The film plays on as far as it is loaded, and goes on by itself when the connection is back."
    : "What was loaded has been played. The film goes on by itself when the connection is back.";
}

/** Titles that the overlay of the house does not have for every code. */
const TITLES: Record<string, string> = {
  licence_not_begun: "Your licence has not begun yet",
  no_licence: "You need a licence for this film",
  unauthenticated: "You are logged out",
  tier_not_covered: "This quality is not in your licence",
  rental_ended: "The time to start has passed",
  playback_ended: "The time to finish has passed",
  too_many_devices: "This device has no place in your licence",
  not_found: "This film is not here",
  not_playable: "This film is not ready yet",
  film_is_gone: "This film is not here any more",
};

/** What the server says to every player, said for one that has a button to take over. */
const TAKE_OVER = "Watch here instead, and it stops there.";
const SENTENCES: Record<string, Overlay> = {
  too_many_streams: { hint: TAKE_OVER },
  lease_ended: { title: "Stopped on another device", sentence: "It was stopped here from another screen.", hint: TAKE_OVER },
};

function stopOverlay(problem: Problem, now: number): Overlay {
  const title = TITLES[problem.code];
  const playing = (problem.playing ?? []).map((one) => rowOf(one, now));
  const said = { sentence: problem.detail, hint: problem.hint, code: problem.code, playing };
  return { ...said, ...SENTENCES[problem.code], ...(title ? { title } : {}) };
}

/** "Firefox on Linux"; "The Night Ferry, began 20 minutes ago, now at 41:07". */
export function rowOf(one: Elsewhere, now: number): Row {
  const began = Date.parse(one.started_at ?? "");
  const said = [
    one.title ?? "",
    Number.isNaN(began) ? "" : `began ${relative(began, now)}`,
    one.position_s ? `now at ${position(one.position_s)}` : "",
  ];
  return { id: one.playback_id, device: one.device || "A device", detail: said.filter(Boolean).join(", ") };
}

/** "12:04 / 1:32:10"; while the film is still being made "0:12 / 0:48 so far". Seconds. */
export function timeWords(at: number, whole: number, growing: boolean): string {
  if (whole <= 0) return position(at);
  if (growing) return `${position(Math.min(at, whole))} / ${position(whole)} so far`;
  // A film of 23.98 seconds is called 24 wherever its length is said; its last moment reads as its end.
  const length = Math.round(whole);
  return `${position(whole - at < 0.1 ? length : Math.min(at, whole))} / ${position(length)}`;
}
