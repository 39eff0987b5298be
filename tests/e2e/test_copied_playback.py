"""A copied rung in Shaka and Chromium: it plays to its end, and one may change from it and to it anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.matrix.hls import write_hls
from tests.matrix.serve import serving
from tests.matrix.shaka import Shaka, shaka_at
from tests.media import films
from tests.media.pipeline import copy
from tests.support.browser import chromium

pytestmark = pytest.mark.e2e

_SWITCH = """async ({url, bits, patience}) => {
  const video = document.querySelector('video');
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  player.configure('abr.enabled', false);
  const faults = [], seen = [], heights = new Set();
  player.addEventListener('error', (event) => faults.push(`${event.detail.code} ${event.detail.data}`));
  await player.load(url);
  const tracks = player.getVariantTracks().sort((a, b) => b.height - a.height);
  const canvas = new OffscreenCanvas(bits * 8, 20);
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  const look = (_, about) => {
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const late = performance.now() - about.presentationTime;
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      if (pen.getImageData(bit * 8 + 4, 4, 1, 1).data[1] > 125) number |= 1 << bit;
    }
    heights.add(video.videoHeight);
    seen.push([about.mediaTime, number, late]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  let turn = 0;
  const turning = setInterval(() => player.selectVariantTrack(tracks[++turn % tracks.length], true), 1500);
  const ended = new Promise((done, failed) => {
    video.addEventListener('ended', done, {once: true});
    setTimeout(() => failed(new Error(`stood at ${video.currentTime}: ${faults}`)), patience);
  });
  player.selectVariantTrack(tracks[0], true);
  await video.play();
  await ended;
  clearInterval(turning);
  const told = {seen, faults, heights: [...heights], duration: video.duration, rungs: tracks.length};
  await player.destroy();
  return told;
}"""


@dataclass(frozen=True)
class Watched:
    """Pictures as (seconds, number in the picture, milliseconds since it was shown), faults, heights of the
    pictures, seconds of film."""

    seen: list[tuple[float, int, float]]
    faults: list[str]
    heights: list[int]
    duration: float
    rungs: int


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium()


def watch(screen: Shaka, playlist: str) -> Watched:
    about = {"url": screen.home + playlist, "bits": films.BITS, "patience": 60_000}
    return Watched(**screen.page.evaluate(_SWITCH, about))


@pytest.mark.parametrize(
    ("rate", "container", "reorder", "sound_rate"),
    [(Fraction(24000, 1001), "mp4", 3, 48_000), (Fraction(25), "mkv", 0, 44_100)],
)
def test_a_player_changes_between_the_copied_rung_and_others(
    browser: Browser, tmp_path: Path, rate: Fraction, container: str, reorder: int, sound_rate: int
) -> None:
    frames = round(9 * rate)
    film = films.streamable(tmp_path, rate, frames, container, reorder=reorder, sound_rate=sound_rate)
    playlist = write_hls(copy(film), tmp_path / "hls")
    with serving(tmp_path) as home, shaka_at(browser, tmp_path, home) as screen:
        told = watch(screen, f"/{playlist.relative_to(tmp_path)}")
    assert told.faults == []
    assert told.rungs == 2
    assert set(told.heights) == {360, 240}
    assert abs(told.duration - float(frames / rate)) < 0.1
    # Who looks a picture's time later, on a busy machine, sees another one.
    seen = [(at, number) for at, number, late in told.seen if late * rate < 1000]
    assert len(seen) > frames / 4
    for at, number in seen:
        assert abs(at * rate - number) < 1.01, (at, number)
