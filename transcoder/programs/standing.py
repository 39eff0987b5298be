"""How far a process stands back behind others for the processor, also where it has a session of its own.

A nice value counts among the processes of one session alone where Linux groups them by session (sched(7),
"The autogroup feature"): there the session itself has one, and every ffmpeg here has a session of its own.
"""

import errno
from pathlib import Path

_LEAST = 19
"""The greatest nice value."""


def stand_back(pid: int, niceness: int) -> bool:
    """Give the session of process `pid` a nice value of 0 or more; False: ask again a moment later.

    An account without privileges may do this once in a tenth of a second in the whole machine. True also
    where it cannot be done: the kernel has no such groups, the process is gone or is another's.
    """
    try:
        Path(f"/proc/{pid}/autogroup").write_text(str(min(_LEAST, niceness)))
    except OSError as fault:
        return fault.errno != errno.EAGAIN
    return True
