"""Time left follows the pace of the last half minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.standalone.rate import RateMeter


def test_nothing_is_promised_before_a_second_has_passed() -> None:
    meter = RateMeter()
    assert meter.seconds_left(100) is None
    meter.note(0, 0)
    meter.note(0.9, 50)
    assert meter.seconds_left(100) is None


@given(rate=st.integers(1, 500), done=st.integers(2, 60))
def test_a_steady_pace_gives_the_exact_time_left(rate: int, done: int) -> None:
    meter = RateMeter()
    for second in range(done + 1):
        meter.note(second, second * rate)
    assert meter.seconds_left((done + 7) * rate) == pytest.approx(7)


def test_a_change_of_pace_is_followed_within_the_window() -> None:
    meter = RateMeter()
    for second in range(60):
        meter.note(second, second * 100)
    for second in range(60, 120):
        meter.note(second, 6000 + (second - 60) * 10)
    assert meter.seconds_left(6590 + 100) == pytest.approx(10, rel=0.05)


def test_frames_of_a_lost_attempt_start_the_measure_anew() -> None:
    meter = RateMeter()
    meter.note(0, 0)
    meter.note(10, 1000)
    meter.note(11, 500)
    assert meter.seconds_left(1000) is None
    meter.note(13, 700)
    assert meter.seconds_left(1000) == pytest.approx(3)


def test_more_frames_than_planned_leave_no_time() -> None:
    meter = RateMeter()
    meter.note(0, 0)
    meter.note(2, 20)
    assert meter.seconds_left(10) == 0
