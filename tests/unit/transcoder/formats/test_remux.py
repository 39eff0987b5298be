"""Copied fragments become segments by their times alone; what is not as planned is refused."""

import struct
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from tests.media.facts import picture, sound
from transcoder.errors import BadMedia, EncodeFailed
from transcoder.formats import aac
from transcoder.formats.fmp4 import make_box, make_full_box, read_fragment
from transcoder.formats.fmp4_sound import make_fragment
from transcoder.formats.h264 import AvcConfig, is_idr, nal_units, read_avcc
from transcoder.formats.remux import CopiedPicture, CopiedSound
from transcoder.planning.copying import Packets, with_copy
from transcoder.planning.plan import Plan, make_plan
from transcoder.source.media import MediaInfo

SPS, PPS = b"\x67\x64\x00\x1f", b"\x68\xee"
KEY, OTHER = b"\x65key", b"\x41other"


def plan_of(frames: int = 96, phase: int = 0) -> Plan:
    info = MediaInfo("matroska,webm", 1, picture(frames=frames, start_pts=0), (sound(),))
    plan = with_copy(make_plan(info), Packets(tuple(range(0, frames, 24)), (9,) * 4, 2, {1: phase}))
    assert plan.segment_borders == (0, 24, 48, 96)
    return plan


def avc_init() -> bytearray:
    sets = b"\x01\x64\x00\x1f\xff\xe1" + struct.pack(">H", len(SPS)) + SPS
    avcc = make_box("avcC", sets, b"\x01" + struct.pack(">H", len(PPS)) + PPS)
    stsd = make_full_box("stsd", 0, 0, struct.pack(">I", 1), make_box("avc1", bytes(78), avcc))
    inner = make_box("mdia", make_box("minf", make_box("stbl", stsd)))
    return bytearray(make_box("ftyp", b"iso6") + make_box("moov", make_box("trak", inner)))


def sample(*units: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def fragment(first: int, numbers: Iterable[int], samples: list[bytes] | None = None) -> bytearray:
    """Samples in decoding order, the first decoded at `first`; each frame is 1000 ticks."""
    shown = list(numbers)
    data = samples or [sample(KEY), *[sample(OTHER)] * (len(shown) - 1)]
    rows = [
        struct.pack(">IIi", 1000, len(one), (number - first - place) * 1000)
        for place, (one, number) in enumerate(zip(data, shown, strict=True))
    ]
    trun = make_full_box("trun", 1, 0xB01, struct.pack(">Ii", len(rows), 0), *rows)
    tfdt = make_full_box("tfdt", 1, 0, struct.pack(">Q", first * 1000))
    traf = make_box("traf", make_full_box("tfhd", 0, 0x020000, struct.pack(">I", 1)), tfdt, trun)
    moof = make_box("moof", make_full_box("mfhd", 0, 0, bytes(4)), traf)
    return bytearray(moof + make_box("mdat", *data))


def begun(plan: Plan, first: int = 0, end: int | None = None) -> CopiedPicture:
    copied = CopiedPicture(plan, plan.video[0], plan.segments[first:end], Fraction(0))
    copied.begin(avc_init())
    return copied


def refused(copied: CopiedPicture | CopiedSound, *pieces: bytearray) -> str:
    for piece in pieces[:-1]:
        list(copied.feed(piece))
    with pytest.raises(EncodeFailed) as fault:
        list(copied.feed(pieces[-1]))
    assert fault.value.code == "not_copyable"
    return fault.value.sentence


def test_fragments_are_joined_and_put_on_the_grid() -> None:
    copied = begun(plan_of())
    order = [0, 2, 1, *range(3, 24)]
    ((segment, made),) = copied.feed(fragment(0, order))
    assert (segment.sequence, segment.frames) == (0, 24)
    assert read_fragment(made).shown == tuple((number + 2) * 1000 for number in order)
    list(copied.feed(fragment(24, range(24, 48))))
    assert list(copied.feed(fragment(48, range(48, 72)))) == []
    ((segment, made),) = copied.feed(fragment(72, range(72, 96)))
    found = read_fragment(made)
    assert (segment.sequence, found.number, found.start) == (2, 3, 48_000)
    assert found.durations == (1000,) * 48


def test_times_that_the_container_rounded_are_put_right() -> None:
    piece = fragment(0, range(24))
    at = piece.index(b"trun") + 4 + 12 + 12
    struct.pack_into(">I", piece, at, 1020)
    struct.pack_into(">I", piece, at + 12, 980)
    ((_, made),) = begun(plan_of()).feed(piece)
    assert set(read_fragment(made).durations) == {1000}


def test_what_comes_before_the_first_segment_is_left_out() -> None:
    copied = begun(plan_of(), first=1, end=2)
    assert list(copied.feed(fragment(0, range(24)))) == []
    ((segment, _),) = copied.feed(fragment(24, range(24, 48)))
    assert segment.sequence == 1
    assert list(copied.feed(fragment(48, range(48, 72)))) == []


def test_pictures_that_are_not_as_planned_are_refused() -> None:
    whole = range(24)
    assert "not where it was" in refused(begun(plan_of()), fragment(0, range(25)))
    assert "at one time" in refused(begun(plan_of()), fragment(0, [0, 1, 1, *range(3, 24)]))
    assert "outside" in refused(begun(plan_of()), fragment(0, [*range(23), 24]))
    opened = [sample(OTHER), *[sample(OTHER)] * 23]
    assert "cannot begin" in refused(begun(plan_of()), fragment(0, whole, opened))
    changed = [sample(b"\x67\x64\x00\x20", KEY), *[sample(OTHER)] * 23]
    assert "parameters change" in refused(begun(plan_of()), fragment(0, whole, changed))
    late = [1, 2, 3, 0, *range(4, 24)]
    assert "before its segment" in refused(begun(plan_of()), fragment(0, late))


def test_more_pictures_than_were_counted_are_refused() -> None:
    pieces = [fragment(first, range(first, first + 24)) for first in (0, 24, 48, 72, 96)]
    assert "more pictures" in refused(begun(plan_of()), *pieces)


def test_known_parameters_may_be_said_again() -> None:
    again = [sample(b"\x09\xf0", SPS, PPS, KEY), *[sample(OTHER)] * 23]
    assert len(list(begun(plan_of()).feed(fragment(0, range(24), again)))) == 1


def test_broken_samples_and_heads_are_bad_media() -> None:
    config = read_avcc(avc_init())
    assert config == AvcConfig(4, frozenset({SPS}), frozenset({PPS}))
    assert is_idr(sample(KEY), 0, len(sample(KEY)), config)
    assert not is_idr(sample(KEY, OTHER), 0, len(sample(KEY, OTHER)), config)
    for data in (b"\0\0\0\x09abc", b"\0\0", b"\0\0\0\0"):
        with pytest.raises(BadMedia):
            list(nal_units(data, 0, len(data), 4))
    for init in (aac.make_init(128_000, 48_000, 2), avc_init().replace(b"avcC", b"abcC")):
        with pytest.raises(BadMedia):
            read_avcc(init)


def heard(plan: Plan, first: int = 0) -> CopiedSound:
    copied = CopiedSound(plan, plan.audios[0], plan.segments[first:], Fraction(0))
    copied.begin(bytearray(aac.make_init(1, 48_000, 2)))
    return copied


def sounds(number: int, start: int, frames: list[bytes]) -> bytearray:
    return bytearray(make_fragment(number, start, frames, 1024))


def frames(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % (first + number) for number in range(count)]


def test_sound_is_cut_at_the_plans_borders_and_ends_in_silence() -> None:
    plan = plan_of()
    copied = heard(plan)
    made = list(copied.feed(sounds(1, 0, frames(150))))
    made += copied.finish()
    borders = plan.audio_borders("a0")
    assert [segment.sequence for segment, _ in made] == [0, 1, 2]
    assert [read_fragment(data).start // 1024 for _, data in made] == list(borders[:-1])
    lengths = [end - first for first, end in pairwise(borders)]
    assert [len(read_fragment(data).sizes) for _, data in made] == lengths
    assert made[-1][1].endswith(aac.silence(2) * (borders[-1] - 150))


def test_sound_keeps_its_phase_and_loses_only_its_priming() -> None:
    plan = plan_of(phase=-1024 - 100)
    assert plan.audios[0].phase == 924
    copied = CopiedSound(plan, plan.audios[0], plan.segments, Fraction(60))
    copied.begin(bytearray(aac.make_init(1, 48_000, 2)))
    start = 60 * 48_000 - 1124
    ((_, made), *_) = copied.feed(sounds(1, start, frames(150)))
    assert read_fragment(made).start == 924
    assert b"mdat23" in made


def test_a_hole_in_the_sound_is_silence_and_a_double_is_refused() -> None:
    copied = heard(plan_of())
    made = list(copied.feed(sounds(1, 0, frames(3))))
    made += copied.feed(sounds(2, 5 * 1024, frames(100, 5)))
    assert b"012" + aac.silence(2) * 2 + b"56" in made[0][1]
    assert "twice" in refused(copied, sounds(3, 2 * 1024, frames(1)))


def test_sound_of_another_configuration_is_refused() -> None:
    for init in (aac.make_init(1, 44_100, 2), aac.make_init(1, 48_000, 1), bytes(avc_init())):
        copied = CopiedSound(plan_of(), plan_of().audios[0], plan_of().segments, Fraction(0))
        with pytest.raises(EncodeFailed, match="cannot be copied"):
            copied.begin(bytearray(init))


def test_a_plan_without_a_copied_rung_copies_nothing() -> None:
    plan = plan_of()
    assert plan.copied == ("v720", "a0")
    encoded = tuple(replace(rung, copied=False) for rung in plan.video)
    assert replace(plan, video=encoded).copied == ()
