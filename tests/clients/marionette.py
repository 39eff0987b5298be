"""Debian's Firefox, driven by its own Marionette protocol: length-prefixed JSON over a local socket.

Firefox's WebDriver is built on it; it needs no driver besides the browser.
"""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.house import until

FIREFOX = "firefox-esr"
PREFERENCES: dict[str, bool | int | str] = {
    "marionette.port": 0,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.block-webaudio": False,
    "media.eme.enabled": True,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class MarionetteError(Exception):
    """Firefox refused a command; the message is its own."""


@dataclass
class Marionette:
    """One session over one socket."""

    stream: socket.socket
    _numbers: "count[int]" = field(default_factory=count)
    _read: bytes = b""

    def call(self, command: str, **parameters: Any) -> Any:
        """Send a command and wait for its answer. Raises `MarionetteError`."""
        number = next(self._numbers)
        text = json.dumps([0, number, command, parameters]).encode()
        self.stream.sendall(b"%d:%b" % (len(text), text))
        _, answered, fault, value = self._receive()
        assert answered == number
        if fault:
            raise MarionetteError(f"{command}: {fault['message']}")
        return value

    def greet(self) -> None:
        """Read Firefox's greeting and begin a session."""
        self._receive()
        self.call("WebDriver:NewSession", acceptInsecureCerts=False, pageLoadStrategy="normal")
        self.call("WebDriver:SetTimeouts", script=120_000, pageLoad=120_000)

    def _receive(self) -> Any:
        while b":" not in self._read:
            self._more()
        length, _, self._read = self._read.partition(b":")
        while len(self._read) < int(length):
            self._more()
        text, self._read = self._read[: int(length)], self._read[int(length) :]
        return json.loads(text)

    def _more(self) -> None:
        part = self.stream.recv(1 << 16)
        if not part:
            raise MarionetteError("Firefox went away")
        self._read += part


def is_installed() -> bool:
    """Whether Debian's Firefox is here."""
    return shutil.which(FIREFOX) is not None


@contextmanager
def firefox(folder: Path) -> Iterator[Marionette]:
    """Run Firefox without a window, with a profile of its own below `folder`."""
    profile = folder / "firefox"
    profile.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    words = [FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        active = profile / "MarionetteActivePort"
        until(lambda: active.exists() and active.read_text().strip(), "Firefox listening", 90)
        with socket.create_connection(("127.0.0.1", int(active.read_text())), timeout=180) as stream:
            session = Marionette(stream)
            session.greet()
            yield session
            with suppress(MarionetteError, OSError):
                session.call("Marionette:Quit", flags=["eForceQuit"])
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
