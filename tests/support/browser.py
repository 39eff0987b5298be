"""Visitors in headless Chromium: each a browser context of its own whose every trouble is written down."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
AXE = Path(__file__).parents[2] / "player/web/node_modules/axe-core/axe.min.js"
PATIENCE_MS = 45_000
"""Two cores, shared with an encoder: what takes a second alone may take many."""
LOADING_FAILED = "Failed to load resource"
GIVEN_UP = "net::ERR_ABORTED"
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"
TOKENS = re.compile(r"[A-Za-z0-9_-]{30,}")

SEE_PICTURE = """() => {
  const video = document.querySelector('video');
  const screen = document.querySelector('#screen');
  return {
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    sound: video.webkitAudioDecodedByteCount ?? 0,
    time: video.currentTime, paused: video.paused, muted: video.muted, width: video.videoWidth,
    state: screen.dataset.state ?? '', code: screen.dataset.code ?? '',
  };
}"""
SEE_SERIOUS = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .map(v => [v.id, ...v.nodes.slice(0, 3).map(n => `${n.target} ${n.failureSummary}`)].join(' | '));
}"""


@dataclass(frozen=True)
class Picture:
    """What the video element has really done: decoded frames and bytes of sound, seconds of film."""

    frames: int
    sound: int
    time: float
    paused: bool
    muted: bool
    width: int
    state: str
    code: str


@dataclass
class Visitor:
    """Somebody at a browser: `troubles` must be empty at the end, `seen` is told when a test fails."""

    name: str
    home: str
    context: BrowserContext
    troubles: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    awaited: list[tuple[re.Pattern[str], frozenset[str]]] = field(default_factory=list)
    hosts: tuple[str, ...] = ()
    """Origins beside the house that pages may ask, such as delivery hosts."""
    asked: list[str] = field(default_factory=list)
    _page: Page | None = None

    @property
    def page(self) -> Page:
        """The tab in front; a closed one is followed by a new one."""
        if self._page is None or self._page.is_closed():
            self._page = self.context.new_page()
            self._watch(self._page)
        return self._page

    def allow(self, path: str, *answers: int | str) -> None:
        """From now on, requests whose whole path fits may be answered so (status, or net:: error)."""
        self.awaited.append((re.compile(path), frozenset(map(str, answers))))

    def go(self, path: str) -> Page:
        """Open a path of the house."""
        self.page.goto(self.home + path, wait_until="load")
        return self.page

    def find(self, selector: str) -> Locator:
        """What a selector finds on the page."""
        return self.page.locator(selector)

    def picture(self) -> Picture:
        """What the video shows at this moment."""
        return Picture(**self.page.evaluate(SEE_PICTURE))

    def wait(self, condition: str, *, seconds: float = PATIENCE_MS / 1000, about: Any = None) -> None:
        """Wait until a JavaScript function of `about` answers something true."""
        self.page.wait_for_function(condition, arg=about, timeout=seconds * 1000, polling=100)

    def _watch(self, page: Page) -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: self._console(page, message))
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url} threw: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))

    def _console(self, page: Page, message: ConsoleMessage) -> None:
        # What failed to load is told again, with its reason, as a response or a failed request.
        if message.type == "error" and not message.text.startswith(LOADING_FAILED):
            self.troubles.append(f"{page.url} console: {message.text}")
        self.seen.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)
        known = tuple(f"{origin}/" for origin in (self.home, *self.hosts))
        if not request.url.startswith((*known, "data:", "blob:")):
            self.troubles.append(f"a request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        path = urlsplit(response.url).path
        self.seen.append(f"{response.status} {response.request.method} {TOKENS.sub('…', path)}")
        if response.status >= 400:
            self._failed(response.url, str(response.status))

    def _failed(self, url: str, why: str) -> None:
        path = urlsplit(url).path
        self.seen.append(f"{why} {TOKENS.sub('…', path)}")
        # Pages give up what they asked for when they are left; that is no fault.
        if why == GIVEN_UP:
            return
        if not any(fits.fullmatch(path) and why in answers for fits, answers in self.awaited):
            self.troubles.append(f"{why}: {path}")


@dataclass
class Visitors:
    """Makes visitors of one house and watches over all of them."""

    browser: Browser
    made: list[Visitor] = field(default_factory=list)

    def arrive(
        self, name: str, home: str, *, width: int = 1280, height: int = 800, **options: Any
    ) -> Visitor:
        """Somebody new, without cookies, in a zone that is not the server's."""
        chosen = {"timezone_id": "Asia/Kolkata", "locale": "en-GB", **options}
        context = self.browser.new_context(viewport={"width": width, "height": height}, **chosen)
        visitor = Visitor(name, home, context)
        self.made.append(visitor)
        return visitor

    def troubles(self) -> list[str]:
        """Everything that went wrong for anybody."""
        return [f"{one.name}: {trouble}" for one in self.made for trouble in one.troubles]

    def tell(self, folder: Path) -> str:
        """Write a screenshot of each open page below `folder`; gives what everybody saw last."""
        told = []
        for one in self.made:
            told.append(f"--- {one.name}\n" + "\n".join(one.seen[-40:]))
            for number, page in enumerate(page for page in one.context.pages if not page.is_closed()):
                picture = folder / f"{one.name}-{number}.png"
                try:
                    page.screenshot(path=picture, timeout=10_000)
                    told.append(f"{page.url} is drawn in {picture}")
                except Exception as error:
                    told.append(f"{page.url} could not be drawn: {error}")
        return "\n".join(told)

    def leave(self) -> None:
        """Close every context."""
        for one in self.made:
            one.context.close()


def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium for one module of tests."""
    expect.set_options(timeout=PATIENCE_MS / 2)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def visitors_of(browser: Browser, folder: Path, failed: Callable[[], bool]) -> Iterator[Visitors]:
    """Give a test its visitors; fail it on any trouble of theirs, and tell what was seen when it failed."""
    visitors = Visitors(browser)
    try:
        yield visitors
        troubles = visitors.troubles()
        if troubles or failed():
            print(visitors.tell(folder))
        if troubles:
            pytest.fail("The browser was not content:\n" + "\n".join(dict.fromkeys(troubles)))
    finally:
        visitors.leave()


def log_in(visitor: Visitor, name: str, password: str) -> None:
    """Log in through the page."""
    visitor.go("/login")
    visitor.find("[name=name]").fill(name)
    visitor.find("[name=password]").fill(password)
    visitor.find("button[data-ref=submit]").click()
    visitor.page.wait_for_url(visitor.home + "/")


def watch_moving(visitor: Visitor, frames: int = 12, seconds: float = 60) -> tuple[Picture, Picture]:
    """Wait until real frames and real sound have advanced; gives the picture before and after."""
    visitor.wait("() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 0")
    before = visitor.picture()
    visitor.wait(
        """([frames, sound, time]) => {
          const video = document.querySelector('video');
          return video.getVideoPlaybackQuality().totalVideoFrames >= frames
            && video.webkitAudioDecodedByteCount > sound && video.currentTime > time;
        }""",
        about=[before.frames + frames, before.sound, before.time],
        seconds=seconds,
    )
    return before, visitor.picture()


def stand_still(visitor: Visitor, seconds: float = 1.5) -> None:
    """Assert that no frame is decoded, no sound is heard and no time passes in the film for a while."""
    before = visitor.picture()
    visitor.page.evaluate("ms => new Promise(done => setTimeout(done, ms))", seconds * 1000)
    after = visitor.picture()
    # A player that lets go of the film begins to count anew, and stands at its beginning.
    assert after.frames <= before.frames
    assert after.sound <= before.sound
    assert after.time <= before.time


def overlay(visitor: Visitor, name: str, seconds: float = 40) -> Locator:
    """Wait until one of the screen's overlays is shown."""
    place = visitor.find(f'[data-overlay="{name}"]')
    expect(place).to_be_visible(timeout=seconds * 1000)
    return place


def serious_faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical on this page."""
    if not AXE.is_file():
        raise AssertionError("axe-core is missing; run: python -m player.build")
    page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(SEE_SERIOUS)
    return found
