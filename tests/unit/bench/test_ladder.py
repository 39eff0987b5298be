"""Ladders are compared at equal quality, and only where they have some in common."""

import pytest

from tests.bench.ladder import at_equal_quality

FIXED = [(100.0, 30.0), (200.0, 35.0), (400.0, 40.0)]


def test_half_the_bits_for_every_quality_are_half_the_bits() -> None:
    mine, theirs = at_equal_quality([(rate / 2, quality) for rate, quality in FIXED], FIXED)
    assert mine / theirs == pytest.approx(0.5)


def test_a_rung_that_costs_more_and_looks_worse_changes_nothing() -> None:
    assert at_equal_quality([*FIXED, (300.0, 34.0)], FIXED) == pytest.approx(at_equal_quality(FIXED, FIXED))


def test_a_ladder_of_one_rung_has_no_curve() -> None:
    with pytest.raises(ValueError, match="no quality in common"):
        at_equal_quality([(50.0, 36.0)], FIXED)
