"""A few of the random kills that `python -m tests.kills` deals by the hundred."""

from pathlib import Path

import pytest

from tests.kills.batch import Size, run

pytestmark = pytest.mark.e2e


def test_workers_that_are_killed_lose_double_and_leave_nothing(tmp_path: Path) -> None:
    tally = run(tmp_path, Size(kills=6, seed=3, film_seconds=20))
    assert not tally.faults, tally.faults
    assert tally.kills == 6
    assert tally.films >= 3
    assert tally.frames == tally.films * 2 * 500
