"""Who a worker is: a small stable name, held by a file lock that the system drops when the process dies.

A worker that comes back takes the first free name, so it finds the work that a killed one left; two
workers alive at once never share a name, so neither takes the other's running work for abandoned.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

MOST = 64


class Identity:
    """A name (`w1`, `w2`, …) that this process alone holds until it closes it or dies."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path) -> "Identity":
        """Take the first free name of `folder`. Raises RuntimeError if all are held."""
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST + 1):
            name = f"w{number}"
            descriptor = _lock(_file(folder, name))
            if descriptor is not None:
                return cls(name, descriptor)
        raise RuntimeError(f"{MOST} workers already run on this folder")

    def close(self) -> None:
        """Let go of the name."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "Identity":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def take_post(folder: Path, post: str) -> int | None:
    """Take a duty that one process at a time has, for as long as it lives; None while another has it.

    Gives a descriptor to keep open. Raises ValueError if a worker could be called so.
    """
    if is_name(post):
        raise ValueError("that is the name of a worker")
    folder.mkdir(parents=True, exist_ok=True)
    return _lock(_file(folder, post))


def is_name(name: str) -> bool:
    """Tell whether a worker can be called so; others who put objects are not found in the folder of names."""
    return name.startswith("w") and name[1:].isdigit()


def is_held(folder: Path, name: str) -> bool:
    """Tell whether a living process holds `name`."""
    descriptor = _lock(_file(folder, name))
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


def _lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def living(folder: Path) -> list[str]:
    """Name the workers that live now, in order."""
    names = sorted((path.stem for path in folder.glob("w*.lock")), key=lambda name: (len(name), name))
    return [name for name in names if is_held(folder, name)]
