"""Ties a process to its parent, so that nothing outlives a killed house."""

import ctypes
import os
import signal

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
