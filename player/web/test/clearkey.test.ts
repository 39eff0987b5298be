/** How films under `cbcs` are told to Shaka Player: one stand-in for all keys, and where licences are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attachClearKey, drmSettings, standIn } from "../src/screen/clearkey.ts";

const CLEAR_KEY = (kid: string): string => `METHOD=SAMPLE-AES,URI="https://house.test/play/token/licence",KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1",KEYID=0x${kid}\n`;
const MEDIA = `#EXTM3U\n#EXT-X-KEY:${CLEAR_KEY("A1")}#EXT-X-MAP:URI="init-0.mp4"\n#EXTINF:2,\na-0.m4s\n#EXT-X-KEY:${CLEAR_KEY("B2")}#EXT-X-MAP:URI="init-1.mp4"\n#EXTINF:2,\na-1.m4s\n`;

test("a media playlist names one key that holds nothing, and all of its segments", () => {
  const [, tag, ...rest] = standIn(MEDIA).split("\n");
  assert.match(tag ?? "", /^#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text\/plain;base64,",KEYFORMAT="urn:uuid:edef8ba9-/);
  assert.deepEqual(rest, ['#EXT-X-MAP:URI="init-0.mp4"', "#EXTINF:2,", "a-0.m4s", '#EXT-X-MAP:URI="init-1.mp4"', "#EXTINF:2,", "a-1.m4s", ""]);
});

test("keys of a session are left out: each is asked for when its first segment comes", () => {
  assert.equal(standIn(`#EXTM3U\n#EXT-X-SESSION-KEY:${CLEAR_KEY("A1")}#EXT-X-SESSION-KEY:${CLEAR_KEY("B2")}#EXT-X-VERSION:7\n`), "#EXTM3U\n#EXT-X-VERSION:7\n");
});

test("playlists of whole encrypted segments stay as they are", () => {
  const whole = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="/play/token/key/t0/0"\n#EXTINF:4,\n0.vtt\n';
  assert.equal(standIn(whole), whole);
});

test("only playlists are read", () => {
  let filter: (type: number, response: { originalUri: string; data: BufferSource }) => void = () => undefined;
  attachClearKey({ registerResponseFilter: (given) => void (filter = given) });
  const told = (originalUri: string): string => {
    const response = { originalUri, data: new TextEncoder().encode(MEDIA) as BufferSource };
    filter(0, response);
    return new TextDecoder().decode(response.data);
  };
  assert.equal(told("https://house.test/media/1.a/ti_x/ve_y/a0/token.m3u8"), standIn(MEDIA));
  assert.equal(told("https://house.test/media/1.a/ti_x/ve_y/a0/a-0.m4s"), MEDIA);
});

test("a film under aes-128 has no licences", () => {
  assert.deepEqual(drmSettings(null), { servers: {}, keySystemsMapping: {} });
  assert.deepEqual(drmSettings("/play/token/licence"), {
    servers: { "com.widevine.alpha": "/play/token/licence", "org.w3.clearkey": "/play/token/licence" },
    keySystemsMapping: { "com.widevine.alpha": "org.w3.clearkey" },
  });
});
