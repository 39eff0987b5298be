import assert from "node:assert/strict";
import { test } from "node:test";

import { changesOf, csvOf, minorOf, offerOf, spanOf } from "../src/studio/offer-values.ts";

test("a price is read with a point or a comma, to the hundredth", () => {
  assert.deepEqual(["4.99", "4,9", "5", "", null, "free", "1.234"].map(minorOf), [499, 490, 500, null, null, -1, -1]);
});

test("a length of time is counted in its unit, and none is none", () => {
  assert.deepEqual([spanOf(30, "days"), spanOf(90, "seconds"), spanOf(null, "hours")], [2_592_000, 90, null]);
});

const filled = { label: "Rental", tier: "hd", max_streams: 1, rental_s: 30, rental_unit: "days", playback_s: 48, playback_unit: "hours", price: "4.99", currency: "eur", most: null, open_from: null, open_until: "2026-12-01T21:40", state: "open" };

test("of an offer that is changed only what was changed is sent", () => {
  const before = offerOf(filled);
  assert.deepEqual(changesOf(before, offerOf(filled)), {});
  assert.deepEqual(changesOf(before, offerOf({ ...filled, rental_s: 720, rental_unit: "hours", label: null })), { label: "" });
  const until = new Date("2026-12-02T08:00").toISOString();
  assert.deepEqual(changesOf(before, offerOf({ ...filled, playback_s: null, price: "5", most: 40, open_until: "2026-12-02T08:00", state: "closed" })), {
    playback_s: null,
    price_minor: 500,
    open_until: until,
    most: 40,
    state: "closed",
  });
});

test("of an offer that is made everything is sent, and it is a draft unless it is opened", () => {
  const made = changesOf({}, offerOf({ kind: "free", label: null, tier: "hd", max_streams: 1, open: false }));
  assert.deepEqual(made, { kind: "free", label: "", tier: "hd", max_streams: 1, rental_s: null, playback_s: null, lasts_s: null, price_minor: null, currency: "", open_from: null, open_until: null, most: null, state: "draft" });
});

test("a table holds no formula", () => {
  assert.equal(csvOf([["a", '=1+1 "x"']]), '"a","\'=1+1 ""x"""\r\n');
});
