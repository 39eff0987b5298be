/** Which rungs a playlist offers, and when a film has more of them than its player knows. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Rungs, rungsOf } from "../src/screen/rungs.ts";

const PLAY = "https://house.test/play/token/main.m3u8";

function playlist(...rungs: string[]): string {
  const offered = rungs.map((rung) => `#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="aac-2"\n/media/1.a/ti_x/ve_y/${rung}/token.m3u8\n`);
  return `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="/media/1.a/ti_x/ve_y/a0s/token.m3u8"\n${offered.join("")}#EXT-X-I-FRAME-STREAM-INF:URI="i240"\n`;
}

function opened(...rungs: string[]): Rungs {
  let filter: (type: number, response: { originalUri: string; data: BufferSource }) => void = () => undefined;
  const known = new Rungs();
  known.attach({ registerResponseFilter: (given) => void (filter = given) });
  known.begin(PLAY);
  filter(0, { originalUri: PLAY, data: new TextEncoder().encode(playlist(...rungs)) });
  filter(0, { originalUri: "https://house.test/media/1.a/ti_x/ve_y/v240/token.m3u8", data: new TextEncoder().encode("#EXTM3U") });
  return known;
}

function serving(...answers: (string | number)[]): () => number {
  let asked = 0;
  mock.method(globalThis, "fetch", async () => {
    const answer = answers[asked++];
    if (answer === undefined) throw new TypeError("offline");
    return typeof answer === "number" ? new Response("", { status: answer }) : new Response(answer);
  });
  return () => asked;
}

test("rungs are told by the renditions of picture alone, each once", () => {
  assert.deepEqual(rungsOf(playlist("v1080", "v240", "v240")), ["v1080", "v240"]);
  assert.deepEqual(rungsOf("#EXTM3U\n"), []);
});

test("a film that is whole is looked at once more, and never again", async () => {
  const asked = serving(playlist("v1080", "v240"));
  const rungs = opened("v240");
  assert.equal(await rungs.haveGrown(false), true);
  assert.equal(await rungs.haveGrown(false), false);
  assert.equal(asked(), 1);
});

test("a film that grows is looked at every ten seconds", async () => {
  const clock = mock.method(performance, "now", () => 1000);
  const rungs = opened("v240");
  const asked = serving(playlist("v240"), playlist("v1080", "v240"));
  assert.equal(await rungs.haveGrown(true), false);
  assert.equal(asked(), 0);
  clock.mock.mockImplementation(() => 11_000);
  assert.equal(await rungs.haveGrown(true), false);
  assert.equal(asked(), 1);
  clock.mock.mockImplementation(() => 21_000);
  assert.equal(await rungs.haveGrown(true), true);
  clock.mock.restore();
});

test("a rung that is gone, a refusal and a missing connection are no reason to begin anew", async () => {
  for (const answer of [[playlist("v240")], [503], []]) {
    serving(...answer);
    assert.equal(await opened("v1080", "v240").haveGrown(false), false);
  }
});
