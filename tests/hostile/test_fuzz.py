"""Damaged films, a short run with a fixed seed; `python -m tests.fuzz` makes long ones."""

import pytest

from tests.fuzz.mutations import mutate
from tests.fuzz.run import fuzz

pytestmark = pytest.mark.e2e


def test_damaged_films_do_no_harm() -> None:
    summary = fuzz(60, seed=20_261_125)
    assert summary.inputs == 60
    assert summary.clean, summary.bad
    assert summary.outcomes["refused"] > 5
    assert summary.outcomes["played"] > 5


def test_a_seed_stands_for_one_damage() -> None:
    films = [bytes(range(256)) * 40, b"moov" * 900]
    made = [mutate(seed, films, films) for seed in range(300)]
    assert made == [mutate(seed, films, films) for seed in range(300)]
    assert sum(data not in films for _, data in made) > 280
