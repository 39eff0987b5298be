"""Starts the web server and the workers, watches them, restarts what dies, and stops them cleanly.

Imports nothing but the standard library: this process lives as long as the house and should weigh little.
"""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
STEADY_SECONDS = 30.0
BACKLOG = 1024


class CannotStart(Exception):
    """The house cannot start; the message is a sentence and what to do."""


@dataclass
class Child:
    """One process of the house, and how patiently it is started again."""

    name: str
    argv: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    not_before: float = 0.0
    pause: float = field(default=FIRST_PAUSE)
    keeps: tuple[int, ...] = ()
    """Descriptors it inherits."""

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=self.keeps
        )

    def look_after(self) -> None:
        """Start it if it is due; if it has died, say so and set when it is due again."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.pause = (
            FIRST_PAUSE if now - self.started > STEADY_SECONDS else min(self.pause * 2, LONGEST_PAUSE)
        )
        say(f"The {self.name} stopped ({how_it_ended(code)}); starting it again in {self.pause:.1f} s.")
        self.process, self.not_before = None, now + self.pause


def how_it_ended(code: int) -> str:
    """Say a process's exit code in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def say(sentence: str) -> None:
    """Tell the operator."""
    print(f"matinee: {sentence}", file=sys.stderr, flush=True)


@contextmanager
def sole_holder(data: Path) -> Iterator[None]:
    """Hold the data folder's lock; the system lets go of it when this process dies, however it dies.

    Raises `CannotStart` if another house runs on the same folder.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"Another Matinee already runs on {data}. Stop it, or choose another folder with --data."
            ) from None
        lock.write(f"{os.getpid()}\n")  # for `matinee doctor`
        lock.flush()
        yield


def listen(host: str, port: int) -> socket.socket:
    """Listen on `host`:`port`, for all web processes. Raises `CannotStart`.

    The supervisor holds this socket as long as the house lives. Whichever web process is free takes the next
    connection, and while one that died is started again, nobody is refused.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.socket(family, kind, proto)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(address)
            door.listen(BACKLOG)
            door.setblocking(False)
        except OSError:
            door.close()
            raise
    except OSError as fault:
        raise CannotStart(
            f"Cannot listen on {host}:{port} ({fault.strerror}). "
            "Choose another port with --port, or stop the program that uses it."
        ) from None
    return door


def require_free_port(host: str, port: int) -> None:
    """Raise `CannotStart` if nobody could listen on `host`:`port`."""
    listen(host, port).close()


def children(webs: int, workers: int, door: int) -> list[Child]:
    """Name the processes of a house; each gets the same settings through the environment.

    `door` is the descriptor of the listening socket.
    """
    me = str(os.getpid())
    serving = [sys.executable, "-m", "streaming.cli.web_process", me, str(door)]
    working = [sys.executable, "-m", "streaming.cli.worker_process", me]
    return [
        *(Child(name, serving, keeps=(door,)) for name in _numbered("web server", webs)),
        *(Child(name, working) for name in _numbered("worker", workers)),
    ]


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name} {place}" for place in range(1, count + 1)]


def supervise(house: list[Child]) -> None:
    """Keep every child running until SIGINT or SIGTERM, then stop them all."""
    with _signals_as_bytes((signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)) as arrived:
        try:
            while True:
                for child in house:
                    child.look_after()
                if select.select([arrived], [], [], _nap(house))[0] and set(os.read(arrived, 64)) & _ENDS:
                    return
        finally:
            stop(house)


_ENDS = {int(signal.SIGINT), int(signal.SIGTERM)}


@contextmanager
def _signals_as_bytes(signals: tuple[signal.Signals, ...]) -> Iterator[int]:
    """Give a descriptor on which each arriving signal shows as one byte, its number (self-pipe)."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    handlers = {sign: signal.signal(sign, lambda _number, _frame: None) for sign in signals}
    try:
        yield reading
    finally:
        for sign, handler in handlers.items():
            signal.signal(sign, handler)
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def _nap(house: list[Child]) -> float:
    """Seconds until a child is due; a long sleep when all run."""
    due = [child.not_before - time.monotonic() for child in house if child.process is None]
    return max(0.01, min(due, default=60.0))


def stop(house: list[Child]) -> None:
    """Ask every child to end, wait, and kill what stays."""
    alive = [child.process for child in house if child.process and child.process.poll() is None]
    for process in alive:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in alive:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def prepare() -> None:
    """Make folders, root key and database ready, in a process of its own. Raises `CannotStart`."""
    ready = subprocess.run(
        [sys.executable, "-m", "streaming.cli.prepare"], stdin=subprocess.DEVNULL, check=False
    )
    if ready.returncode:
        raise CannotStart("Matinee could not make its data folder ready; the reason stands above.")


def main() -> int:
    """Run a house by the `MATINEE_…` environment; gives the exit code."""
    os.umask(0o077)  # whatever this house writes is for its own eyes
    data = Path(os.environ["MATINEE_DATA"])
    host, port = os.environ["MATINEE_HOST"], int(os.environ["MATINEE_PORT"])
    try:
        with sole_holder(data), listen(host, port) as door:
            say(f"starting on http://{host}:{port}, data in {data}. Ctrl-C stops it.")
            prepare()
            webs, workers = (int(os.environ[f"MATINEE_{name}"]) for name in ("WEB_PROCESSES", "WORKERS"))
            supervise(children(webs, workers, door.fileno()))
    except CannotStart as reason:
        say(str(reason))
        return 1
    say("stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
