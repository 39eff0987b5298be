"""Rate limits: never more than the bucket holds, never locked out for longer than said."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts.throttle import LIMITS, Kind, Limit, Throttle
from streaming.clock import FixedClock
from streaming.errors import Code, Fault

START = datetime(2026, 1, 1, tzinfo=UTC)
KIND = Kind.LOGIN_NAME


def wait_for(throttle: Throttle, key: str = "ada") -> int:
    """Seconds to wait, or 0 when the try passed."""
    try:
        throttle.take(KIND, key)
    except Fault as fault:
        return fault.retry_after or 0
    return 0


def passes(throttle: Throttle, key: str = "ada") -> bool:
    return wait_for(throttle, key) == 0


def test_a_burst_passes_and_the_next_try_says_when_to_come_back() -> None:
    clock = FixedClock(START)
    throttle = Throttle(clock, {KIND: Limit(3, 10)})
    assert [passes(throttle) for _ in range(3)] == [True] * 3
    with pytest.raises(Fault) as caught:
        throttle.take(KIND, "ada")
    assert caught.value.code is Code.TOO_MANY
    assert caught.value.retry_after == 10
    assert caught.value.hint == "Wait 10 seconds, then try again."
    clock.advance(timedelta(seconds=10))
    assert passes(throttle)
    assert not passes(throttle)


def test_names_and_kinds_have_buckets_of_their_own() -> None:
    throttle = Throttle(FixedClock(START), {KIND: Limit(1, 10), Kind.RECOVER_NAME: Limit(1, 10)})
    assert passes(throttle, "ada")
    assert passes(throttle, "bob")
    throttle.take(Kind.RECOVER_NAME, "ada")
    assert not passes(throttle, "ada")


def test_memory_is_bounded_and_the_longest_untouched_goes_first() -> None:
    throttle = Throttle(FixedClock(START), {KIND: Limit(1, 1000)}, capacity=2)
    for key in ("ada", "bob", "eve"):
        assert passes(throttle, key)
    assert len(throttle) == 2
    assert not passes(throttle, "eve")
    assert not passes(throttle, "bob")
    assert passes(throttle, "ada")


def test_a_clock_set_back_locks_nobody_out_for_longer_than_an_empty_bucket() -> None:
    clock = FixedClock(START)
    throttle = Throttle(clock, {KIND: Limit(2, 10)})
    assert passes(throttle)
    clock.advance(timedelta(days=-30))
    passes(throttle)
    clock.advance(timedelta(seconds=10))
    assert passes(throttle)


def test_every_kind_has_a_limit() -> None:
    assert set(LIMITS) == set(Kind)


limits = st.builds(Limit, st.integers(1, 20), st.floats(0.01, 1000))


@given(limits, st.lists(st.integers(0, 30_000_000), max_size=80))
def test_no_window_lets_more_pass_than_burst_and_refill(limit: Limit, gaps: list[int]) -> None:
    clock = FixedClock(START)
    throttle = Throttle(clock, {KIND: limit})
    passed: list[datetime] = []
    for gap in gaps:
        clock.advance(timedelta(microseconds=gap))
        if passes(throttle):
            passed.append(clock.now())
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = (passed[last] - passed[first]) // timedelta(microseconds=1)
            assert last - first + 1 <= limit.burst + window // limit.interval


@given(limits, st.lists(st.integers(0, 5_000_000), min_size=1, max_size=60))
def test_who_waits_as_long_as_told_always_passes(limit: Limit, gaps: list[int]) -> None:
    clock = FixedClock(START)
    throttle = Throttle(clock, {KIND: limit})
    for gap in gaps:
        clock.advance(timedelta(microseconds=gap))
        if wait := wait_for(throttle):
            clock.advance(timedelta(seconds=wait))
            assert passes(throttle)


@given(st.lists(st.text(max_size=5), max_size=50), st.integers(1, 5))
def test_memory_never_grows_past_its_bound(keys: list[str], capacity: int) -> None:
    throttle = Throttle(FixedClock(START), {KIND: Limit(1, 10)}, capacity=capacity)
    for one, _ in pairwise(["", *keys]):
        passes(throttle, one)
        assert len(throttle) <= capacity
