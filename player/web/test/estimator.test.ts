import assert from "node:assert/strict";
import { test } from "node:test";
import { TransferEstimator } from "../src/upload/estimator.ts";

const MB = 1e6;

function run(estimator: TransferEstimator, rate: number, seconds: number, from = 0, at = 0): [bytes: number, at: number] {
  for (let step = 1; step <= seconds * 10; step++) estimator.observe(from + (rate * step) / 10, at + step * 100);
  return [from + rate * seconds, at + seconds * 1000];
}

test("nothing is claimed before it was seen", () => {
  const estimator = new TransferEstimator();
  estimator.start(0, 0);
  estimator.observe(MB, 500);
  assert.equal(estimator.speed(), null);
  assert.equal(estimator.left(10 * MB), null);
});

test("a steady transfer is estimated exactly", () => {
  const estimator = new TransferEstimator();
  estimator.start(0, 0);
  run(estimator, 2 * MB, 20);
  assert.ok(Math.abs(estimator.speed()! - 2 * MB) < 1000);
  assert.ok(Math.abs(estimator.left(100 * MB)! - 30) < 1);
});

test("the estimate follows a change within a few seconds, without jumping", () => {
  const estimator = new TransferEstimator();
  estimator.start(0, 0);
  const [bytes, at] = run(estimator, 10 * MB, 20);
  run(estimator, 1 * MB, 1, bytes, at);
  assert.ok(estimator.speed()! > 5 * MB);
  run(estimator, 1 * MB, 30, bytes + MB, at + 1000);
  assert.ok(estimator.speed()! < 1.5 * MB);
});

test("a resumed transfer does not count what was there", () => {
  const estimator = new TransferEstimator();
  estimator.start(500 * MB, 10_000);
  run(estimator, MB, 5, 500 * MB, 10_000);
  assert.ok(Math.abs(estimator.speed()! - MB) < 1000);
});

test("a stalled transfer promises nothing", () => {
  const estimator = new TransferEstimator();
  estimator.start(0, 0);
  estimator.observe(0, 5000);
  assert.equal(estimator.left(MB), null);
});
