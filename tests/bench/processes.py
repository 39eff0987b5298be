"""Processes of a run: bound to a core if asked, always bound to this process's life, ended on leaving."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support.house import free_port, until

TIED = ("setpriv", "--pdeathsig", "TERM", "--")


def pinned(core: int) -> tuple[str, ...]:
    """Give the words before a command that hold it to one core."""
    return ("taskset", "--cpu-list", str(core))


@contextmanager
def running(
    argv: list[str], log: Path, *, env: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[psutil.Process]:
    """Run a process while the `with` lasts; with `port`, wait until it listens there."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*TIED, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, start_new_session=True
        )
    try:
        if port is not None:
            until(lambda: _listens(process, port, log), f"something on port {port}", 30)
        yield psutil.Process(process.pid)
    finally:
        _end(process)


def _listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"a server ended with {process.returncode}: {log.read_text()[-2000:]}")
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        tree = [*psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        tree = []
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for one in tree:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    if process.poll() is None:
        process.kill()
        process.wait(10)
    psutil.wait_procs(tree, timeout=5)


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time that a process and its children have used so far."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without settings of anybody's own house."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}, **more}


@contextmanager
def server(
    kind: str, target: str, core: int, log: Path, **settings: str
) -> Iterator[tuple[int, psutil.Process]]:
    """Run `tests.bench.serve` on a free port and one core; gives the port and the process."""
    port = free_port()
    argv = [*pinned(core), sys.executable, "-m", "tests.bench.serve", kind, target, str(port)]
    env = clean_environment(**settings)
    with running(argv, log, env=env, port=port) as process:
        yield port, process
