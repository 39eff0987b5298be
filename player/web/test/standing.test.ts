/** What makes a film page that was left open look again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../src/api/clock.ts";
import type { Licence } from "../src/api/types.ts";
import { nextEnd, pauseUntil, signature } from "../src/ui/standing.ts";

const licence = { state: "running", ends_at: "2026-11-30T10:00:00Z", valid_until: "2026-11-30T10:00:00Z", tier: "hd", max_streams: 1 } as Licence;

test("a changed end, quality or state is seen, and nothing else", () => {
  const before = signature([licence]);
  assert.equal(signature([{ ...licence, watching: 3, readback: "other words" }]), before);
  for (const change of [{ ends_at: null }, { state: "revoked" }, { tier: "sd" }, { max_streams: 2 }] as Partial<Licence>[]) {
    assert.notEqual(signature([{ ...licence, ...change }]), before);
  }
  assert.notEqual(signature([]), before);
});

test("the first end of a running licence is awaited", () => {
  const late = { ...licence, ends_at: "2026-11-30T12:00:00Z" };
  const over = { ...licence, state: "ended", ends_at: "2026-11-30T08:00:00Z" } as Licence;
  assert.equal(nextEnd([late, over, licence]), Date.parse("2026-11-30T10:00:00Z"));
  assert.equal(nextEnd([over, { ...licence, ends_at: null }]), Infinity);
});

test("an end that is near is met a second after it, one that is far or over at the next look", () => {
  const now = Date.parse("2026-11-30T09:00:00Z");
  assert.deepEqual([4000, 14_000, 60_000, -1000, -9000, Infinity].map((end) => pauseUntil(now + end, now)), [5000, 15_000, 15_000, 15_000, 15_000, 15_000]);
});

test("the moment a page was made tells the server's time to a viewer whose clock is days off", () => {
  const clock = new ServerClock();
  const wrong = Date.parse("2026-11-27T09:00:00Z");
  clock.observe("2026-11-30T09:00:00.400Z", wrong, wrong + 300);
  assert.ok(Math.abs(clock.now(wrong) - Date.parse("2026-11-30T09:00:00.600Z")) < 900);
});
