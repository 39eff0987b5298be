"""A real film, or a made one where none lies beside the repository, is whole on every rung."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.media.films import FFMPEG, picture_film
from tests.media.pipeline import KEYS, Transcoded, transcode
from tests.support.cinema import REAL_FILM
from transcoder.formats.fmp4 import Fragment, read_fragment
from transcoder.keys.encrypt import decrypt_segment
from transcoder.planning.plan import Policy

pytestmark = pytest.mark.e2e

LEAST_ALIKE = 0.93
"""SSIM that the lowest rung keeps, compared in its own size."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real film if it is there; the test's output says which it was."""
    found = REAL_FILM if REAL_FILM.is_file() else picture_film(tmp_path_factory.mktemp("real"), 10)
    print(f"with {'the real film' if found is REAL_FILM else 'a generated film'}")
    return found


@pytest.fixture(scope="module")
def done(film: Path) -> Transcoded:
    """The film after the transcoder."""
    return transcode(film, Policy(crypto_period_seconds=8, preset="ultrafast", crf=20))


def fragments(done: Transcoded, name: str) -> list[Fragment]:
    """Decrypt and read every segment of a rendition."""
    tier, found = done.plan.rendition(name).tier, []
    for segment in done.plan.segments:
        key = KEYS.content_key(name, tier, segment.period)
        found.append(
            read_fragment(decrypt_segment(done.sink.stored[name, segment.sequence], key, segment.sequence))
        )
    return found


def alike(film: Path, rung: Path, size: tuple[int, int]) -> float:
    """SSIM of a rung to the film in the rung's size, over all its pictures."""
    graph = f"[0:v]scale={size[0]}:{size[1]}:flags=bicubic[film];[film][1:v]ssim"
    command = [FFMPEG, "-hide_banner", "-nostdin", "-i", str(film), "-i", str(rung)]
    said = subprocess.run(
        [*command, "-lavfi", graph, "-f", "null", "-"],
        capture_output=True, text=True, timeout=120, check=True,
    ).stderr  # fmt: skip
    found = re.search(r"SSIM .*All:([0-9.]+)", said)
    assert found, said
    return float(found[1])


def test_rungs_hold_every_frame_and_begin_their_segments_together(done: Transcoded) -> None:
    plan = done.plan
    assert len(plan.video) >= 3
    starts = [segment.first_frame * plan.frame_ticks for segment in plan.segments]
    for rung in plan.video:
        found = fragments(done, rung.name)
        assert [one.start for one in found] == starts
        assert sum(len(one.durations) for one in found) == plan.frames
        assert len(set(done.sink.inits[rung.name])) == 1


def test_every_sound_follows_without_a_gap_to_the_end_of_the_film(done: Transcoded) -> None:
    plan = done.plan
    for sound in plan.audios:
        found = fragments(done, sound.name)
        assert all(one.start + one.duration == after.start for one, after in pairwise(found))
        end = found[-1].start + found[-1].duration
        assert 0 <= end - plan.duration * sound.rate < sound.samples


def test_every_rung_looks_like_the_film(film: Path, done: Transcoded, tmp_path: Path) -> None:
    seen = {
        rung.name: alike(film, done.write(rung.name, tmp_path), (rung.width, rung.height))
        for rung in done.plan.video
    }
    assert min(seen.values()) >= LEAST_ALIKE, seen
    print(seen)
