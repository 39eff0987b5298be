import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.delivery.budget import UNIT, Budget, Rule, full, is_released, refilled, spend, with_released
from streaming.delivery.values import MAX_PERIODS

SECOND = 1_000_000
RULE = Rule(burst=12, rate=4.0, period_seconds=60)


def test_a_burst_is_handed_out_at_once_and_then_it_waits() -> None:
    budget = full(RULE, 0)
    for _ in range(12):
        left = spend(budget, RULE, 0)
        assert isinstance(left, Budget)
        budget = left
    assert spend(budget, RULE, 0) == 15


def test_waiting_as_long_as_told_is_enough() -> None:
    empty = Budget(0, 0)
    wait = spend(empty, RULE, 0)
    assert isinstance(wait, int)
    assert isinstance(spend(empty, RULE, wait * SECOND), Budget)


def test_a_clock_that_steps_back_neither_gives_nor_takes() -> None:
    assert refilled(Budget(5 * UNIT, 100 * SECOND), RULE, 0) == Budget(5 * UNIT, 0)


rules = st.builds(Rule, st.integers(1, 30), st.floats(0.5, 20), st.integers(4, 600))


@settings(deadline=None)
@given(rules, st.lists(st.integers(0, 300 * SECOND), max_size=60))
def test_no_history_gets_more_than_burst_and_refill(rule: Rule, waits: list[int]) -> None:
    budget, now, given_out = full(rule, 0), 0, 0
    for wait in waits:
        now += wait
        left = spend(budget, rule, now)
        if isinstance(left, Budget):
            budget, given_out = left, given_out + 1
            assert 0 <= budget.level <= rule.burst * UNIT
        else:
            assert left >= 1
    assert given_out <= rule.burst + now / SECOND * rule.rate / rule.period_seconds + 1e-6


@settings(deadline=None)
@given(rules, st.integers(0, UNIT - 1))
def test_the_wait_told_is_always_enough(rule: Rule, level: int) -> None:
    wait = spend(Budget(level, 0), rule, 0)
    assert isinstance(wait, int)
    assert isinstance(spend(Budget(level, 0), rule, wait * SECOND + 1), Budget)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2000)), st.integers(0, 2000))
def test_the_bitmap_is_a_set(periods: list[int], asked: int) -> None:
    bitmap = b""
    for period in periods:
        bitmap = with_released(bitmap, period)
    assert is_released(bitmap, asked) == (asked in periods)


@pytest.mark.parametrize("period", [-1, MAX_PERIODS, 10**9])
def test_no_bitmap_grows_beyond_any_film(period: int) -> None:
    with pytest.raises(ValueError, match="periods"):
        with_released(b"", period)
