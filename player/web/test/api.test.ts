import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../src/api/clock.ts";
import { Refused, inWords, problemOf, readProblem } from "../src/api/problem.ts";

test("a problem is read as the server says it", () => {
  const body = JSON.stringify({ status: 403, code: "licence_ended", detail: "This licence ended at 21:40.", hint: "Ask Ana for more time." });
  const problem = readProblem(403, body);
  assert.equal(problem.code, "licence_ended");
  assert.equal(inWords(problem), "This licence ended at 21:40. Ask Ana for more time.");
});

test("an answer without a problem still gives a sentence and a code", () => {
  for (const body of [null, "", "<html>", "[]", "null", '{"detail": 7}']) {
    const problem = readProblem(503, body, "7");
    assert.equal(problem.code, "unavailable");
    assert.equal(problem.retryAfter, 7);
    assert.ok(inWords(problem).endsWith("."));
  }
  assert.equal(readProblem(599, null).code, "internal");
});

test("Retry-After that is no number of seconds says nothing", () => {
  assert.equal(readProblem(503, null, "Sun, 22 Nov 2026 21:40:00 GMT").retryAfter, null);
  assert.equal(readProblem(503, null, null).retryAfter, null);
});

test("anything thrown has a problem", () => {
  assert.equal(problemOf(new Refused(readProblem(404, null))).code, "not_found");
  assert.equal(problemOf(new Error("oh")).detail, "oh");
  assert.equal(problemOf(3).code, "page_fault");
});

test("the server's clock is found to within the second and then better", () => {
  const clock = new ServerClock();
  assert.equal(clock.offset, 0);
  const truth = 5_000;
  for (let local = 1_000_000; local < 1_020_000; local += 1_370) {
    const server = new Date(Math.floor((local + 20 + truth) / 1000) * 1000).toUTCString();
    clock.observe(server, local, local + 40);
  }
  assert.ok(Math.abs(clock.offset - truth) < 200, `${clock.offset}`);
});

test("a clock that was set is followed", () => {
  const clock = new ServerClock();
  clock.observe(new Date(10_000_000).toUTCString(), 10_000_000, 10_000_010);
  clock.observe(new Date(50_000_000).toUTCString(), 10_001_000, 10_001_010);
  assert.ok(clock.now(10_001_000) >= 50_000_000 - 1000);
  clock.observe("nonsense", 0, 1);
  clock.observe(null, 0, 1);
});
