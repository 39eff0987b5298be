"""Every room in every state, in a real browser: a quiet console, no other host, no overflow, axe content."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from player.gallery import write_gallery

pytestmark = pytest.mark.e2e

CHROMIUM = "/usr/bin/chromium"
PLAYER = Path(__file__).parents[2] / "player"
AXE = PLAYER / "web/node_modules/axe-core/axe.min.js"
SEE_SERIOUS = """async (asked) => {
  const found = await axe.run(document, {resultTypes: ['violations'], ...asked});
  return found.violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .map(v => [v.id, ...v.nodes.slice(0, 3).map(n => `${n.target} ${n.failureSummary}`)].join(' | '));
}"""


ASKED: dict[str, dict[str, object]] = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
"""What axe looks for: the dark pages are the light ones in other colours (`test_themes`)."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The gallery on loopback: its address and the names of its pages."""
    folder = tmp_path_factory.mktemp("gallery")
    names = write_gallery(folder)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", names
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def watched(browser: Browser, width: int, troubles: list[str]) -> Page:
    """A tab that writes down console errors, page errors, failing answers and requests to other hosts."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on(
        "console", lambda m: troubles.append(f"{page.url} console: {m.text}") if m.type == "error" else None
    )
    page.on("pageerror", lambda error: troubles.append(f"{page.url} error: {error}"))
    page.on(
        "response",
        lambda answer: (
            troubles.append(f"{page.url} got {answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:"))
            else troubles.append(f"{page.url} asks {request.url}")
        ),
    )
    return page


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_every_state_is_quiet_and_fits_its_width(
    gallery: tuple[str, list[str]], browser: Browser, width: int, theme: str
) -> None:
    """Colours make nothing wider: each width is looked at in one of both."""
    address, names = gallery
    troubles: list[str] = []
    page = watched(browser, width, troubles)
    for name in (one for one in names if one.endswith(f".{theme}.html")):
        page.goto(f"{address}/{name}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            troubles.append(f"{name} is {wide} px wide at {width}")
    page.close()
    assert troubles == []


@pytest.mark.parametrize("theme", list(ASKED))
def test_axe_finds_nothing_serious_in_any_state(
    gallery: tuple[str, list[str]], browser: Browser, theme: str
) -> None:
    assert AXE.is_file(), "axe-core is missing: npm install in player/web"
    address, names = gallery
    script, serious = AXE.read_text("utf-8"), {}
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    for name in names:
        if name.endswith(f".{theme}.html"):
            page.goto(f"{address}/{name}")
            page.evaluate(script)
            if found := page.evaluate(SEE_SERIOUS, ASKED[theme]):
                serious[name] = found
    page.close()
    assert serious == {}


def test_the_index_shows_every_state(gallery: tuple[str, list[str]], browser: Browser) -> None:
    address, names = gallery
    troubles: list[str] = []
    page = watched(browser, 1440, troubles)
    page.goto(f"{address}/index.html")
    links = page.eval_on_selector_all(".shot__links a", "all => all.map(a => a.getAttribute('href'))")
    page.close()
    assert sorted(links) == sorted(names)
    assert troubles == []
