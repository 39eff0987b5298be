"""Houses to test delivery in: copied from one that was made once, because making one takes many fsyncs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.streaming.delivery.house import House


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    for name in ("bare", "with-film"):
        (folder / name).mkdir()
        house = House(folder / name)
        if name == "with-film":
            house.make_film()
        house.close()
    return folder


def opened(template: Path, folder: Path) -> Iterator[House]:
    house = House(Path(shutil.copytree(template, folder / "house")))
    yield house
    house.close()


@pytest.fixture
def house(templates: Path, tmp_path: Path) -> Iterator[House]:
    """A house with a film of 40 crypto periods."""
    yield from opened(templates / "with-film", tmp_path)


@pytest.fixture
def bare_house(templates: Path, tmp_path: Path) -> Iterator[House]:
    """A house whose film the test makes itself."""
    yield from opened(templates / "bare", tmp_path)
