"""Who reads hostile films in these tests, and what watches them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.judge import Canary, canary
from tests.hostile.worker import Worker, worker
from transcoder.programs import process
from transcoder.programs.isolation import Isolation


@pytest.fixture(scope="module")
def reader() -> Iterator[Worker]:
    """One process that reads every film of a module."""
    with worker() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for films."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture
def bird(tmp_path: Path) -> Iterator[Canary]:
    """A canary that must never be visited."""
    with canary(tmp_path) as made:
        yield made


@pytest.fixture(params=["best", "none"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """The best way to keep ffmpeg apart that works here, and none: then its lists alone protect."""
    best = process.protection().isolation
    if request.param == "none" and best is Isolation.NONE:
        pytest.skip("this machine gives no namespaces, so both are the same")
    return best if request.param == "best" else Isolation.NONE
