"""Houses to test delivery in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.streaming.delivery.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film()
    yield house
    house.close()


@pytest.fixture
def bare_house(tmp_path: Path) -> Iterator[House]:
    """A house whose film the test makes itself."""
    house = House(tmp_path)
    yield house
    house.close()
