"""Never is a chunk said to be here while anything that it is made of is not."""

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.facts import picture, sound
from transcoder.planning.arriving import (
    MARGIN_SECONDS,
    Arrivals,
    is_here,
    may_be_copied,
    taken_over,
)
from transcoder.planning.copying import PacketReader
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.source.media import MediaInfo, VideoTrack

TICKS = 512
"""Of the picture's track in one frame."""
SAMPLES = 1024


@dataclass(frozen=True)
class Packet:
    """`start` and `end` are when it is shown, in seconds of film; `dts` in ticks of its stream."""

    index: int
    dts: int
    start: Fraction
    end: Fraction
    pos: int
    size: int

    def give(self, arrivals: Arrivals) -> None:
        # A reader gives what is there of a packet that is cut off, and nothing behind.
        there = min(self.size, arrivals.arrived - self.pos)
        if there > 0:
            arrivals.take(self.index, self.dts, self.pos, there, "K_C" if there < self.size else "K__")


def info_of(frames: int = 480, sounds: int = 1) -> MediaInfo:
    tracks = tuple(sound(index=number + 1) for number in range(sounds))
    return MediaInfo("matroska,webm", 1, picture(frames=frames), tracks)


@st.composite
def films(draw: st.DrawFn) -> tuple[MediaInfo, list[Packet]]:
    """A film of 20 s: pictures reordered by some frames, one or two sounds that lie some seconds behind or
    before the picture in the file, and may begin late or end early."""
    info = info_of(sounds=draw(st.integers(1, 2)))
    delay = draw(st.integers(0, 4))
    order = draw(st.permutations(range(delay + 1)))
    moments: list[tuple[Fraction, int, int, Fraction, Fraction]] = []
    for number in range(480):
        group, place = divmod(number, delay + 1)
        shown = min(479, group * (delay + 1) + order[place])
        at = Fraction(shown, 24)
        moments.append((Fraction(number, 24), 0, (number - delay) * TICKS, at, at + Fraction(1, 24)))
    for track in info.audios:
        behind = Fraction(draw(st.integers(-3, 3)))
        first, last = draw(st.integers(0, 100)), draw(st.integers(300, 938))
        for number in range(first, last):
            at = Fraction(number * SAMPLES, 48_000)
            moments.append((at + behind, track.index, number * SAMPLES, at, at + Fraction(SAMPLES, 48_000)))
    found, pos = [], 100
    for _, index, dts, start, end in sorted(moments):
        size = draw(st.integers(1, 40)) if index == 0 else 10
        found.append(Packet(index, dts, start, end, pos, size))
        pos += size
    return info, found


@settings(max_examples=40)
@given(films(), st.floats(0, 1), st.floats(0, 1))
def test_all_that_is_shown_in_a_chunk_and_its_margin_is_here(
    film: tuple[MediaInfo, list[Packet]], earlier: float, share: float
) -> None:
    info, packets = film
    plan, size = make_plan(info), packets[-1].pos + packets[-1].size
    known = Fraction(0)
    for arrived in sorted((int(size * earlier), int(size * share))):
        arrivals = Arrivals(info, arrived, known)
        for packet in packets:
            if packet.start >= known - 2 or not known:
                packet.give(arrivals)
        assert arrivals.reach >= known
        known = arrivals.reach
    missing = [packet for packet in packets if packet.pos + packet.size > arrived]
    for chunk in plan.chunks:
        if is_here(plan, chunk, known):
            until = chunk.end_frame / plan.frame_rate + MARGIN_SECONDS
            assert not [packet for packet in missing if packet.start < until]
            for track in info.audios:
                assert max(p.end for p in packets if p.index == track.index) >= until, "no track has ended"


Taken = tuple[int, int | None, int | None, int | None, str]


def reach(*taken: Taken, known: Fraction = Fraction(0)) -> Fraction:
    arrivals = Arrivals(info_of(), 1000, known)
    for packet in taken:
        arrivals.take(*packet)
    return arrivals.reach


SOUND = (1, 48_000 * 9, 10, 10, "K__")


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ((0, 96 * TICKS, 100, 900, "___"), 2),  # ends with the last byte: perhaps cut off
        ((0, 96 * TICKS, 990, 100, "___"), 2),
        ((0, 96 * TICKS, 100, 10, "__C"), 2),
        ((0, 96 * TICKS, None, 10, "___"), 2),
        ((0, 96 * TICKS, -1, 10, "___"), 2),
        ((0, 96 * TICKS, 100, None, "___"), 2),
        ((0, 24 * TICKS, 100, 10, "___"), 2),  # times go back: nothing is sure any more
        ((0, None, 100, 10, "___"), 2),
        ((2, 96 * TICKS, 100, 10, "___"), 2),  # a stream that nothing is made of
        ((0, 96 * TICKS, 100, 10, "___"), 4),
    ],
)
def test_a_packet_counts_only_if_it_is_surely_whole(more: Taken, seconds: int) -> None:
    assert reach(SOUND, (0, 48 * TICKS, 0, 10, "K__"), more) == seconds


def test_behind_what_is_missing_nothing_counts() -> None:
    gone = (0, 72 * TICKS, 995, 10, "___")
    assert reach(SOUND, (0, 48 * TICKS, 0, 10, "K__"), gone, (0, 96 * TICKS, 100, 10, "K__")) == 2


def test_every_track_must_be_here() -> None:
    assert reach((0, 240 * TICKS, 0, 10, "K__")) == 0
    assert reach((0, 240 * TICKS, 0, 10, "K__"), (1, 48_000, 10, 10, "K__")) == 1


def test_reading_on_needs_to_begin_before_what_is_known() -> None:
    later = (0, 96 * TICKS, 100, 10, "K__")
    assert reach(SOUND, later, known=Fraction(3)) == 3
    assert reach(SOUND, (0, 48 * TICKS, 0, 10, "K__"), later, known=Fraction(3)) == 3
    early_sound = (1, 48_000, 5, 4, "K__")
    assert reach(early_sound, SOUND, (0, 48 * TICKS, 0, 10, "K__"), later, known=Fraction(3)) == 4


def test_the_last_chunk_waits_for_the_last_byte() -> None:
    plan = make_plan(info_of())
    assert [is_here(plan, chunk, Fraction(10_000)) for chunk in plan.chunks] == [
        *([True] * (len(plan.chunks) - 1)),
        False,
    ]


# What may be kept


@given(st.integers(200, 6000), st.integers(200, 6000), st.integers(0, 12))
def test_what_was_made_does_not_depend_on_how_long_a_film_is(long: int, short: int, made: int) -> None:
    early, own = make_plan(info_of(long)), make_plan(info_of(short))
    made = min(made, len(early.chunks) - 1)
    plan, kept = taken_over(early, own, range(made))
    assert plan == replace(own, chunk_borders=plan.chunk_borders)
    assert plan.chunks[:kept] == early.chunks[:kept]
    assert plan.chunks[-1].end_frame == short
    assert all(len({one.period for one in plan.chunk_segments(chunk)}) == 1 for chunk in plan.chunks)
    end = kept and plan.chunks[kept - 1].first_segment + plan.chunks[kept - 1].segments
    assert early.segments[:end] == plan.segments[:end]
    assert early.audio_borders("a0")[:end] == plan.audio_borders("a0")[:end]
    over = [chunk for chunk in early.chunks[:made] if is_here(early, chunk, Fraction(short, 24))]
    assert kept >= len(over), "what was here is the film's own"


def changed(plan: Plan, **video: object) -> Plan:
    return replace(plan, info=replace(plan.info, video=picture(**{"frames": plan.frames, **video})))


def test_nothing_is_kept_where_anything_else_differs() -> None:
    plan = make_plan(info_of())
    other = replace(sound(), language="deu")
    different = {
        "rate": make_plan(replace(plan.info, video=picture(frame_rate=Fraction(25), frames=480))),
        "size": make_plan(replace(plan.info, video=picture(width=640, height=360, frames=480))),
        "start": changed(plan, start_pts=1),
        "turned": changed(plan, rotation=90),
        "colours": changed(plan, colour_matrix="bt709"),
        "language": make_plan(replace(plan.info, audios=(other,))),
        "more sound": make_plan(info_of(sounds=2)),
        "container": replace(plan, info=replace(plan.info, container="mov,mp4,m4a,3gp,3g2,mj2")),
        "policy": make_plan(plan.info, Policy(preset="fast")),
        "period": make_plan(plan.info, Policy(crypto_period_seconds=30)),
        "copied": replace(plan, video=(replace(plan.video[0], copied=True), *plan.video[1:])),
    }
    for name, one in different.items():
        assert taken_over(plan, one, [0, 1]) == (one, 0), name
    assert taken_over(plan, replace(plan, reasons=("Anything.",), is_decided=True), [0, 1])[1] == 2


def test_only_what_follows_from_the_first_chunk_on_is_kept() -> None:
    plan = make_plan(info_of())
    assert taken_over(plan, plan, [1, 2]) == (plan, 0)
    assert taken_over(plan, plan, [0, 2]) == (plan, 1)
    assert taken_over(plan, plan, range(100)) == (plan, len(plan.chunks))


# What might be copied


def seen(track: VideoTrack, apart: int, frames: int, size: int = 100) -> PacketReader:
    reader = PacketReader(track)
    for number in range(frames):
        flags = "K__" if number % apart == 0 else "___"
        reader.take(track.start_pts + number * TICKS, size, flags)
    return reader


@pytest.mark.parametrize(
    ("apart", "frames", "size", "copied"),
    [
        (48, 0, 100, True),  # nothing is known yet
        (48, 30, 100, True),
        (48, 200, 100, True),
        (200, 140, 100, True),
        (200, 150, 100, False),  # more than six seconds without a key frame
        (48, 200, 60_000, False),
    ],
)
def test_a_picture_waits_while_it_may_be_copied(apart: int, frames: int, size: int, copied: bool) -> None:
    plan = make_plan(info_of())
    assert may_be_copied(plan, seen(plan.info.video, apart, frames, size)) is copied


def test_a_picture_that_is_never_copied_does_not_wait() -> None:
    for plan in (make_plan(info_of(), Policy(copied_rate=0)), changed(make_plan(info_of()), codec="hevc")):
        assert not may_be_copied(plan, seen(plan.info.video, 48, 200))
