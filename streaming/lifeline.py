"""Ties a process to its parent, so that nothing outlives a killed house; and chooses one among equals."""

import ctypes
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1
PARENT = "MATINEE_PARENT_PROCESS"
"""Where a server tells its forks its own process id: a fork that starts late must not trust getppid()."""


def die_with_parent(parent: int, sign: signal.Signals = signal.SIGKILL) -> None:
    """Ask Linux to send `sign` to this process when its parent, process `parent`, dies (prctl(2)).

    The parent may have died before the call; then this process ends at once.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), sign)


@contextmanager
def on_duty(lock: Path) -> Iterator[bool]:
    """Tell whether this process is the one that holds `lock` while the `with` lasts; flock(2) frees it if
    its holder dies, and then another one of the equals gets it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
