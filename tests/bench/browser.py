"""Chromium with a stopwatch: when something was clicked, and when the first frame of a film was presented."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from streaming.accounts import vault
from streaming.web.api.account_models import encoded
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.house import PASSWORD, House
from transcoder.keys.secret import SecretBytes

PATIENCE_MS = 30_000
WATCHFUL = """(() => {
  const mark = (video) => {
    if (video.dataset.marked) return;
    video.dataset.marked = 'yes';
    video.requestVideoFrameCallback(() => { globalThis.firstFrame = Date.now(); });
  };
  const look = () => document.querySelectorAll('video').forEach(mark);
  new MutationObserver(look).observe(document, {childList: true, subtree: true});
  document.addEventListener('DOMContentLoaded', look);
  document.addEventListener('click', () => sessionStorage.setItem('clicked', String(Date.now())), true);
})()"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser while the `with` lasts."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, home: str, cookie: str = "") -> Iterator[BrowserContext]:
    """Somebody with empty caches, logged in if there is a cookie."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        context.set_default_timeout(PATIENCE_MS)
        if cookie:
            context.add_cookies([{"name": "matinee_session", "value": cookie, "url": home}])
        context.add_init_script(WATCHFUL)
        yield context
    finally:
        context.close()


def log_in(house: House, name: str) -> str:
    """Log an account of the house in as a browser does; gives the cookie."""
    with house.client() as client:
        salt = client.post("/api/v1/accounts/prelogin", json={"name": name}).raise_for_status().json()["salt"]
        keys = vault.from_password(SecretBytes(PASSWORD.encode()), decoded(salt))
        body = {"name": name, "auth_key": encoded(keys.auth_key.reveal()), "device": "bench"}
        client.post("/api/v1/session", json=body).raise_for_status()
        return client.cookies["matinee_session"]


def decoded(text: str) -> bytes:
    """Read base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def first_frame(page: Page) -> float:
    """Wait for the first frame; gives the moment it was presented, in milliseconds since 1970."""
    page.wait_for_function("() => globalThis.firstFrame > 0", polling=50)
    return float(page.evaluate("() => globalThis.firstFrame"))


def clicked(page: Page) -> float:
    """Give the moment of the last click in this tab, in milliseconds since 1970."""
    return float(page.evaluate("() => Number(sessionStorage.getItem('clicked'))"))
