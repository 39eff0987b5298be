"""Browsers and houses for the tests of the whole."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visitors, chromium, visitors_of
from transcoder.programs import process
from transcoder.programs.isolation import Isolation, Protection

RESULT = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember of each test whether it failed, for what its fixtures tell then."""
    report = yield
    if report.failed:
        item.stash[RESULT] = True
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    yield from chromium()


@pytest.fixture
def visitors(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Visitors]:
    """People at browsers; the test fails if their browsers complain of anything."""
    yield from visitors_of(browser, tmp_path, lambda: request.node.stash.get(RESULT, False))


@pytest.fixture(params=Isolation)
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Isolation:
    """Every way to keep ffmpeg apart that works here, one after another."""
    kind: Isolation = request.param
    if list(Isolation).index(kind) < list(Isolation).index(process.protection().isolation):
        pytest.skip(f"{kind} does not work on this machine")
    monkeypatch.setattr(process, "protection", lambda: Protection(kind))
    return kind
