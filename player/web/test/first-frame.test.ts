import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { firstFrame } from "../src/screen/first-frame.ts";

/** Whether it has come by now. */
async function come(one: Promise<void>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([one.then(() => true), later]);
}

function quiet(context: TestContext): void {
  context.mock.timers.enable({ apis: ["setTimeout"] });
}

test("the first frame is waited for as the browser tells it", async (context) => {
  quiet(context);
  let show: () => void = () => undefined;
  const video = Object.assign(new EventTarget(), { requestVideoFrameCallback: (then: () => void) => (show = then) });
  const seen = firstFrame(video as unknown as HTMLVideoElement, 1500);
  video.dispatchEvent(new Event("loadeddata"));
  assert.equal(await come(seen), false);
  show();
  assert.equal(await come(seen), true);
});

test("a browser that tells no frames says when there is one to show", async (context) => {
  quiet(context);
  const video = new EventTarget();
  const seen = firstFrame(video as unknown as HTMLVideoElement, 1500);
  assert.equal(await come(seen), false);
  video.dispatchEvent(new Event("loadeddata"));
  assert.equal(await come(seen), true);
});

test("a film that shows nothing is not waited for without end", async (context) => {
  quiet(context);
  const seen = firstFrame(new EventTarget() as unknown as HTMLVideoElement, 1500);
  context.mock.timers.tick(1499);
  assert.equal(await come(seen), false);
  context.mock.timers.tick(1);
  assert.equal(await come(seen), true);
});
