"""A clock that runs through has no jump; of one that jumps the first is found."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from transcoder.studying.clock import MOST_AHEAD, MOST_BACK, ClockReader

BASE = Fraction(1, 90_000)
steps = st.lists(st.integers(-MOST_BACK * 90_000, MOST_AHEAD * 90_000), max_size=40)
jumps = st.one_of(
    st.integers(max_value=-MOST_BACK * 90_000 - 1, min_value=-(2**33)),
    st.integers(min_value=MOST_AHEAD * 90_000 + 1, max_value=2**33),
)


def read(start: int, steps: list[int]) -> ClockReader:
    reader, time = ClockReader(BASE), start
    reader.take(time)
    for step in steps:
        time += step
        reader.take(time)
    return reader


@given(st.integers(-(2**33), 2**33), steps)
def test_pauses_and_small_disorder_are_no_jump(start: int, before: list[int]) -> None:
    assert read(start, before).jump_at is None


@given(st.integers(-(2**33), 2**33), steps, jumps, steps)
def test_the_first_jump_is_told_by_its_place_in_the_film(
    start: int, before: list[int], jump: int, after: list[int]
) -> None:
    assert read(start, [*before, jump, *after]).jump_at == sum(before) * BASE


def test_a_recording_without_a_picture_has_no_clock_to_jump() -> None:
    assert ClockReader(BASE).jump_at is None
