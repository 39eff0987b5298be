/** The next period's key is asked for before it is needed, once, and never one beyond it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KeysAhead, LEAD_S, type PeriodKey, type SegmentIndex, dueKey } from "../src/screen/ahead.ts";

const LENGTH = 4;
const PER_PERIOD = 15;

function film(periods: number): { index: SegmentIndex; keys: PeriodKey[]; asked: number[] } {
  const asked: number[] = [];
  const keys: PeriodKey[] = [...Array(periods).keys()].map((period) => ({
    fetchKey: async () => void asked.push(period),
  }));
  const count = periods * PER_PERIOD;
  const at = (place: number) => (place < 0 || place >= count ? null : { getStartTime: () => place * LENGTH, aesKey: keys[Math.floor(place / PER_PERIOD)] ?? null });
  return { index: { find: (time) => (time < count * LENGTH ? Math.floor(time / LENGTH) : null), get: at }, keys, asked };
}

/** Somebody who has played for a while up to `time`. */
function settled(time = 30): KeysAhead {
  const ahead = new KeysAhead();
  ahead.look([], time, 0);
  return ahead;
}

test("the key is asked for once, when its period is near enough", () => {
  const { index, asked } = film(4);
  const ahead = new KeysAhead();
  for (let time = 0; time < 60; time += 0.25) {
    ahead.look([index], time, time * 1000);
    assert.deepEqual(asked, time < 60 - LEAD_S ? [] : [1], `${time}`);
  }
});

test("never more than one period is asked for ahead, wherever somebody seeks", () => {
  const { index, asked } = film(10);
  const ahead = new KeysAhead();
  [59, 350, 0, 599, 475].forEach((time, jump) => {
    for (let waited = 0; waited < 6; waited++) ahead.look([index], time + waited / 10, jump * 10_000 + waited * 1000);
  });
  assert.deepEqual(asked, [1, 6, 8]);
});

test("who jumps about asks for nothing ahead", () => {
  const { index, asked } = film(10);
  const ahead = new KeysAhead();
  for (let jump = 0; jump < 20; jump++) ahead.look([index], (jump * 137) % 600, jump * 4000);
  assert.deepEqual(asked, []);
});

test("picture and sound are asked for alike", () => {
  const picture = film(2);
  const sound = film(2);
  settled().look([picture.index, sound.index], 30, 60_000);
  assert.deepEqual([picture.asked, sound.asked], [[1], [1]]);
});

test("a key that is here, the last period, and films without keys need nothing", () => {
  const { index, keys } = film(2);
  assert.equal(dueKey(index, 90), null);
  assert.equal(dueKey(index, 30), keys[1]);
  keys[1]!.cryptoKey = {};
  assert.equal(dueKey(index, 30), null);
  assert.equal(dueKey({ find: () => 0, get: (place) => ({ getStartTime: () => place * 4, aesKey: null }) }, 0), null);
  assert.equal(dueKey({ find: () => null, get: () => null }, 0), null);
});

test("a refusal is left to those who hear of it", async () => {
  const refused = { fetchKey: () => Promise.reject(new Error("refused")) };
  const index = { find: () => 0, get: (place: number) => (place > 1 ? null : { getStartTime: () => place * 4, aesKey: place ? refused : {} }) };
  settled(0).look([index], 0, 60_000);
  await new Promise((resolve) => setTimeout(resolve, 0));
});
