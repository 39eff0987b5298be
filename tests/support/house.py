"""A real house for tests: the real command, on a folder and port of its own, killed as hard as asked."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from streaming.cli.accounts import add_account, issue_token
from streaming.settings import Settings
from transcoder.keys.secret import SecretBytes

T = TypeVar("T")
PASSWORD = "correct horse battery"
MATINEE = str(Path(sys.executable).with_name("matinee"))


def free_port() -> int:
    """A loopback port that nobody used a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until(condition: Callable[[], T | None], what: str, seconds: float = 60.0, every: float = 0.05) -> T:
    """Wait until `condition` gives something true; fail saying what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s; last seen: {found!r}")
        time.sleep(every)


@dataclass
class House:
    """A data folder with the processes that serve it."""

    data: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What its processes said."""
        return self.data.parent / f"{self.data.name}.log"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of its commands: nothing of the tester's own house leaks in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        named = {"MATINEE_DATA": str(self.data), "MATINEE_PORT": str(self.port), "MATINEE_URL": self.url}
        return {**kept, **named, **self.settings, **more}

    def start(self) -> None:
        """Start it and wait until it says it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [MATINEE, "serve"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.is_ready, f"a ready house; its log says:\n{self.said()}", 60)

    def is_ready(self) -> bool:
        """Whether /healthz answers 200."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the house ended with {self.process.returncode}:\n{self.said()}")
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def said(self) -> str:
        """The last of its log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def tree(self) -> list[psutil.Process]:
        """Every process of the house."""
        if self.process is None:
            return []
        try:
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """`kill -9` the whole tree at once."""
        tree = self.tree()
        for process in tree:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(tree, timeout=20)
        self._reap()

    def stop(self) -> int:
        """Stop it as Ctrl-C would; gives its exit code."""
        if self.process is None or self.process.poll() is not None:
            return self._reap()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the house did not stop within 30 s:\n{self.said()}") from None
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait(20) if self.process else 0
        self.process = None
        return code

    def run(self, *words: str, token: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run the `matinee` command against this house."""
        return subprocess.run(
            [MATINEE, *words],
            env=self.environment(**({"MATINEE_TOKEN": token} if token else {}), **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def add_user(self, name: str, role: str) -> str:
        """Make an account with `PASSWORD` and give an API token of it: as the commands do, but in here."""
        settings = Settings(data=self.data)
        add_account(settings, name, role, SecretBytes(PASSWORD.encode()))
        return issue_token(settings, name, "tests")

    def client(self, token: str = "") -> httpx.Client:
        """An HTTP client that speaks as the token's account."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def running(data: Path, port: int | None = None, /, **settings: str) -> Iterator[House]:
    """A running house that is stopped, and its processes gone, on leaving."""
    house = House(data, port or free_port(), settings=settings)
    house.start()
    try:
        yield house
    finally:
        left = house.tree()
        try:
            house.stop()
        finally:
            for process in left:
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    process.kill()


def wait_for_title(client: httpx.Client, title: str, *states: str, seconds: float = 120) -> dict[str, Any]:
    """Wait until a title is in one of `states`; gives what the API says of it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/api/v1/titles/{title}").raise_for_status().json()
        return found if found["state"] in states else None

    return until(look, f"title {title} in {states}", seconds, 0.1)
