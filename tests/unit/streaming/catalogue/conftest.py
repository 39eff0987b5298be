"""A small house of titles for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.streaming.catalogue.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()
