"""Sound and picture stay together, and sound has no seams."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media import films
from tests.media.pipeline import SHORT, transcode

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


BOTH = replace(SHORT, audio_codecs=("aac", "opus"))


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
    done = transcode(film, BOTH)
    for sound in ("a0", "a0o"):
        joined = done.join("v240", tmp_path, sound)
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
    done = transcode(film, BOTH)
    for sound, encoder in (("a0", "aac"), ("a0o", "libopus")):
        whole = tmp_path / f"{encoder}.mp4"
        films.run_ffmpeg(
            *("-i", str(film), "-map", "0:a", "-ar", "48000", "-ac", "2", "-c:a", encoder, str(whole))
        )
        unbroken = seams(whole, 440)
        # 440 Hz shifted by one sample at a cut would leave a residue of 0.058.
        assert seams(done.write(sound, tmp_path), 440) < max(2 * unbroken, 0.002)


def test_sound_covers_the_picture_and_segments_add_up(folder: Path) -> None:
    done = transcode(films.flash_and_beep(folder, Fraction(25)))
    total = sum(done.plan.segment_duration("a0", s.sequence) for s in done.plan.segments)
    assert 0 <= total - done.plan.duration < Fraction(1024, 48_000)


def test_noise_has_no_more_faults_at_cuts_than_elsewhere(folder: Path, tmp_path: Path) -> None:
    noise = "anoisesrc=c=pink:a=0.4:seed=7:r=48000"
    film = films.counted(folder, Fraction(25), 225, "mkv", sound=noise, audio_codec="flac", name="noise")
    wanted = films.decode_sound(film)
    done = transcode(film, BOTH)
    borders = [round(chunk.first_frame * 48_000 / 25) for chunk in done.plan.chunks[1:]]
    assert len(borders) == 3
    for sound in ("a0", "a0o"):
        heard = films.decode_sound(done.write(sound, tmp_path))
        fault = heard[: wanted.size] - wanted[: heard.size]
        typical = np.sqrt(np.mean(fault**2))
        for border in borders:
            near = fault[border - 2_400 : border + 2_400]
            assert np.sqrt(np.mean(near**2)) < 1.15 * typical


def loudest(sound: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> set[int]:
    """Hertz of the tones within a third of the loudest one's height."""
    spectrum = np.abs(np.fft.rfft(sound[48_000:96_000] * np.hanning(48_000)))
    return {round(float(n) / 5) * 5 for n in np.flatnonzero(spectrum > spectrum.max() / 3)}


@pytest.mark.parametrize(("layout", "codec"), [("5.1(side)", "ac3"), ("5.1", "flac"), ("7.1", "flac")])
def test_every_speaker_of_surround_says_its_own(
    folder: Path, tmp_path: Path, layout: str, codec: str
) -> None:
    done = transcode(films.surround(folder, layout, codec, 0.25), BOTH)
    assert [sound.name for sound in done.plan.audios] == ["a0", "a0s", "a0o", "a0os"]
    behind = {"5.1(side)": ({900}, {1000}), "5.1": ({700}, {800}), "7.1": ({700, 900}, {800, 1000})}[layout]
    for name in ("a0s", "a0os"):
        heard = films.decode_sound(done.write(name, tmp_path), 6).reshape(-1, 6)
        tones = [loudest(heard[:, channel]) for channel in range(6)]
        assert tones == [{300}, {400}, {500}, {60}, *behind]


def test_dialogue_is_heard_in_stereo_and_nothing_clips(folder: Path, tmp_path: Path) -> None:
    done = transcode(films.surround(folder, volume=0.9))
    heard = films.decode_sound(done.write("a0", tmp_path), 2).reshape(-1, 2)
    spectrum = np.abs(np.fft.rfft(heard[48_000:96_000, 0] * np.hanning(48_000)))
    front, centre = spectrum[295:306].max(), spectrum[495:506].max()
    assert centre > 0.5 * front
    assert np.abs(heard[4_800:]).max() < 1.02  # the codec's own noise may reach beyond the limit
