"""What stands between a program that reads a hostile film and this machine: words put before its argv."""

import os
import resource
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import ceil
from pathlib import Path

from transcoder.programs.sandbox import Bounds, Sandbox

_NOBODY = "65534"
_LIBRARIES = ("/usr", "/lib", "/lib64")
_ELF_HEAD = 4096


class Isolation(StrEnum):
    """How far a program is kept apart, the strongest first.

    BUBBLEWRAP: it sees its own binary, the files it may read, its pipes, and nothing else; no network, no
    other process. NAMESPACES: no network, but it can read what this account can. NONE: limits alone.
    """

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    NONE = "none"

    @property
    def tool(self) -> str:
        """Name of the program that does it; empty for NONE."""
        return {"bubblewrap": "bwrap", "namespaces": "unshare"}.get(self.value, "")


@dataclass(frozen=True, slots=True)
class Protection:
    """What is active here.

    `said` is why each stronger isolation does not work; `missing` are programs without which processes have
    no limits (prlimit) or are not tied to the life of their parent (setpriv).
    """

    isolation: Isolation
    said: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def confine(isolation: Isolation, argv: Sequence[str], sandbox: Sandbox, bounds: Bounds) -> list[str]:
    """Give the argv that runs `argv` within `bounds`, apart from everything but `sandbox.reads`.

    Limits come first, since bubblewrap forks and its child must inherit them.
    """
    return [*_limited(bounds), *_set_back(bounds), *_apart(isolation, argv[0], sandbox), *argv]


def tool(name: str) -> str:
    """Path of a program; empty where it is not installed."""
    return _found(name)


@cache
def _found(name: str) -> str:
    return shutil.which(name) or ""


def _limited(bounds: Bounds) -> list[str]:
    if not tool("prlimit"):
        return []
    cores = os.cpu_count() or 1
    limits = {
        "as": _within(resource.RLIMIT_AS, bounds.memory),
        "nofile": _within(resource.RLIMIT_NOFILE, bounds.open_files),
        # The clock ends it first; this ends what a worker that hangs could not.
        "cpu": _within(resource.RLIMIT_CPU, ceil(bounds.seconds * cores) + 1),
        "core": 0,
        "fsize": 0,  # everything leaves through pipes; no file may grow
    }
    return [tool("prlimit"), *(f"--{name}={most}" for name, most in limits.items()), "--"]


def _set_back(bounds: Bounds) -> list[str]:
    if not bounds.niceness or not tool("nice"):
        return []
    return [tool("nice"), "-n", str(bounds.niceness)]


def _within(what: int, wanted: int) -> int:
    """Give the limit that is wanted, or the stricter one that this process has itself and cannot lift."""
    hard = resource.getrlimit(what)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _apart(isolation: Isolation, program: str, sandbox: Sandbox) -> list[str]:
    if isolation is Isolation.BUBBLEWRAP:
        return _bubblewrap(program, sandbox)
    if isolation is Isolation.NAMESPACES:
        # As nobody, so that the program starts without the powers its new namespace would give to root.
        user = ["--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
        return [tool("unshare"), *user, "--net", "--ipc", "--uts", "--", *_tied_to_parent()]
    return _tied_to_parent()


def _tied_to_parent() -> list[str]:
    if not tool("setpriv"):
        return []
    death = signal.Signals.SIGKILL.name.removeprefix("SIG")
    return [tool("setpriv"), "--pdeathsig", death, "--no-new-privs", "--"]


def _bubblewrap(program: str, sandbox: Sandbox) -> list[str]:
    words = [tool("bwrap"), "--unshare-all", "--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
    # The program is process 1 of its own world: one process less to start, and none can outlive it. It stays
    # in the process group that `process` made, which has no terminal, to be killed by it at any moment.
    words += ["--die-with-parent", "--as-pid-1", "--cap-drop", "ALL", "--hostname", "film"]
    if _needs_libraries(program):
        words += [word for folder in _LIBRARIES for word in ("--ro-bind-try", folder, folder)]
    for path in (program, *sandbox.reads):
        words += ["--ro-bind", str(path), str(path)]
    return [*words, "--remount-ro", "/", "--chdir", "/", "--"]


@cache
def _needs_libraries(program: str) -> bool:
    """Whether an ELF program names an interpreter, as dynamically linked ones do."""
    with Path(program).open("rb") as file:
        return b"/ld-" in file.read(_ELF_HEAD)
