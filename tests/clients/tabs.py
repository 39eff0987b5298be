"""A tab with a player's page in it, in either browser: what is called on the stage, and its cookies."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.clients.marionette import Marionette, firefox
from tests.clients.premiere import SESSION
from tests.support.browser import ARGUMENTS, CHROMIUM

_CALL = """const [name, args, done] = arguments;
Promise.resolve(window.stage[name](...args)).then(
  (value) => done([true, value ?? null]), (error) => done([false, String(error?.stack ?? error)]));"""


class StageError(AssertionError):
    """A call on the stage failed; the message is the page's own."""


class Tab(Protocol):
    """One tab of one person."""

    def open(self, url: str, session: str) -> None:
        """Open a page as whoever holds that session cookie."""
        ...

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the stage and wait for what it gives. Raises `StageError`."""
        ...

    def picture(self) -> bytes:
        """Photograph the screen, as PNG: pages themselves cannot read pictures that came by EME."""
        ...


@dataclass
class ChromiumTab:
    """A page of its own context in Debian's Chromium."""

    context: BrowserContext
    page: Page

    def open(self, url: str, session: str) -> None:
        home = str(urlsplit(url).hostname)
        self.context.add_cookies([{"name": SESSION, "value": session, "domain": home, "path": "/"}])
        self.page.goto(url)

    def call(self, name: str, *arguments: Any) -> Any:
        try:
            return self.page.evaluate("([name, args]) => window.stage[name](...args)", [name, arguments])
        except Exception as error:
            raise StageError(str(error)) from None

    def picture(self) -> bytes:
        return self.page.screenshot()


@dataclass
class FirefoxTab:
    """The one window of Debian's Firefox."""

    session: Marionette

    def open(self, url: str, session: str) -> None:
        # A cookie can only be set for the page that is open.
        self.session.call("WebDriver:Navigate", url=url)
        cookie = {"name": SESSION, "value": session, "path": "/", "httpOnly": True}
        self.session.call("WebDriver:AddCookie", cookie=cookie)
        self.session.call("WebDriver:Navigate", url=url)

    def call(self, name: str, *arguments: Any) -> Any:
        answer = self.session.call("WebDriver:ExecuteAsyncScript", script=_CALL, args=[name, arguments])
        well, value = answer["value"]
        if not well:
            raise StageError(str(value))
        return value

    def picture(self) -> bytes:
        taken = self.session.call("WebDriver:TakeScreenshot", full=False)
        return base64.b64decode(taken["value"])


@contextmanager
def tab_in(browser: str, folder: Path) -> Iterator[Tab]:
    """Open a tab in a browser of its own: "chromium" or "firefox"."""
    if browser == "firefox":
        with firefox(folder) as session:
            yield FirefoxTab(session)
        return
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = opened.new_context()
        page = context.new_page()
        page.set_default_timeout(120_000)
        yield ChromiumTab(context, page)
        opened.close()
