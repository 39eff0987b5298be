"""A source that players could play as it is, is not encoded again: the same packets, on the film's grid."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.test_transcoder_sound import beeps, flashes
from tests.media import films
from tests.media.pipeline import KEYS, SHORT, MemorySink, Transcoded, copy
from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import ChunkResult
from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Plan, make_plan
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e
NTSC = Fraction(24000, 1001)
IDR = b"\x65\x88\x84"
"""How x264's IDR slices begin: the NAL unit's head, the first macroblock, the slice's type."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def planned(film: Path) -> Plan:
    return copy_if_possible(film, make_plan(probe(film), SHORT))


def asked(path: Path, *words: str) -> list[dict[str, str]]:
    command = [films.FFPROBE, "-v", "error", *words, "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    (found,) = [rows for name, rows in json.loads(done.stdout).items() if name in {"packets", "frames"}]
    return list(found)


def packets(path: Path, kind: str) -> list[str]:
    """What each packet of a stream holds, as a hash."""
    words = ("-select_streams", f"{kind}:0", "-show_data_hash", "md5", "-show_entries", "packet=data_hash")
    return [row["data_hash"] for row in asked(path, *words)]


def shown(path: Path) -> list[Fraction]:
    """When each picture is shown."""
    rows = asked(path, "-select_streams", "v:0", "-show_entries", "frame=pts_time")
    return [Fraction(row["pts_time"]) for row in rows]


@pytest.mark.parametrize(
    ("rate", "container", "reorder", "sound_rate"),
    [
        (NTSC, "mp4", 3, 48_000),
        (Fraction(25), "mkv", 2, 44_100),
        (Fraction(30000, 1001), "ts", 2, 48_000),
        (Fraction(60), "mov", 0, 44_100),
        (NTSC, "mkv", 3, 48_000),
    ],
)
def test_every_frame_comes_once_and_at_the_same_time_in_every_rung(
    folder: Path, tmp_path: Path, rate: Fraction, container: str, reorder: int, sound_rate: int
) -> None:
    frames = round(9 * rate) + 5
    film = films.streamable(folder, rate, frames, container, reorder=reorder, sound_rate=sound_rate)
    done = copy(film)
    assert [(rung.name, rung.copied) for rung in done.plan.video] == [("v360", True), ("v240", False)]
    assert [(sound.copied, sound.rate) for sound in done.plan.audios] == [(True, sound_rate)]
    copied, encoded = done.write("v360", tmp_path), done.write("v240", tmp_path)
    assert films.read_numbers(copied, (640, 360)) == list(range(frames))
    assert films.read_numbers(encoded, (426, 240)) == list(range(frames))
    assert shown(copied) == shown(encoded)
    assert shown(copied)[0] == 0


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_not_a_byte_of_a_packet_changes(folder: Path, tmp_path: Path, container: str) -> None:
    film = films.streamable(folder, NTSC, 221, container, reorder=3)
    done = copy(film)
    assert packets(done.write("v360", tmp_path), "v") == packets(film, "v")
    theirs, ours = packets(film, "a"), packets(done.write("a0", tmp_path), "a")
    assert ours[:-1] == theirs[1 : len(ours)]  # but for priming before it, and silence after its end
    assert len(ours) >= len(theirs) - 2


def test_segments_begin_at_the_sources_key_frames_in_every_rung(folder: Path) -> None:
    done = copy(films.streamable(folder, Fraction(25), 230, "mkv", sound_rate=44_100))
    borders = done.plan.segment_borders
    assert all(border % 48 == 0 for border in borders[:-1])
    assert all(b - a <= 6 * 25 for a, b in pairwise(borders))
    assert [segment.period for segment in done.plan.segments] == [first // 100 for first in borders[:-1]]
    counts = {
        name: [done.sink.segments[name, s.sequence].frames for s in done.plan.segments]
        for name in ("v360", "v240")
    }
    assert counts["v360"] == counts["v240"] == [b - a for a, b in pairwise(borders)]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("rate", [NTSC, Fraction(25)], ids=str)
def test_flash_and_beep_stay_within_20_ms(
    folder: Path, tmp_path: Path, rate: Fraction, container: str
) -> None:
    done = copy(films.flash_and_beep(folder, rate, container=container))
    joined = done.join("v240", tmp_path)
    seen, heard = flashes(joined, rate), beeps(joined)
    assert seen[0] == 0
    assert len(seen) == len(heard) == 9
    for flash, beep in zip(seen, heard, strict=True):
        assert abs(flash - beep) < 0.02


def test_sound_of_another_codec_is_encoded_beside_the_copy(folder: Path, tmp_path: Path) -> None:
    film = films.streamable(folder, Fraction(25), 230, "mkv", extra=("-c:a", "ac3"), name="ac3")
    done = copy(film)
    assert [(sound.copied, sound.codec) for sound in done.plan.audios] == [(False, "aac")]
    assert len(films.decode_sound(done.write("a0", tmp_path))) >= 230 / 25 * 48_000


def test_sound_encoded_beside_its_own_copy_does_not_stand_still(folder: Path, tmp_path: Path) -> None:
    policy = replace(SHORT, audio_codecs=("aac", "opus"))
    film = films.streamable(folder, Fraction(25), 750, "mp4", sound_rate=44_100)
    done = copy(film, policy)
    assert [(sound.copied, sound.codec) for sound in done.plan.audios] == [(True, "aac"), (False, "opus")]
    assert len(films.decode_sound(done.write("a0o", tmp_path))) >= 29.9 * 48_000


def late_sound(folder: Path) -> Path:
    """Sound that begins at 1.5 s and ends at 6.5 s of a film of 9 s."""
    path, film = folder / "late.mp4", films.streamable(folder, Fraction(25), 225)
    tone = ("-itsoffset", "1.5", "-f", "lavfi", "-i", "sine=440:r=48000:d=5")
    words = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-ac", "2")
    films.run_ffmpeg("-i", str(film), *tone, *words, str(path))
    return path


def test_there_is_silence_where_the_source_has_no_sound(folder: Path, tmp_path: Path) -> None:
    done = copy(late_sound(folder))
    assert done.plan.audios[0].copied
    sound = films.decode_sound(done.write("a0", tmp_path))
    loud = [n for n, value in enumerate(sound) if abs(value) > 0.03]
    assert abs(loud[0] / 48_000 - 1.5) < 0.02
    assert abs(loud[-1] / 48_000 - 6.5) < 0.05
    assert len(sound) >= 9 * 48_000


@pytest.fixture(scope="module")
def done(folder: Path) -> Transcoded:
    return copy(films.streamable(folder, NTSC, 221, "mkv", reorder=3))


@pytest.mark.parametrize("place", [slice(1, None), slice(1, 3), slice(2, 3)])
@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_a_run_that_begins_anywhere_gives_the_same_segments(
    folder: Path, container: str, place: slice
) -> None:
    film = films.streamable(folder, NTSC, 221, container, reorder=3)
    plan, whole, part = planned(film), MemorySink(), MemorySink()
    results: list[ChunkResult] = []
    copy_chunks(film, plan, plan.chunks, KEYS.content_key, lambda _: whole, results.append)
    assert [result.chunk for result in results] == [chunk.index for chunk in plan.chunks]
    assert len(plan.chunks) >= 3
    copy_chunks(film, plan, plan.chunks[place], KEYS.content_key, lambda _: part, results.append)
    wanted = {s.sequence for chunk in plan.chunks[place] for s in plan.chunk_segments(chunk)}
    assert {sequence for _, sequence in part.stored} == wanted
    assert all(data == whole.stored[at] for at, data in part.stored.items())
    assert {name: inits[0] for name, inits in part.inits.items()} == {
        name: inits[0] for name, inits in whole.inits.items()
    }


def test_chunks_with_a_gap_between_them_are_no_run(done: Transcoded) -> None:
    chunks = (done.plan.chunks[0], done.plan.chunks[2])
    with pytest.raises(ValueError, match="follow"):
        copy_chunks(Path("x"), done.plan, chunks, KEYS.content_key, lambda _: done.sink, lambda _: None)


def open_gop(folder: Path) -> Path:
    words = ("-x264-params", "open-gop=1")
    return films.streamable(folder, Fraction(25), 230, extra=words, name="open")


def long_gop(folder: Path) -> Path:
    return films.streamable(folder, Fraction(25), 230, gop=200)


def turned(folder: Path) -> Path:
    path = folder / "turned.mp4"
    film = films.streamable(folder, Fraction(25), 225)
    films.run_ffmpeg("-display_rotation", "90", "-i", str(film), "-c", "copy", str(path))
    return path


def wide_pixels(folder: Path) -> Path:
    words = ("-vf", "setsar=4/3")
    return films.streamable(folder, Fraction(25), 100, extra=words, name="wide")


def uneven(folder: Path) -> Path:
    uneven = "settb=1/1000,setpts='40*N+15*mod(N,2)'"
    words = ("-vf", uneven, "-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    return films.streamable(folder, Fraction(25), 100, "mkv", extra=words, name="uneven")


def cut(folder: Path) -> Path:
    """Begins between two key frames, by an edit list."""
    path, film = folder / "cut.mp4", films.streamable(folder, Fraction(25), 225)
    films.run_ffmpeg("-ss", "1", "-i", str(film), "-c", "copy", str(path))
    return path


def much(folder: Path) -> Path:
    path = folder / "much.mp4"
    noise = ("-f", "lavfi", "-i", "nullsrc=s=640x360:r=25,format=yuv420p,noise=alls=60:allf=t")
    films.run_ffmpeg(*noise, "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", str(path))
    return path


def ten_bits(folder: Path) -> Path:
    path = folder / "ten.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25,format=yuv420p10", "-t", "2")
    films.run_ffmpeg(*picture, "-c:v", "libx264", "-preset", "ultrafast", str(path))
    return path


def fields(folder: Path) -> Path:
    words = ("-flags", "+ilme+ildct", "-vf", "setfield=tff")
    return films.streamable(folder, Fraction(25), 100, extra=words, name="fields")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (open_gop, "from one key frame to the next"),
        (long_gop, "8.0 s pass from one key frame"),
        (turned, "have to turn it"),
        (wide_pixels, "not square"),
        (uneven, "steady rate"),
        (cut, "edit list"),
        (much, "Mbit/s are more than"),
        (ten_bits, "profile High 10"),
        (fields, "interlaced"),
    ],
)
def test_what_is_not_streamable_is_encoded_and_the_plan_says_why(
    folder: Path, make: Callable[[Path], Path], reason: str
) -> None:
    film = make(folder)
    plan = planned(film)
    assert plan.copied == ()
    assert replace(plan, reasons=()) == replace(make_plan(probe(film), SHORT), reasons=())
    (said,) = [sentence for sentence in plan.reasons if "not copied" in sentence]
    assert reason in said


def refused_on_the_way(film: Path) -> str:
    plan = planned(film)
    assert plan.copied, plan.reasons
    with pytest.raises(EncodeFailed) as fault:
        copy_chunks(film, plan, plan.chunks, KEYS.content_key, lambda _: MemorySink(), lambda _: None)
    assert fault.value.code == "not_copyable"
    return fault.value.sentence


def test_a_key_frame_that_is_none_ends_the_run(folder: Path) -> None:
    film = films.streamable(folder, Fraction(25), 230, reorder=0)
    data = film.read_bytes()
    first = data.index(IDR) + len(IDR)
    lying = folder / "lying.mp4"
    lying.write_bytes(data[:first] + data[first:].replace(IDR, bytes((IDR[0] & ~4,)) + IDR[1:]))
    assert "decoding cannot begin" in refused_on_the_way(lying)


def test_parameters_that_change_on_the_way_end_the_run(folder: Path) -> None:
    parts = [
        films.streamable(folder, Fraction(25), 96, "ts", extra=("-an", "-refs", refs), name=f"refs{refs}")
        for refs in "14"
    ]
    names, both = folder / "both.txt", folder / "both.ts"
    names.write_text("".join(f"file {part}\n" for part in parts))
    films.run_ffmpeg("-f", "concat", "-safe", "0", "-i", str(names), "-c", "copy", str(both))
    assert "parameters change" in refused_on_the_way(both)
