"""A chunk that is said to be here while the film still arrives is, frame by frame, the whole film's chunk."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.films import counted, run_ffmpeg
from tests.media.pipeline import KEYS, SHORT, MemorySink
from transcoder.encoding.encode import encode_chunk
from transcoder.planning.arriving import is_here, taken_over
from transcoder.planning.plan import Plan, make_plan
from transcoder.programs.sandbox import DEFAULT_LIMITS
from transcoder.studying.arriving import Study, study
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e
RATE, FRAMES = Fraction(25), 400
POLICY = replace(SHORT, copied_rate=0)
FORMS = {
    "front.mp4": ("-movflags", "+faststart"),
    "fragmented.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
    "matroska.mkv": (),
    "transport.ts": (),
    "tail.mp4": (),
}
CUTS = 24


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return counted(tmp_path_factory.mktemp("films"), RATE, FRAMES, extra=("-x264-params", "open-gop=1"))


def formed(film: Path, form: str) -> Path:
    path = film.with_name(form)
    run_ffmpeg("-i", str(film), "-c", "copy", *FORMS[form], str(path))
    return path


def looks(path: Path) -> Iterator[tuple[int, Study]]:
    """Look at a film after every twenty-fourth of it; bytes behind that are there, and must not count."""
    known, size = Study(), path.stat().st_size
    for cut in range(1, CUTS):
        arrived = size * cut // CUTS
        known = study(path, POLICY, known, arrived)
        yield arrived, known


def encoded(path: Path, plan: Plan, number: int, arrived: int | None = None) -> dict[tuple[str, int], bytes]:
    sink, limits = MemorySink(), replace(DEFAULT_LIMITS, arrived=arrived)
    encode_chunk(path, plan, plan.chunks[number], plan.starter, KEYS.content_key, sink, limits=limits)
    return sink.stored


@pytest.mark.parametrize("form", ["front.mp4", "fragmented.mp4", "matroska.mkv"])
def test_what_is_said_to_be_here_is_encoded_as_if_all_of_it_were(film: Path, form: str) -> None:
    path = formed(film, form)
    made: dict[tuple[str, int], bytes] = {}
    early, done = None, 0
    for arrived, known in looks(path):
        early = known.plan or early
        while early and is_here(early, early.chunks[done], known.reach):
            made |= encoded(path, early, done, arrived)
            done += 1
    assert early is not None
    plan, kept = taken_over(early, make_plan(probe(path), POLICY), range(done))
    assert kept == done
    assert len(plan.chunks) - done in (1, 2), "all but the end is made while it arrives"
    for number in range(done):
        stored = encoded(path, plan, number)
        assert {place: made[place] for place in stored} == stored


@pytest.mark.parametrize("form", ["transport.ts", "tail.mp4"])
def test_a_film_whose_index_comes_last_waits(film: Path, form: str) -> None:
    path = formed(film, form)
    assert all(known == Study(waits=True) for _, known in list(looks(path))[1:])


def test_a_sound_that_ends_early_or_a_picture_that_is_copied_waits(film: Path) -> None:
    silent = film.with_name("silent.mkv")
    both = ("-i", str(film), "-t", "5", "-i", str(film), "-map", "0:v", "-map", "1:a")
    run_ffmpeg(*both, "-c", "copy", str(silent))
    *_, (_, known) = looks(silent)
    assert known.plan is not None
    assert known.reach <= 5
    front = formed(film, "front.mp4")
    size = front.stat().st_size * 9 // 10
    assert study(front, SHORT, Study(), size).plan is None
    assert study(front, POLICY, Study(), size).plan is not None
