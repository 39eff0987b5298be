import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceName, nextPath, strength } from "../src/accounts/shared.ts";
import { leftWords, moves, ordinal, playableWords, pollDelay, preparedWords, queueWords, stageWords } from "../src/studio/stages.ts";
import { localMoment, localValue, requestOf, termsOf } from "../src/studio/terms.ts";
import { fitted, isRead } from "../src/studio/picture.ts";
import { languageOf, pathFor, said, titleFor } from "../src/studio/subtitle-words.ts";
import { watchingWords } from "../src/studio/watching.ts";
import { doorOf } from "../src/ui/lists.ts";
import { refusalOf, sameFile, unfinishedFor } from "../src/upload/match.ts";

const progress = { stage: "encoding", percent: 12, frames_done: 1, frames_total: 2, eta_s: 200, playable_s: 250, queue_position: null, prepared_s: 0 } as const;

test("the making of a film is told in words", () => {
  assert.equal(stageWords("verifying"), "Checking every piece");
  assert.equal(queueWords(1), "Next in the queue");
  assert.equal(queueWords(2), "2nd in the queue");
  assert.equal(queueWords(null), "");
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
  assert.equal(playableWords(250), "4:10 can be watched already");
  assert.equal(playableWords(0), "");
  assert.equal(preparedWords(8), "0:08 of it is prepared");
  assert.equal(preparedWords(0), "");
  assert.equal(leftWords(progress), "about 3 minutes left");
  assert.equal(leftWords({ ...progress, stage: "queued" }), "");
});

test("it is looked at often while something moves, seldom when nobody sees it, and not when all is done", () => {
  assert.ok(pollDelay("encoding", false) <= 1000);
  assert.ok(pollDelay("encoding", true) >= 10_000);
  assert.ok(moves("queued") && !moves("ready") && !moves("failed"));
});

test("revoking says what happens to whom", () => {
  assert.equal(watchingWords(0), "Nobody is watching now.");
  assert.match(watchingWords(1), /^One person is watching/);
  assert.match(watchingWords(3), /^3 people are watching; they stop within a minute/);
});

const fields = { holder: "account", to: " Ben ", label: "x", begin: "now", finish: "at", valid_until: "2026-11-24T20:00", rental_count: "2", rental_unit: "days", playback_count: "", playback_unit: "hours", tier: "hd", max_streams: "2" };

test("the form's fields become terms and a request", () => {
  const terms = termsOf(fields, "Tide");
  assert.equal(terms.name, "Ben");
  assert.equal(terms.from, null);
  assert.equal(terms.rental, 172_800);
  assert.equal(terms.playback, null);
  const request = requestOf(terms);
  assert.equal(request["to"], "Ben");
  assert.equal(request["link"], false);
  assert.equal(request["valid_until"], new Date("2026-11-24T20:00").toISOString());
  const link = requestOf(termsOf({ ...fields, holder: "link", finish: "never" }, "Tide"));
  assert.deepEqual([link["to"], link["link"], link["label"], link["valid_until"]], [null, true, "x", null]);
  const grant = requestOf(termsOf(fields, "Noir", true));
  assert.deepEqual([grant["to"], "link" in grant, "label" in grant], ["Ben", false, false]);
});

test("an empty time that was asked for is no time", () => {
  assert.ok(Number.isNaN(termsOf({ ...fields, valid_until: "" }, "Tide").until));
  assert.equal(localMoment(localValue(1_790_000_040_000)), 1_790_000_040_000);
});

test("a file finds its unfinished upload by name and size", () => {
  const waiting = [{ filename: "tide.mp4", length: 10 }, { filename: "Café.mp4", length: 11 }];
  assert.equal(unfinishedFor({ name: "tide.mp4", size: 10 }, waiting), waiting[0]);
  assert.equal(unfinishedFor({ name: "tide.mp4", size: 12 }, waiting), null);
  assert.equal(unfinishedFor({ name: "Cafe\u0301.mp4", size: 11 }, waiting), waiting[1]);
  assert.ok(sameFile({ name: "a.mp4", size: 1 }, { filename: "folder/a.mp4", length: 1 }));
});

test("files that cannot be are refused with a sentence", () => {
  assert.match(refusalOf({ name: "a.mp4", size: 0 }, null) ?? "", /empty/);
  assert.match(refusalOf({ name: "a.mp4", size: 2e9 }, 1e9) ?? "", /2.00 GB.*1.00 GB/);
  assert.equal(refusalOf({ name: "a.mp4", size: 2e9 }, null), null);
});

test("a guest link is taken as an address, a path or a token, and only of this house", () => {
  const token = "abcDEF0123456789_-xyz";
  const origin = "http://house.test:8000";
  for (const typed of [token, `/l/${token}`, `${origin}/l/${token}`, `${origin}/l/${token}/?x=1`]) assert.equal(doorOf(typed, origin), `/l/${token}`);
  for (const typed of ["", "hello", `https://elsewhere.test/l/${token}`, `${origin}/t/${token}`, "javascript:alert(1)", `//elsewhere.test/l/${token}`]) assert.equal(doorOf(typed, origin), null, typed);
});

test("after logging in one stays in this house", () => {
  const origin = "http://house.test";
  assert.equal(nextPath("/t/ti_1?x=1", origin), "/t/ti_1?x=1");
  for (const bad of ["//evil.test/", "https://evil.test", "javascript:alert(1)", undefined, ""]) assert.equal(nextPath(bad, origin), "/", bad);
  assert.equal(nextPath("\\\\evil.test", origin), "/");
});

test("a password's length is told as it grows", () => {
  assert.equal(strength("123456789"), "1 more character.");
  assert.match(strength("1234567890"), /Long enough/);
});

test("a device has a name people know", () => {
  assert.equal(deviceName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"), "Chrome on Linux");
  assert.equal(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1"), "Safari on iPhone");
});

test("a file's name may tell its language", () => {
  const known = ["und", "en", "de", "pt"];
  assert.equal(languageOf("The Night Ferry.de.srt", known), "de");
  assert.equal(languageOf("ferry.pt-BR.forced.vtt", known), "pt");
  assert.equal(languageOf("en.srt", known), null, "that is the film's name");
  assert.equal(languageOf("ferry.und.srt", known), null);
  assert.equal(languageOf("ferry.xx.srt", known), null);
});

test("what is said of a track goes into the address, and nothing that was not said", () => {
  const words = { language: "de", label: "Für alle & jeden", sdh: true, forced: false, default: false };
  assert.equal(pathFor("/s", words, "t1"), "/s?language=de&label=F%C3%BCr+alle+%26+jeden&sdh=true&replaces=t1");
  assert.equal(titleFor("replace", ""), "Replace these subtitles");
  assert.match(said("remove"), /are gone/);
});

test("pictures that the house does not read become smaller JPEGs, of the same shape", () => {
  assert.ok(isRead("image/webp") && !isRead("image/png") && !isRead(""));
  assert.deepEqual(fitted(6000, 3000), { width: 2560, height: 1280 });
  assert.deepEqual(fitted(640, 480), { width: 640, height: 480 });
  assert.deepEqual(fitted(10_000, 1), { width: 2560, height: 1 });
});
