"""Codecs and languages beside one another in Shaka and Chromium: what it knows is taken, the rest is left."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.matrix.hls import write_hls
from tests.matrix.serve import serving
from tests.matrix.shaka import Shaka, shaka_at
from tests.media import films
from tests.media.pipeline import SHORT, transcode
from tests.support.browser import chromium

pytestmark = pytest.mark.e2e

EVERYTHING = replace(
    SHORT,
    codecs=("h264", "hevc", "av1"),
    audio_codecs=("aac", "opus"),
    hevc_preset="ultrafast",
    av1_preset=10,
)
RATE, FRAMES = Fraction(24), 144
TONES = {"en": 440, "de": 1320}
"""Hertz of the tone of each language."""

_WATCH = """async ({url, codecs, bits, languages}) => {
  const video = document.querySelector('video');
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  const [picture, sound] = codecs;
  player.configure({preferredVideoCodecs: picture, preferredAudioCodecs: sound, abr: {enabled: false}});
  const faults = [], seen = [], heard = {};
  player.addEventListener('error', (event) => faults.push(`${event.detail.code} ${event.detail.data}`));
  await player.load(url);
  const played = player.getVariantTracks().map((track) => [track.videoCodec, track.audioCodec].join());
  const context = new AudioContext(), ears = context.createAnalyser();
  ears.fftSize = 4096;
  context.createMediaElementSource(video).connect(ears);
  ears.connect(context.destination);
  await context.resume();
  const loudest = () => {
    const levels = new Float32Array(ears.frequencyBinCount);
    ears.getFloatFrequencyData(levels);
    const most = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 1);
    return levels[most] > -60 ? most * context.sampleRate / ears.fftSize : 0;
  };
  const hears = async (hertz) => {
    // One look in a moment without sound says nothing: wait for the tone, up to the end of the film.
    while (!video.ended) {
      const tone = loudest();
      if (Math.abs(tone - hertz) < 30) return tone;
      await new Promise((next) => requestAnimationFrame(next));
    }
    return loudest();
  };
  const pen = new OffscreenCanvas(bits * 8, 20).getContext('2d', {willReadFrequently: true});
  const look = (_, about) => {
    pen.drawImage(video, 0, 0, bits * 8, 20);
    const late = performance.now() - about.presentationTime;
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      if (pen.getImageData(bit * 8 + 4, 4, 1, 1).data[1] > 125) number |= 1 << bit;
    }
    seen.push([about.mediaTime, number, late]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const over = new Promise((done) => video.addEventListener('ended', done, {once: true}));
  await video.play();
  for (const [language, hertz] of Object.entries(languages)) {
    const track = player.getAudioTracks().find((one) => one.language === language);
    player.selectAudioTrack(track, 0);
    heard[language] = await hears(hertz);
  }
  await over;
  await player.destroy();
  return {played: [...new Set(played)], seen, heard, faults};
}"""


@dataclass(frozen=True)
class Watched:
    """Codecs as "av01.0.00M.08,opus", pictures as (seconds, number, milliseconds since it was shown), hertz
    heard of each language, faults."""

    played: list[str]
    seen: list[tuple[float, int, float]]
    heard: dict[str, float]
    faults: list[str]


def bilingual(folder: Path) -> Path:
    """Numbered pictures with two languages, a tone each."""
    path = folder / "bilingual.mkv"
    tones = [
        word
        for hertz in TONES.values()
        for word in ("-f", "lavfi", "-i", f"sine={hertz}:sample_rate=48000:duration={FRAMES / RATE}")
    ]
    names = [
        word for n, language in enumerate(TONES) for word in (f"-metadata:s:a:{n}", f"language={language}")
    ]
    pictures = films.counted(folder, RATE, FRAMES)
    copied = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", "-c:a", "flac")
    films.run_ffmpeg("-i", str(pictures), *tones, *copied, *names, str(path))
    return path


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shaka, str]]:
    """A page with Shaka, and the playlist of a film in every codec."""
    folder = tmp_path_factory.mktemp("codecs")
    playlist = write_hls(transcode(bilingual(folder), EVERYTHING), folder / "hls")
    for browser in chromium():
        with serving(folder) as home, shaka_at(browser, folder, home) as page:
            yield page, f"/{playlist.relative_to(folder)}"


@pytest.mark.parametrize(
    ("wanted", "played"),
    [
        ((["avc1"], ["mp4a"]), ("avc1", "mp4a")),
        ((["hvc1"], ["opus"]), ("av01", "opus")),
    ],
    ids=["what every player knows", "what Debian's Chromium cannot decode"],
)
def test_chromium_plays_what_it_knows_in_every_language(
    screen: tuple[Shaka, str], wanted: tuple[list[str], list[str]], played: tuple[str, str]
) -> None:
    page, playlist = screen
    about = {"url": page.home + playlist, "codecs": wanted, "bits": films.BITS, "languages": TONES}
    page.page.reload()
    told = Watched(**page.page.evaluate(_WATCH, about))
    assert told.faults == []
    assert {tuple(c.partition(".")[0] for c in codecs.split(",")) for codecs in told.played} == {played}
    # Who looks a picture's time later, on a busy machine, sees another one.
    seen = [(at, number) for at, number, late in told.seen if late * RATE < 1000]
    assert len(seen) > FRAMES / 4
    for at, number in seen:
        assert abs(at * RATE - number) < 1.01, (at, number)
    for language, hertz in TONES.items():
        assert told.heard[language] == pytest.approx(hertz, abs=30), told.heard
