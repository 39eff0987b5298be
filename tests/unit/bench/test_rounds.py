"""The statistics of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.rounds import Aim, Figure, Side, Spread, Verdict, interleave

positive = st.floats(min_value=1e-3, max_value=1e9, allow_nan=False)


def figure(ours: tuple[float, ...], peers: tuple[float, ...], aim: Aim | None = None) -> Figure:
    return Figure("thing", "MB/s", "ours", "peer", ours, peers, "How.", aim)


def test_the_ratio_is_the_median_of_each_rounds_own_ratio() -> None:
    # The medians of both sides would give 10 / 10 = 1.
    ratio = figure((1.0, 10.0, 100.0), (10.0, 1.0, 200.0)).ratio
    assert ratio == Spread(0.5, 0.1, 10.0)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=9))
def test_a_drift_that_both_sides_share_changes_no_ratio(rounds: list[tuple[float, float]]) -> None:
    ours, peers = zip(*rounds, strict=True)
    plain = figure(ours, peers).ratio
    doubled = figure(tuple(2 * one for one in ours), tuple(2 * one for one in peers)).ratio
    assert doubled == plain
    assert plain.least <= plain.median <= plain.most


@pytest.mark.parametrize(
    ("aim", "verdict"),
    [
        (None, Verdict.NO_AIM),
        (Aim(0.95, most=False), Verdict.MET),
        (Aim(1.05, most=False), Verdict.MISSED),
        (Aim(1.0, most=True), Verdict.MET),
        (Aim(0.99, most=True), Verdict.MISSED),
        (Aim(20.0, most=True, absolute=True), Verdict.MET),
        (Aim(19.0, most=True, absolute=True), Verdict.MISSED),
    ],
)
def test_an_aim_is_held_against_the_median(aim: Aim | None, verdict: Verdict) -> None:
    assert figure((10.0, 20.0, 90.0), (20.0, 20.0, 10.0), aim).verdict is verdict


@pytest.mark.parametrize(("ours", "peers"), [((), ()), ((1.0,), (1.0, 2.0)), ((1.0,), (0.0,))])
def test_a_figure_needs_both_sides_of_every_round(ours: tuple[float, ...], peers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="thing"):
        figure(ours, peers)


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


def test_rounds_alternate_their_order_and_measure_every_side_in_each() -> None:
    seen: list[tuple[str, int]] = []

    def side(name: str) -> Side:
        def measure(number: int) -> float:
            seen.append((name, number))
            return number + (0.5 if name == "b" else 0.0)

        return measure

    told: list[int] = []
    found = interleave({"a": side("a"), "b": side("b"), "c": side("c")}, 3, told.append)
    assert [name for name, _ in seen] == ["a", "b", "c", "c", "b", "a", "a", "b", "c"]
    assert [number for _, number in seen] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found == {"a": (0.0, 1.0, 2.0), "b": (0.5, 1.5, 2.5), "c": (0.0, 1.0, 2.0)}
    assert told == [0, 1, 2]
