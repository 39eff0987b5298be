/** How the page writes what it tells the house of a film's playing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { line, reportAddress } from "../src/screen/reports.ts";

const SAID = { event: "ps", at: 1_700_000_000_123, number: 4, playback: "pb_one", state: "p", kilobits: 456, startup: 811.6 };

test("a report is a dictionary with its keys in order", () => {
  const written = line(SAID);
  assert.equal(written, 'br=(456),cid="pb_one",e=ps,msd=812,sn=4,sta=p,ts=1700000000123,v=2');
  const keys = written.split(",").map((part) => part.split("=")[0]);
  assert.deepEqual(keys, [...keys].sort());
});

test("what is not known is not said", () => {
  assert.equal(line({ ...SAID, kilobits: 0, startup: null }), 'cid="pb_one",e=ps,sn=4,sta=p,ts=1700000000123,v=2');
});

test("reports go to the playback's own door", () => {
  assert.equal(reportAddress("/play/token/main.m3u8"), "/play/token/cmcd");
});
