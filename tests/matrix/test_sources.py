"""Every kind of film that people have goes through whole, and plays in ffmpeg, mpv and Shaka."""

from fractions import Fraction
from itertools import pairwise

import m3u8
import pytest

from tests.matrix import master
from tests.matrix.conftest import Hall
from tests.matrix.run import Outcome
from tests.matrix.shaka import Shaka
from tests.matrix.source import Source
from tests.matrix.sources import SOURCES
from tests.media.pipeline import KEYS, Transcoded
from transcoder.formats.fmp4 import Fragment, find, read_fragment
from transcoder.keys.encrypt import decrypt_segment

pytestmark = pytest.mark.e2e

LIP_SYNC = 0.020
"""Seconds by which sound may be before or after its picture."""
TICK = Fraction(1, 1000)
"""What a player's clock may round."""
LEVELS = 4
HUES = 6
IDR = 5
"""NAL unit type of a slice of a picture at which decoding can begin (ITU-T H.264 Table 7-1)."""

sources = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
legible = pytest.mark.parametrize(
    "source", [one for one in SOURCES if master.is_legible(one.size)], ids=lambda source: source.name
)
loud = pytest.mark.parametrize(
    "source",
    [one for one in SOURCES if one.sound and master.is_legible(one.size)],
    ids=lambda source: source.name,
)


def test_the_matrix_is_as_large_as_promised() -> None:
    assert len({source.name for source in SOURCES}) == len(SOURCES) >= 60


def clear(done: Transcoded, name: str) -> list[bytes]:
    """Decrypt every segment of a rendition."""
    tier, segments = done.plan.rendition(name).tier, done.plan.segments
    keys = {one.period: KEYS.content_key(name, tier, one.period) for one in segments}
    stored = [done.sink.stored[name, one.sequence] for one in segments]
    pairs = zip(stored, segments, strict=True)
    return [decrypt_segment(data, keys[one.period], one.sequence) for data, one in pairs]


def fragments(done: Transcoded, name: str) -> list[Fragment]:
    """Read every fragment of a rendition."""
    return [read_fragment(data) for data in clear(done, name)]


def begins(segment: bytes) -> list[bool]:
    """Tell of each picture of an H.264 segment, in decoding order, whether decoding can begin at it."""
    at, found = find(segment, "mdat").body, []
    for size in read_fragment(segment).sizes:
        end, kinds = at + size, set()
        while at < end:
            kinds.add(segment[at + 4] & 31)
            at += 4 + int.from_bytes(segment[at : at + 4])
        found.append(IDR in kinds)
    return found


@sources
def test_every_picture_comes_once_and_in_order_on_every_rung(outcome: Outcome, source: Source) -> None:
    wanted = source.expected if master.is_legible(source.size) else tuple(n % 8 for n in source.expected)
    assert len(outcome.looks) >= 2
    for look in outcome.looks:
        assert look.numbers == wanted


@sources
def test_the_film_has_its_rate_its_shape_and_its_tracks(outcome: Outcome, source: Source) -> None:
    plan = outcome.done.plan
    assert plan.frame_rate == (source.grid or source.rate)
    best = plan.video[0]
    assert abs(best.width - source.display[0]) <= 1
    assert abs(best.height - source.display[1]) <= 1
    assert len({audio.stream for audio in plan.audios}) == (source.tracks if source.sound else 0)
    assert best.copied == source.copied


@sources
def test_pictures_are_shown_at_even_times_to_the_end_of_the_source(outcome: Outcome, source: Source) -> None:
    plan, times = outcome.done.plan, outcome.played.times
    wanted = [Fraction(frame) / plan.frame_rate for frame in range(plan.frames)]
    assert len(times) == len(wanted)
    assert max(abs(one - other) for one, other in zip(times, wanted, strict=True)) < TICK
    seconds = (max(source.expected) + 1 - min(source.expected)) / source.rate
    assert abs(times[-1] + 1 / plan.frame_rate - seconds) <= max(1 / plan.frame_rate, 1 / source.rate)


@loud
def test_lips_and_voices_agree_at_the_start_in_the_middle_and_at_the_end(
    outcome: Outcome, source: Source
) -> None:
    look, played = outcome.looks[0], outcome.played
    for number in (source.flashes[one] for one in source.heard):
        flash = next(frame for frame in look.flashes if look.numbers[frame] == number)
        seen = float(played.times[flash])
        (heard,) = master.beeps(played.samples, (seen,))
        assert abs(heard - seen) <= LIP_SYNC, f"picture {number}: {1000 * (heard - seen):.1f} ms"


@sources
def test_segments_of_all_rungs_begin_together_with_a_key_frame(outcome: Outcome) -> None:
    plan = outcome.done.plan
    first, *others = ([one.start for one in fragments(outcome.done, rung.name)] for rung in plan.video)
    assert first == [segment.first_frame * plan.frame_ticks for segment in plan.segments]
    assert all(other == first for other in others)
    for rung in plan.video:
        for segment in clear(outcome.done, rung.name):
            first_picture, *rest = begins(segment)
            assert first_picture
            assert rung.copied or not any(rest)


@sources
def test_segments_follow_one_another_without_a_gap(outcome: Outcome) -> None:
    for name in outcome.done.plan.renditions:
        for one, after in pairwise(fragments(outcome.done, name)):
            assert one.start + one.duration == after.start


@sources
def test_chunks_have_the_same_init_segment(outcome: Outcome) -> None:
    done = outcome.done
    assert set(done.sink.inits) >= set(done.plan.renditions)
    for name, inits in done.sink.inits.items():
        assert len(inits) == (1 if name in done.plan.copied_names else len(done.plan.chunks))
        assert len(set(inits)) == 1


@sources
def test_m3u8_reads_playlists_whose_durations_are_true(outcome: Outcome) -> None:
    plan = outcome.done.plan
    main = m3u8.load(str(outcome.playlist))
    assert {one.uri for one in main.playlists} == {f"{rung.name}.m3u8" for rung in plan.video}
    assert [one.uri for one in main.media] == [f"{audio.name}.m3u8" for audio in plan.audios]
    for name in plan.renditions:
        read = m3u8.load(str(outcome.playlist.with_name(f"{name}.m3u8")))
        rates = {audio.name: audio.rate for audio in plan.audios}
        scale = rates.get(name, plan.timescale)
        true = [one.duration / scale for one in fragments(outcome.done, name)]
        assert read.is_endlist
        assert [one.duration for one in read.segments] == pytest.approx(true, abs=1e-6)
        assert all(one.key.method == "AES-128" for one in read.segments)
        assert max(round(one) for one in true) <= read.target_duration


@legible
def test_every_rung_looks_like_the_source(outcome: Outcome, source: Source) -> None:
    alike = [look.likeness for look in outcome.looks]
    assert alike[0] >= source.alike[0]
    assert min(alike[1:]) >= source.alike[1]


@legible
def test_black_white_and_colours_stay_what_they_were(outcome: Outcome, source: Source) -> None:
    for look in outcome.looks:
        if source.levels:
            assert abs(look.levels[0] - master.BLACK) <= LEVELS
            assert abs(look.levels[1] - master.WHITE) <= LEVELS
        if source.colour:
            assert look.hue <= HUES


@sources
def test_mpv_shows_the_same_pictures(outcome: Outcome) -> None:
    assert outcome.mpv.numbers == outcome.looks[0].numbers


@sources
def test_shaka_plays_to_the_end_and_finds_every_place(
    outcome: Outcome, source: Source, hall: Hall, shaka: Shaka
) -> None:
    plan, best = outcome.done.plan, outcome.done.plan.video[0]
    frames = sorted({0, plan.frames // 2, plan.frames - 1})
    places = [float((frame + Fraction(1, 2)) / plan.frame_rate) for frame in frames]
    told = shaka.watch(f"/{outcome.playlist.relative_to(hall.folder)}", places, master.BITS)
    assert told.faults == []
    assert abs(told.duration - float(plan.duration)) <= max(float(1 / plan.frame_rate), 1024 / 48_000)
    assert (told.width, told.height) == (best.width, best.height)
    if master.is_legible(source.size):
        assert told.numbers == [outcome.looks[0].numbers[frame] for frame in frames]
