import assert from "node:assert/strict";
import { test } from "node:test";

import { csvOf, minorOf, spanOf } from "../src/studio/offer-values.ts";

test("a price is read with a point or a comma, to the hundredth", () => {
  assert.deepEqual(["4.99", "4,9", "5", "", null, "free", "1.234"].map(minorOf), [499, 490, 500, null, null, -1, -1]);
});

test("a length of time is counted in its unit, and none is none", () => {
  assert.deepEqual([spanOf(30, 86_400), spanOf(null, 3600)], [2_592_000, null]);
});

test("a table holds no formula", () => {
  assert.equal(csvOf([["a", '=1+1 "x"']]), '"a","\'=1+1 ""x"""\r\n');
});
