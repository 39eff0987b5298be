"""A film of five hours is planned whole, and its first, middle and last chunks hold their own pictures."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.films import counted, read_numbers, run_ffmpeg
from tests.media.pipeline import KEYS, MemorySink
from transcoder.encoding.encode import encode_chunk
from transcoder.keys.encrypt import decrypt_segment
from transcoder.planning.plan import Chunk, Plan, Policy, make_plan
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e

RATE, FRAMES, TIMES = Fraction(10), 600, 300
CHEAP = Policy(crypto_period_seconds=60, preset="ultrafast", crf=20)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of counted pictures, three hundred times over."""
    folder = tmp_path_factory.mktemp("long")
    minute = counted(folder, RATE, FRAMES, "mkv", audio_codec="flac")
    path = folder / "five-hours.mkv"
    run_ffmpeg("-stream_loop", str(TIMES - 1), "-i", str(minute), "-c", "copy", str(path))
    return path


def numbers(film: Path, plan: Plan, chunk: Chunk, folder: Path) -> list[int]:
    """Encode one chunk and read the numbers in its pictures."""
    sink = MemorySink()
    encode_chunk(film, plan, chunk, plan.renditions, KEYS.content_key, sink)
    rung = plan.video[0]
    parts = [sink.inits[rung.name][0]]
    for segment in plan.chunk_segments(chunk):
        key = KEYS.content_key(rung.name, rung.tier, segment.period)
        parts.append(decrypt_segment(sink.stored[rung.name, segment.sequence], key, segment.sequence))
    path = folder / f"chunk-{chunk.index}.mp4"
    path.write_bytes(b"".join(parts))
    return read_numbers(path)


def test_every_part_of_a_film_of_five_hours_is_where_it_belongs(film: Path, tmp_path: Path) -> None:
    plan = make_plan(probe(film), CHEAP)
    assert (plan.frames, plan.duration, plan.periods) == (FRAMES * TIMES, Fraction(5 * 3600), TIMES)
    for index in (0, len(plan.chunks) // 2, len(plan.chunks) - 1):
        chunk = plan.chunks[index]
        wanted = [frame % FRAMES for frame in range(chunk.first_frame, chunk.end_frame)]
        assert numbers(film, plan, chunk, tmp_path) == wanted
