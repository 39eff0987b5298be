/** The scripts say things as the server does (tests/vectors/words.json holds the server's words). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Terms, conflicts, readBack, remark } from "../src/words/licence.ts";
import { percent, percentOf, size, speed } from "../src/words/size.ts";
import { countdown, date, dayAndTime, exact, left, position, relative, span } from "../src/words/time.ts";

const known = JSON.parse(readFileSync(new URL("../../../tests/vectors/words.json", import.meta.url), "utf8"));
const now: number = known.now_ms;

test("the page and the server use the same words", () => {
  for (const [away, said] of known.relative) assert.equal(relative(now + away * 1000, now), said, `${away}`);
  for (const [moment, zone, said] of known.exact) assert.equal(exact(moment, zone), said);
  for (const [moment, zone, said] of known.day_and_time) assert.equal(dayAndTime(moment, now, zone), said);
  for (const [moment, zone, said] of known.date) assert.equal(date(moment, zone), said);
  for (const [seconds, said] of known.span) assert.equal(span(seconds), said);
  for (const [seconds, said] of known.left) assert.equal(left(seconds), said, `${seconds}`);
  for (const [seconds, said] of known.position) assert.equal(position(seconds), said);
  for (const [bytes, said] of known.size) assert.equal(size(bytes), said);
  for (const [value, said] of known.percent) assert.equal(percent(value), said);
  for (const [terms, said] of known.readback) assert.equal(readBack(terms, now, "Europe/Berlin"), said);
});

test("a percentage is never 100 before the end", () => {
  assert.equal(percentOf(999_999, 1_000_000), 99);
  assert.equal(percentOf(1_000_000, 1_000_000), 100);
  assert.equal(percentOf(0, 0), 100);
});

test("speeds and countdowns", () => {
  assert.equal(speed(8_200_000), "8.2 MB/s");
  assert.equal(speed(12), "0 kB/s");
  assert.equal(countdown(300), "5 minutes");
  assert.equal(countdown(61), "1 minute 1 second");
  assert.equal(countdown(0), "now");
});

const good: Terms = { film: "Tide", holder: "account", name: "Ben", from: null, until: null, rental: null, playback: null, tier: "hd", streams: 1, finish: false };

test("terms that fit have no conflicts", () => assert.deepEqual(conflicts(good, now), []));

test("each conflict names its field", () => {
  const fields = (terms: Partial<Terms>): string[] => conflicts({ ...good, ...terms }, now).map((one) => one.field);
  assert.deepEqual(fields({ name: " " }), ["to"]);
  assert.deepEqual(fields({ holder: "link", name: "" }), []);
  assert.deepEqual(fields({ until: now - 1 }), ["valid_until"]);
  assert.deepEqual(fields({ until: Number.NaN }), ["valid_until"]);
  assert.deepEqual(fields({ from: now + 10_000, until: now + 5_000 }), ["valid_until"]);
  assert.deepEqual(fields({ rental: 0, playback: -1, streams: 0 }), ["rental_count", "playback_count", "max_streams"]);
});

test("what is allowed but odd is remarked on", () => {
  assert.equal(remark(good, now, 5400), "");
  assert.match(remark({ ...good, playback: 600 }, now, 5400), /could not see it to its end/);
  assert.match(remark({ ...good, playback: 7200, until: now + 3_600_000 }, now, 600), /earlier of the two/);
  assert.equal(remark({ ...good, playback: 7200, until: now + 3_600_000, finish: true }, now, 600), "");
});
