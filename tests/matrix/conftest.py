"""The matrix is run once for all its tests: every source that a test asks for, two at a time."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.matrix.run import Outcome, run
from tests.matrix.serve import serving
from tests.matrix.shaka import Shaka, shaka_at
from tests.matrix.source import Source
from tests.support.browser import chromium

AT_ONCE = 2


@dataclass(frozen=True)
class Hall:
    """Where films are shown: a folder, its address, and the outcome of every source."""

    folder: Path
    home: str
    outcomes: dict[str, "Future[Outcome]"]


@pytest.fixture(scope="module")
def hall(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Begin with every source that was chosen, in the order of the tests."""
    folder = tmp_path_factory.mktemp("matrix")
    chosen = {
        source.name: source
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        for source in item.callspec.params.values()
        if isinstance(source, Source)
    }
    with serving(folder) as home, ThreadPoolExecutor(AT_ONCE, "matrix") as pool:
        futures = {name: pool.submit(run, source, folder, home) for name, source in chosen.items()}
        yield Hall(folder, home, futures)
        for future in futures.values():
            future.cancel()


@pytest.fixture
def outcome(hall: Hall, source: Source) -> Outcome:
    """What became of the source under test."""
    return hall.outcomes[source.name].result()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    yield from chromium()


@pytest.fixture(scope="module")
def shaka(hall: Hall, browser: Browser) -> Iterator[Shaka]:
    """One page for all playlists."""
    with shaka_at(browser, hall.folder, hall.home) as page:
        yield page
