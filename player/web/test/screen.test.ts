/** The screen as a state machine: events in, what is to be seen out. No browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readProblem } from "../src/api/problem.ts";
import { engineProblem, httpFault, isFinal } from "../src/screen/faults.ts";
import { actionOf } from "../src/screen/keys.ts";
import { startOf } from "../src/screen/start.ts";
import { picture, timeWords } from "../src/screen/show.ts";
import { type ScreenEvent, type ScreenState, begin, mendsByReopening, reduce, stopKind } from "../src/screen/state.ts";

const START = 1_000_000_000;

function after(...events: ScreenEvent[]): ScreenState {
  return events.reduce(reduce, begin(START, true));
}

const opened: ScreenEvent[] = [{ type: "opened", endsAt: null, warnAt: null }];
const playing: ScreenEvent[] = [...opened, { type: "playing" }];
const refusal = (code: string): ScreenEvent => ({
  type: "stopped",
  problem: readProblem(403, JSON.stringify({ code, detail: "It ended at 21:40.", hint: "Ask Ana for more time." })),
});

test("it opens with the loading overlay and plays without any", () => {
  assert.deepEqual(Object.keys(picture(after()).overlays), ["loading"]);
  assert.deepEqual(picture(after(...playing)).overlays, {});
  assert.equal(picture(after(...playing)).state, "playing");
});

test("a short wait says nothing, a longer one says what it waits for", () => {
  const waiting = after(...playing, { type: "waiting" });
  assert.deepEqual(picture(waiting).overlays, {});
  const visible = picture(reduce(waiting, { type: "tick", now: START + 800 })).overlays.buffering;
  const long = picture(reduce(waiting, { type: "tick", now: START + 11_000 })).overlays.buffering;
  assert.match(visible?.sentence ?? "", /Fetching/);
  assert.match(long?.sentence ?? "", /slow/);
});

test("no wait over ten seconds is without a sentence of its own", () => {
  const late: ScreenEvent = { type: "tick", now: START + 12_000 };
  const opening = picture(after(late)).overlays.loading?.sentence;
  const encoding = picture(after(...playing, { type: "encoding", still: true }, { type: "waiting" }, late)).overlays.buffering?.sentence;
  assert.match(opening ?? "", /longer than usual/);
  assert.match(encoding ?? "", /still being made/);
});

test("offline goes on playing what is loaded, then says so, and recovers", () => {
  const offline = after(...playing, { type: "online", now: false });
  assert.equal(picture(offline).state, "playing");
  assert.match(picture(offline).overlays.offline?.sentence ?? "", /as far as it is loaded/);
  const dry = [{ type: "waiting" }, { type: "tick", now: START + 2000 }].reduce((state, event) => reduce(state, event as ScreenEvent), offline);
  assert.equal(picture(dry).state, "offline");
  assert.match(picture(dry).overlays.offline?.sentence ?? "", /has been played/);
  const back = reduce(reduce(dry, { type: "online", now: true }), { type: "playing" });
  assert.deepEqual(picture(back).overlays, {});
});

for (const [code, kind] of [
  ["licence_ended", "ended"],
  ["rental_ended", "ended"],
  ["playback_ended", "ended"],
  ["licence_revoked", "revoked"],
  ["lease_stale", "elsewhere"],
  ["unknown_playback", "elsewhere"],
  ["no_licence", "refused"],
  ["tier_not_covered", "refused"],
  ["something_new", "refused"],
] as const) {
  test(`the refusal ${code} shows the overlay ${kind} with the server's words`, () => {
    assert.equal(stopKind(code), kind);
    const shown = picture(after(...playing, refusal(code)));
    assert.equal(shown.state, kind);
    assert.equal(shown.code, code);
    assert.deepEqual(Object.keys(shown.overlays), [kind]);
    assert.equal(shown.overlays[kind]?.sentence, "It ended at 21:40.");
    assert.equal(shown.overlays[kind]?.hint, "Ask Ana for more time.");
  });
}

for (const code of ["too_many_streams", "lease_ended"]) {
  test(`the refusal ${code} says that one may watch here instead`, () => {
    const { elsewhere } = picture(after(...playing, refusal(code))).overlays;
    assert.match(elsewhere?.hint ?? "", /Watch here instead/);
  });
}

test("a film that was removed is not said to be stopped elsewhere", () => {
  const { refused, elsewhere } = picture(after(...playing, refusal("film_is_gone"))).overlays;
  assert.equal(elsewhere, undefined);
  assert.equal(refused?.title, "This film is not here any more");
});

test("who plays elsewhere is listed in words, and guests are told of devices alone", () => {
  const playing = [
    { playback_id: "pb_1", device: "Firefox on Linux", title: "Salt Roads", started_at: new Date(START - 1_200_000).toISOString(), position_s: 2467 },
    { playback_id: "pb_2", device: "Safari on iPhone" },
  ];
  const problem = readProblem(403, JSON.stringify({ code: "too_many_streams", detail: "It is in use.", playing: [...playing, { device: 1 }, null] }));
  const { elsewhere } = picture(after({ type: "stopped", problem })).overlays;
  assert.deepEqual(elsewhere?.playing, [
    { id: "pb_1", device: "Firefox on Linux", detail: "Salt Roads, began 20 minutes ago, now at 41:07" },
    { id: "pb_2", device: "Safari on iPhone", detail: "" },
  ]);
});

test("what has stopped stays stopped until it is opened anew", () => {
  const stopped = after(...playing, refusal("licence_ended"));
  for (const event of [{ type: "playing" }, { type: "waiting" }, { type: "finished" }, refusal("licence_revoked")] as ScreenEvent[]) {
    assert.deepEqual(reduce(stopped, event), stopped);
  }
  assert.equal(reduce(stopped, { type: "opening" }).phase, "opening");
});

test("the notice of the end comes five minutes before, and can be sent away", () => {
  const endsAt = START + 10 * 60_000;
  const state = after({ type: "opened", endsAt, warnAt: endsAt - 300_000 }, { type: "playing" });
  assert.equal(picture(state).overlays.ending, undefined);
  assert.match(picture(state).licence, /in 10 minutes/);
  const near = reduce(state, { type: "tick", now: endsAt - 299_000 });
  assert.equal(picture(near).overlays.ending?.left, "5 minutes");
  assert.equal(picture(reduce(near, { type: "dismissed" })).overlays.ending, undefined);
});

test("an extended licence takes the notice back and warns anew later", () => {
  const endsAt = START + 60_000;
  const warned = after({ type: "opened", endsAt, warnAt: START }, { type: "playing" }, { type: "dismissed" });
  const extended = reduce(warned, { type: "renewed", endsAt: endsAt + 3_600_000 });
  assert.equal(picture(extended).overlays.ending, undefined);
  assert.ok(picture(reduce(extended, { type: "tick", now: endsAt + 3_500_000 })).overlays.ending);
});

test("the end of the film is not a wait", () => {
  const end = after(...playing, { type: "finished" }, { type: "waiting" }, { type: "paused" });
  assert.deepEqual(Object.keys(picture(end).overlays), ["finished"]);
});

test("held keys say for how long", () => {
  const held = after(...playing, { type: "waiting" }, { type: "held", until: START + 9000 }, { type: "tick", now: START + 1000 });
  assert.match(picture(held).overlays.buffering?.sentence ?? "", /in 8 seconds/);
});

test("no order of events breaks the picture", () => {
  const events: ScreenEvent[] = [
    { type: "opening" }, { type: "opened", endsAt: START + 5000, warnAt: START }, { type: "renewed", endsAt: null },
    { type: "encoding", still: true }, { type: "playing" }, { type: "paused" }, { type: "waiting" }, { type: "finished" },
    { type: "online", now: false }, { type: "online", now: true }, { type: "held", until: START + 1 }, refusal("licence_ended"),
    { type: "dismissed" }, { type: "tick", now: START + 20_000 },
  ];
  let seed = 7;
  const next = (): number => (seed = (seed * 48271) % 2147483647);
  let state = begin(START, true);
  for (let step = 0; step < 20_000; step++) {
    state = reduce(state, events[next() % events.length]!);
    const shown = picture(state);
    const blocking = Object.keys(shown.overlays).filter((name) => ["ended", "revoked", "elsewhere", "refused", "unsupported", "finished"].includes(name));
    assert.ok(blocking.length <= 1);
    assert.equal(state.stop !== null, state.phase === "stopped");
  }
});

test("a refused key's problem is read out of the engine's error", () => {
  const body = JSON.stringify({ code: "licence_revoked", detail: "Ana revoked this licence." });
  const fault = httpFault({ severity: 2, category: 1, code: 1001, data: ["/play/x/key/v240/1", 403, body, { "retry-after": "3" }] });
  assert.equal(fault?.problem.code, "licence_revoked");
  assert.equal(fault?.problem.retryAfter, 3);
  assert.equal(httpFault({ severity: 2, category: 1, code: 1002, data: [] }), null);
});

test("refusals fail at once, busy servers are waited for, broken ones not forever", () => {
  const fault = (status: number): ReturnType<typeof httpFault> => httpFault({ severity: 1, category: 1, code: 1001, data: ["/a", status, "", {}] });
  for (const status of [401, 403, 404, 410]) assert.ok(isFinal(fault(status), 1));
  for (const status of [429, 503]) assert.ok(!isFinal(fault(status), 99));
  assert.ok(!isFinal(fault(500), 1));
  assert.ok(isFinal(fault(500), 5));
  assert.ok(!isFinal(null, 99));
});

test("a fault of the engine has a sentence and Shaka's number", () => {
  assert.equal(engineProblem({ severity: 2, category: 3, code: 3016, data: [] }).code, "player_3016");
  assert.match(engineProblem({ severity: 2, category: 3, code: 3016, data: [] }).detail, /decode/);
});

test("only what a new playback can mend is mended silently", () => {
  assert.ok(mendsByReopening("address_expired"));
  assert.ok(!mendsByReopening("licence_ended"));
  assert.ok(!mendsByReopening("too_many_streams"));
});

test("every key of the sheet does something", () => {
  for (const key of [" ", "k", "K", "j", "L", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "m", "f", "C", "<", ">", "0", "9"]) {
    assert.ok(actionOf(key), key);
  }
  for (const key of ["x", "Tab", "Escape", "Enter", "F1", "?"]) assert.equal(actionOf(key), null, key);
});

test("the time of a growing film says so", () => {
  assert.equal(timeWords(12, 48, true), "0:12 / 0:48 so far");
  assert.equal(timeWords(12, 3729, false), "0:12 / 1:02:09");
  assert.equal(timeWords(3, 0, true), "0:03");
  assert.equal(timeWords(3, 23.98, false), "0:03 / 0:24");
  assert.equal(timeWords(23.95, 23.98, false), "0:24 / 0:24");
  assert.equal(timeWords(23.95, 23.98, true), "0:23 / 0:23 so far");
});

test("an address may say where to begin, if it can be meant", () => {
  assert.equal(startOf("?t=0"), 0);
  assert.equal(startOf("?x=1&t=1305.25"), 1305.25);
  for (const said of ["", "?t=", "?t=-1", "?t=1e3", "?t=99999", "?t=NaN", "?t=1;2", "?t=1.23456"]) assert.equal(startOf(said), null, said);
});
