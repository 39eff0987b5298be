/** What is asked for ahead is given once, under its own address alone; all else goes the engine's own way. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { EarlyAnswers, type Operation, schemeOf } from "../src/screen/early.ts";

const PAGE = "https://house.test/watch/ti_x";
const MAIN = "/play/token/main.m3u8";
const KEY = "/play/token/key/v240/0";

interface Request {
  method: string;
}

/** Shaka's side: what went to the network, and what was given up there. */
function opened(ahead: EarlyAnswers): { ask(address: string, method?: string): Operation; network: string[]; stopped: string[] } {
  const network: string[] = [];
  const stopped: string[] = [];
  const scheme = schemeOf<Request, []>(ahead, {
    network: (address) => {
      network.push(address);
      return { promise: Promise.resolve("from the network"), abort: async () => void stopped.push(address) };
    },
    operation: (promise, abort) => ({ promise, abort }),
    aborted: (address) => new Error(`gave up ${address}`),
  });
  return { ask: (address, method = "GET") => scheme(address, { method }), network, stopped };
}

function bootstrapped(segments: string[] = []): EarlyAnswers {
  const ahead = new EarlyAnswers(PAGE);
  ahead.begin({ playlists: { [MAIN]: "#EXTM3U\n" }, objects: { [KEY]: btoa("\x00\xffkey") }, segments });
  return ahead;
}

function bodyOf(response: unknown): number[] {
  return [...new Uint8Array((response as { data: ArrayBuffer }).data)];
}

test("what came with the playback is given once, and then asked for", async () => {
  const engine = opened(bootstrapped());
  const first = await engine.ask(`https://house.test${MAIN}`).promise;
  assert.deepEqual(bodyOf(first), [...new TextEncoder().encode("#EXTM3U\n")]);
  assert.equal(await engine.ask(`https://house.test${MAIN}`).promise, "from the network");
  assert.deepEqual(engine.network, [`https://house.test${MAIN}`]);
});

test("a key is given as it is, and nothing is left of it", async () => {
  const ahead = bootstrapped();
  const engine = opened(ahead);
  assert.deepEqual(bodyOf(await engine.ask(KEY).promise), [0, 255, 107, 101, 121]);
  assert.equal(ahead.take(KEY), null);
});

test("an address that differs in anything, or another method, goes to the network", async () => {
  const engine = opened(bootstrapped());
  for (const address of [`${KEY}1`, `${KEY}?s=1`, `https://other.test${KEY}`]) await engine.ask(address).promise;
  await engine.ask(KEY, "POST").promise;
  assert.equal(engine.network.length, 4);
});

test("the scheme alone before a path means this house, as the engine writes it", async () => {
  const engine = opened(bootstrapped());
  const answer = await engine.ask(`https:${MAIN}`).promise;
  // What a playlist names is found from its `uri`.
  assert.equal((answer as { uri: string }).uri, `https://house.test${MAIN}`);
  assert.deepEqual(engine.network, []);
});

test("the first segments are fetched at once, and a later question waits for the same answer", async () => {
  const fetched = mock.method(globalThis, "fetch", async () => new Response(new Uint8Array([1, 2, 3])));
  const engine = opened(bootstrapped(["/media/1.a/ti_x/ve_y/v240/v-000000-a.m4s"]));
  assert.equal(fetched.mock.callCount(), 1);
  assert.deepEqual(bodyOf(await engine.ask("/media/1.a/ti_x/ve_y/v240/v-000000-a.m4s").promise), [1, 2, 3]);
  assert.equal(fetched.mock.callCount(), 1);
  mock.restoreAll();
});

for (const [name, answer] of [
  ["refused", async () => new Response("no", { status: 404 })],
  ["lost", async () => Promise.reject(new TypeError("offline"))],
] as const) {
  test(`what was ${name} ahead is asked for anew, so that the engine hears why`, async () => {
    mock.method(globalThis, "fetch", answer);
    const engine = opened(bootstrapped(["/media/x.m4s"]));
    assert.equal(await engine.ask("/media/x.m4s").promise, "from the network");
    mock.restoreAll();
  });
}

test("what the engine gives up ends at once, whether it waits for us or for the network", async () => {
  mock.method(globalThis, "fetch", () => new Promise(() => undefined));
  const waiting = opened(bootstrapped(["/media/x.m4s"]));
  const operation = waiting.ask("/media/x.m4s");
  await operation.abort();
  await assert.rejects(operation.promise, /gave up \/media\/x.m4s/);
  assert.deepEqual(waiting.network, []);

  mock.method(globalThis, "fetch", async () => new Response("", { status: 500 }));
  const asking = opened(bootstrapped(["/media/x.m4s"]));
  const second = asking.ask("/media/x.m4s");
  await second.promise;
  await second.abort();
  assert.deepEqual(asking.stopped, ["/media/x.m4s"]);
  mock.restoreAll();
});

test("another playback leaves nothing of the one before", async () => {
  const ahead = bootstrapped();
  ahead.begin(null);
  assert.equal(ahead.size, 0);
});
