import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.charts import HEIGHT, LEAST, WIDTH, bars, curve

VALUES = st.lists(st.floats(0, 1e6), max_size=60)


@given(VALUES)
def test_bars_stand_in_the_chart_one_for_each_value(values: list[float]) -> None:
    made = bars(values)
    assert len(made) == len(values)
    for bar, value in zip(made, values, strict=True):
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.05
        assert bar.y + bar.height == pytest.approx(HEIGHT, abs=0.02)
        assert (bar.height > 0) == (value > 0)


@given(VALUES)
def test_more_is_never_lower(values: list[float]) -> None:
    made = sorted(zip(values, bars(values), strict=True), key=lambda pair: pair[0])
    heights = [bar.height for _, bar in made]
    assert heights == sorted(heights)


def test_the_highest_fills_the_chart_and_little_is_seen() -> None:
    high, low, none = bars([1000, 1, 0])
    assert (high.height, low.height, none.height) == (HEIGHT, LEAST, 0)


@given(st.lists(st.floats(-1, 2), max_size=100))
def test_a_curve_stays_in_the_chart_and_closes(shares: list[float]) -> None:
    path = curve(shares)
    if not shares:
        assert path == ""
        return
    assert path.startswith("M0 ")
    assert path.endswith("Z")
    points = [(float(x), float(y)) for x, y in re.findall(r"([0-9.]+) ([0-9.]+)", path)]
    assert all(0 <= x <= WIDTH + 0.01 and 0 <= y <= HEIGHT for x, y in points)
