"""Films that would fill memory or take for ever are refused or played within bounds; their reader lives."""

from pathlib import Path

import pytest

from tests.hostile.bombs import BOMBS
from tests.hostile.worker import Worker

pytestmark = pytest.mark.e2e

MOST_MEMORY = 1_500_000
"""KB that one process may really use (VmHWM): the largest picture allowed, a dozen times."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_or_played_within_bounds(reader: Worker, folder: Path, bomb: str) -> None:
    film = folder / "film.mp4"
    film.write_bytes(BOMBS[bomb](folder))
    verdict = reader.judge(film)
    assert verdict.outcome != "broken", verdict.trace
    assert verdict.outcome == "played" or verdict.speaks, verdict
    assert verdict.peak < MOST_MEMORY, verdict
