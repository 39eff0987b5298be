"""Shaka in one headless Chromium: each playlist played to its end, then looked at in three places."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

SHAKA = Path(__file__).parents[2] / "player/web/node_modules/shaka-player/dist/shaka-player.compiled.js"
PATIENCE_MS = 60_000
_PAGE = """<!doctype html><meta charset="utf-8"><title>Matrix</title>
<script src="shaka.js"></script><video width="320" height="180"></video>"""
_WATCH = """async ({url, places, bits, patience}) => {
  const video = document.querySelector('video');
  const within = (name) => new Promise((done, failed) => {
    const place = () => `${video.currentTime} of ${video.duration}, ready ${video.readyState}`;
    const fail = () => failed(new Error(`no ${name} at ${place()}: ${video.error?.message}`));
    const timer = setTimeout(fail, patience);
    video.addEventListener(name, () => { clearTimeout(timer); done(); }, {once: true});
  });
  if (!window.screen1) {
    shaka.polyfill.installAll();
    window.screen1 = new shaka.Player();
    await window.screen1.attach(video);
  }
  const player = window.screen1;
  player.configure('abr.enabled', false);
  const faults = [];
  player.addEventListener('error', (event) => faults.push(`shaka ${event.detail.code} ${event.detail.data}`));
  await player.load(url);
  const best = player.getVariantTracks().reduce((a, b) => (b.bandwidth > a.bandwidth ? b : a));
  player.selectVariantTrack(best, true);
  const ended = within('ended');
  video.playbackRate = 16;
  await video.play();
  await ended;
  video.pause();
  video.playbackRate = 1;
  const told = {duration: video.duration, width: video.videoWidth, height: video.videoHeight, numbers: []};
  const canvas = new OffscreenCanvas(bits * 8, 20);
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  for (const place of places) {
    // "seeked" may come before the picture is on the screen: wait for the one shown at this place.
    const seeked = within('seeked');
    const shown = new Promise((done) => {
      const wait = () => video.requestVideoFrameCallback((_, about) => {
        Math.abs(about.mediaTime - place) < 0.2 ? done() : wait();
      });
      wait();
    });
    video.currentTime = place;
    await seeked;
    await shown;
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      if (pen.getImageData(bit * 8 + 4, 4, 1, 1).data[1] > 125) number |= 1 << bit;
    }
    told.numbers.push(number);
  }
  await player.unload();
  return {...told, faults};
}"""


@dataclass(frozen=True)
class Watched:
    """What the video element showed: seconds, pixels, the numbers in the pictures looked at, and faults."""

    duration: float
    width: int
    height: int
    numbers: list[int]
    faults: list[str]


@dataclass(frozen=True)
class Shaka:
    """A page with the player in it."""

    page: Page
    home: str

    def watch(self, playlist: str, places: Sequence[float], bits: int) -> Watched:
        """Play a playlist to its end and look at the pictures shown at `places` (seconds)."""
        about = {"url": self.home + playlist, "places": list(places), "bits": bits, "patience": PATIENCE_MS}
        return Watched(**self.page.evaluate(_WATCH, about))


@contextmanager
def shaka_at(browser: Browser, folder: Path, home: str) -> Iterator[Shaka]:
    """Put Shaka into a served folder and open it."""
    assert SHAKA.is_file(), "Shaka is missing; run: python -m player.build"
    shutil.copy(SHAKA, folder / "shaka.js")
    (folder / "index.html").write_text(_PAGE)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{home}/index.html")
    yield Shaka(page, home)
    page.close()
