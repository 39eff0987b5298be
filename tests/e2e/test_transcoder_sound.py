"""Sound and picture stay together, and sound has no seams."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media import films
from tests.media.pipeline import transcode

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def flashes(path: Path, rate: Fraction) -> list[float]:
    bright = films.decode_gray(path, (160, 90)).mean(axis=(1, 2)) > 125
    return [float(int(n) / rate) for n in np.flatnonzero(bright)]


def beeps(path: Path) -> list[float]:
    loud = np.abs(films.decode_sound(path)) > 0.25
    at = np.flatnonzero(loud)
    return [float(n) / 48_000 for n in at[np.flatnonzero(np.diff(at, prepend=-48_000) > 12_000)]]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25)], ids=str)
def test_flash_and_beep_stay_within_20_ms(
    folder: Path, tmp_path: Path, rate: Fraction, container: str
) -> None:
    film = films.flash_and_beep(folder, rate, container=container)
    done = transcode(film)
    joined = done.join("v240", tmp_path)
    seen, heard = flashes(joined, rate), beeps(joined)
    assert seen[0] == 0
    assert len(seen) == len(heard) == 9
    for flash, beep in zip(seen, heard, strict=True):
        assert abs(flash - beep) < 0.02


def seams(path: Path, hertz: float) -> float:
    """The largest departure from a steady sine, as a share of its height, after the first 100 ms."""
    sound = films.decode_sound(path)[4_800:-9_600].astype(np.float64)
    turn = 2 * np.cos(2 * np.pi * hertz / 48_000)
    residue = sound[2:] - turn * sound[1:-1] + sound[:-2]  # zero for a sine of that pitch
    return float(np.abs(residue).max() / np.abs(sound).max())


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp4", "aac", 48_000),
        ("mkv", "aac", 48_000),
        ("mkv", "ac3", 44_100),
        ("mkv", "flac", 44_100),
        ("mov", "pcm_s16le", 44_100),
    ],
)
def test_a_sine_runs_through_every_cut(
    folder: Path, tmp_path: Path, container: str, codec: str, rate: int
) -> None:
    film = films.counted(
        folder, Fraction(24000, 1001), 216, container, sound=f"sine=440:r={rate}", audio_codec=codec
    )
    done = transcode(film)
    whole = tmp_path / "whole.mp4"
    films.run_ffmpeg("-i", str(film), "-map", "0:a", "-ar", "48000", "-ac", "2", "-c:a", "aac", str(whole))
    unbroken = seams(whole, 440)
    # 440 Hz shifted by one sample at a cut would leave a residue of 0.058.
    assert seams(done.write("a0", tmp_path), 440) < max(2 * unbroken, 0.002)


def test_sound_covers_the_picture_and_segments_add_up(folder: Path) -> None:
    done = transcode(films.flash_and_beep(folder, Fraction(25)))
    total = sum(done.plan.segment_duration("a0", s.sequence) for s in done.plan.segments)
    assert 0 <= total - done.plan.duration < Fraction(1024, 48_000)
