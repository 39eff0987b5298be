/** The storyboard's addresses, vectors and boxes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { boxed, isSheet, isSpare, ivOf, keyAddress, renamed, sequenceOf } from "../src/screen/storyboard.ts";

const SHEET = "https://house.test/media/1.a/ti_x/ve_y/s0/s-000258-k3x9q2ab.jpg";

test("a sheet is told by its address, and so is its place", () => {
  assert.equal(isSheet(SHEET), true);
  assert.equal(isSheet(SHEET.replace(".jpg", ".m4s")), false);
  assert.equal(sequenceOf(SHEET), 258);
  assert.deepEqual([...ivOf(258)], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
});

test("the key is at the playback's own door", () => {
  assert.equal(keyAddress("/play/token/main.m3u8"), "/play/token/key/s0/0");
});

test("a film goes on without subtitles and pictures to seek by, and not without its own pieces", () => {
  for (const one of [SHEET, "/media/a/t12/t-000000-x.vtt", "/play/token/key/t0/4", "/play/token/key/s0/0"]) assert.equal(isSpare(one), true);
  for (const one of ["/media/a/v480/v-000001-x.m4s", "/play/token/key/v480/4", "/play/token/key/a0s/1"]) assert.equal(isSpare(one), false);
});

test("what is decrypted lies in one box", () => {
  const box = new Uint8Array(boxed(new Uint8Array([255, 216]).buffer));
  assert.deepEqual([...box], [0, 0, 0, 10, 109, 100, 97, 116, 255, 216]);
});

test("only storyboards are renamed in the playlist", () => {
  const playlist = '#EXTM3U\n#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,CODECS="jpeg",URI="s0.m3u8"\n#EXT-X-STREAM-INF:CODECS="jpeg"\n';
  const text = new TextDecoder().decode(renamed(new TextEncoder().encode(playlist)));
  assert.equal(text, playlist.replace('INF:BANDWIDTH=1,CODECS="jpeg"', 'INF:BANDWIDTH=1,CODECS="mjpg"'));
});
