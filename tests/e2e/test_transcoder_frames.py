"""Every frame exactly once, whatever the rate, the container and the cuts."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import films
from tests.media.pipeline import transcode
from transcoder.plan import Policy

pytestmark = pytest.mark.e2e

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_frame_comes_once_and_in_order(
    folder: Path, tmp_path: Path, rate: Fraction, container: str
) -> None:
    frames = round(9 * rate) + 5
    done = transcode(films.counted(folder, rate, frames, container))
    assert done.plan.frame_rate == rate
    assert done.plan.frames == frames
    assert len(done.plan.chunks) >= 4
    assert films.read_numbers(done.write("v240", tmp_path), (320, 180)) == list(range(frames))
    for inits in done.sink.inits.values():
        assert len(inits) == len(done.plan.chunks)
        assert len(set(inits)) == 1


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ("ts", ()),
        ("mov", ("-c:v", "mpeg4", "-bf", "2", "-q:v", "3")),
        ("avi", ("-c:v", "mpeg4", "-bf", "0", "-q:v", "3")),
        ("flv", ("-ar", "44100")),
        ("mpg", ("-c:v", "mpeg2video", "-bf", "2", "-b:v", "4M", "-muxrate", "8M")),
        ("webm", ("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime", "-c:a", "libopus")),
    ],
)
def test_other_containers_and_codecs_keep_every_frame(
    folder: Path, tmp_path: Path, container: str, words: tuple[str, ...]
) -> None:
    codec = "mp2" if container == "mpg" else "aac"
    film = films.counted(folder, Fraction(25), 230, container, audio_codec=codec, extra=words)
    done = transcode(film)
    numbers = films.read_numbers(done.write("v240", tmp_path))
    # ffmpeg's AVI leaves a hole of one frame after the first: it stays for two.
    assert numbers == [*([0] if container == "avi" else []), *range(230)]


def test_fields_become_frames(tmp_path: Path) -> None:
    path = tmp_path / "fields.ts"
    words = ("-vf", "tinterlace=interleave_top", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-b:v", "4M")
    film = films.picture_film(tmp_path, 6, "320x180", "50")
    films.run_ffmpeg("-i", str(film), *words, "-c:a", "mp2", str(path))
    done = transcode(path)
    assert done.plan.info.video.interlaced
    assert done.plan.frame_rate == 25
    assert len(films.decode_gray(done.write("v240", tmp_path), (320, 180))) == done.plan.frames


def test_the_top_rung_looks_like_the_source(tmp_path: Path) -> None:
    film = films.picture_film(tmp_path, 5, "426x240")
    done = transcode(film, Policy(crypto_period_seconds=4))
    made = done.write("v240", tmp_path)
    command = [
        films.FFMPEG,
        "-nostdin",
        "-i",
        str(made),
        "-i",
        str(film),
        "-lavfi",
        "[0:v][1:v]ssim",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    likeness = float(said.rsplit("All:", 1)[1].split()[0])
    assert likeness >= 0.95
