"""What may be copied is decided by facts alone, and the grid then follows the source's key frames."""

from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.facts import picture, sound
from transcoder.planning.copying import (
    PacketReader,
    Packets,
    copied_sound,
    why_not,
    why_not_packets,
    with_copy,
)
from transcoder.planning.grid import copied_borders
from transcoder.planning.ladder import AudioRendition
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.source.media import MediaInfo, VideoTrack

SECOND = 12_288
FRAME = SECOND // 24


def plan_of(track: VideoTrack | None = None, policy: Policy | None = None) -> Plan:
    track = picture() if track is None else track
    return make_plan(MediaInfo("matroska,webm", 1, track, (sound(),)), policy or Policy())


def packets_of(plan: Plan, apart: int = 48, bits: int = 2_000_000) -> Packets:
    keys = tuple(range(0, plan.info.video.frames, apart))
    size = int(bits / 8 * apart / plan.frame_rate)
    return Packets(keys, (size,) * len(keys), 2, {1: 0})


def read(track: VideoTrack, order: list[int], keys: set[int], flags: str = "") -> Packets:
    reader = PacketReader(track)
    for number in order:
        reader.take(track.start_pts + number * FRAME, 100, ("K" if number in keys else "_") + flags)
    return reader.result({})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"codec": "hevc"}, "not H.264"),
        ({"profile": "High 10"}, "High 10"),
        ({"profile": ""}, "the profile that it has"),
        ({"level": 51}, "above 4.2"),
        ({"level": 0}, "above 4.2"),
        ({"pixel_format": "yuv422p"}, "4:2:0"),
        ({"pixel_format": "yuvj420p"}, "range of television"),
        ({"colour_transfer": "smpte2084"}, "brighter"),
        ({"interlaced": True}, "interlaced"),
        ({"rotation": 90}, "turn it"),
        ({"width": 1706}, "not square"),
        ({"height": 719, "coded_height": 719}, "odd"),
    ],
)
def test_each_hindrance_has_its_own_reason(changes: dict[str, object], reason: str) -> None:
    assert reason in why_not(picture(**changes), Policy())


def test_a_plain_picture_may_be_copied_unless_the_house_says_no() -> None:
    assert why_not(picture(), Policy()) == ""
    assert why_not_packets(plan_of(), packets_of(plan_of())) == ""
    assert "encodes every film" in why_not(picture(), Policy(copied_rate=0))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"apart": 145}, "6.0 s pass from one key frame to the next, more than 6 s"),
        ({"bits": 6_500_000}, "6.5 Mbit/s are more than 6.4"),
    ],
)
def test_key_frames_too_far_apart_or_too_many_bits_are_no_stream(change: dict[str, int], reason: str) -> None:
    assert reason in why_not_packets(plan_of(), packets_of(plan_of(), **change))


def test_one_heavy_scene_is_too_much_even_if_the_average_is_not() -> None:
    plan = plan_of()
    packets = packets_of(plan)
    heavy = replace(packets, sizes=(packets.sizes[0] * 8, *packets.sizes[1:]))
    assert "16.0 Mbit/s are more than 6.4" in why_not_packets(plan, heavy)


def test_pictures_that_wait_long_for_others_are_not_copied() -> None:
    plan = plan_of()
    assert "more than 4 frames after" in why_not_packets(plan, replace(packets_of(plan), reorder=5))


def test_a_steady_stream_is_read_as_it_is() -> None:
    track = picture(frames=8, start_pts=77)
    found = read(track, [0, 2, 1, 3, 4, 7, 6, 5], {0, 4})
    assert found == Packets((0, 4), (400, 400), 2, {}, "")


@pytest.mark.parametrize(
    ("order", "keys", "fault"),
    [
        ([1, 0, 2, 3], {1}, "it does not begin with a key frame"),
        ([0, 1, 2], {0}, "pictures are missing"),
        ([0, 1, 3], {0}, "pictures are missing"),
        ([0, 1, 1, 2, 3], {0}, "two pictures come at one time"),
        ([0, *range(2, 40)], {0}, "pictures are missing"),
    ],
)
def test_a_stream_with_holes_or_doubles_says_so(order: list[int], keys: set[int], fault: str) -> None:
    assert read(picture(frames=4), order, keys).fault == fault


def test_a_key_frame_with_pictures_before_it_in_time_is_no_place_to_begin() -> None:
    found = read(picture(frames=8), [0, 1, 2, 3, 6, 4, 5, 7], {0, 6})
    assert (found.keys, found.fault) == ((0,), "")


@pytest.mark.parametrize("flags", ["D", "C"])
def test_packets_that_are_not_shown_or_damaged_are_not_copied(flags: str) -> None:
    assert "edit list" in read(picture(frames=2), [0, 1], {0}, flags).fault


def test_times_may_be_rounded_but_not_uneven() -> None:
    for shift, fault in ((FRAME // 5, ""), (FRAME // 3, "its pictures do not come at a steady rate")):
        reader = PacketReader(picture(frames=2))
        reader.take(0, 1, "K")
        reader.take(FRAME + shift, 1, "_")
        assert reader.result({}).fault == fault
    reader = PacketReader(picture(frames=2))
    reader.take(None, 1, "K")
    assert "does not say when" in reader.result({}).fault


def test_the_copied_rung_takes_the_place_of_its_size() -> None:
    plan = with_copy(plan_of(), packets_of(plan_of()))
    assert [(rung.name, rung.copied) for rung in plan.video] == [
        ("v720", True),
        ("v480", False),
        ("v360", False),
        ("v240", False),
    ]
    top = plan.video[0]
    assert (top.width, top.height, top.level, top.tier, top.maxrate) == (1280, 720, "3.1", "hd", 2_000_000)
    assert plan.copied == ("v720", "a0")
    assert plan.audios[0].copied
    assert Plan.from_json(plan.to_json()) == plan


def test_sound_that_cannot_be_copied_is_made_in_the_same_run() -> None:
    plan = plan_of()
    plan = replace(plan, info=replace(plan.info, audios=(sound(codec="ac3"),)))
    plan = with_copy(plan, packets_of(plan))
    assert plan.copied == ("v720", "a0")
    assert not plan.audios[0].copied


@pytest.mark.parametrize(
    "changes",
    [{"codec": "mp3"}, {"profile": "HE-AAC"}, {"channels": 6}, {"sample_rate": 22_050}, {"index": 5}],
)
def test_sound_of_another_kind_is_encoded(changes: dict[str, object]) -> None:
    stereo = AudioRendition("a0", 1)
    assert copied_sound(stereo, sound(**changes), picture(), {1: 0}) == stereo


@given(st.integers(-200_000, 200_000), st.sampled_from([44_100, 48_000]), st.sampled_from([1, 2]))
def test_sound_keeps_its_place_and_begins_with_the_picture(first: int, rate: int, channels: int) -> None:
    track = sound(sample_rate=rate, time_base=Fraction(1, rate), channels=channels)
    film = picture(start_pts=SECOND * 2)
    made = copied_sound(AudioRendition("a0", 1), track, film, {1: first})
    assert (made.copied, made.rate, made.channels) == (True, rate, channels)
    assert 0 <= made.phase < 1024
    assert (made.phase - (first - 2 * rate)) % 1024 == 0


gaps = st.lists(st.integers(1, 144), min_size=1, max_size=120)


@given(gaps, st.integers(2, 6))
def test_copied_segments_begin_at_key_frames_and_are_never_too_long(steps: list[int], seconds: int) -> None:
    *keys, frames = accumulate(steps, initial=0)
    borders = copied_borders(keys, frames, Fraction(24), seconds, 6)
    assert borders[0] == 0
    assert borders[-1] == frames
    assert set(borders[:-1]) <= set(keys)
    lengths = [b - a for a, b in pairwise(borders)]
    assert all(length > 0 for length in lengths)
    assert max(lengths) <= 144 + 9  # the last one may take a sliver


def test_dense_key_frames_give_the_grid_of_encoded_films() -> None:
    borders = copied_borders(range(0, 24 * 30, 24), 24 * 30, Fraction(24), 4, 6)
    assert [(b - a) // 24 for a, b in pairwise(borders)] == [1, 1, 2, 2, 2, 4, 4, 4, 4, 4, 2]


def test_a_segment_waits_a_little_rather_than_being_a_sliver() -> None:
    assert copied_borders([0, 2, 100], 200, Fraction(24), 4, 6) == (0, 100, 200)
    assert copied_borders([0, 24, 30, 170], 200, Fraction(24), 4, 6) == (0, 24, 30, 170, 200)


@pytest.mark.parametrize("keys", [[1, 24], [0, 200], [0, 24, 24]])
def test_key_frames_that_allow_no_grid_are_refused(keys: list[int]) -> None:
    with pytest.raises(ValueError, match="key frames"):
        copied_borders(keys, 300, Fraction(24), 4, 6)
