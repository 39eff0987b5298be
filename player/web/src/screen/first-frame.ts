/** When the viewer sees something: what is not needed for that comes after it. */

type Seen = Pick<HTMLVideoElement, "addEventListener"> & { requestVideoFrameCallback?: (then: () => void) => unknown };

/** Waits for the first frame; `longest`: milliseconds after which it is not waited for any more. */
export function firstFrame(video: Seen, longest: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, longest);
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(() => resolve());
    else video.addEventListener("loadeddata", () => resolve(), { once: true });
  });
}
