"""What every measure is given: a folder that will be gone, how many rounds, which cores, and a voice."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rounds import Figure, Side, interleave

SERVER_CORE, LOAD_CORE = 0, 1


@dataclass(frozen=True)
class Bench:
    """One run."""

    folder: Path
    rounds: int
    quick: bool
    tell: Callable[[str], None]

    @property
    def seconds(self) -> float:
        """How long one side of a server is loaded in one round."""
        return 1.0 if self.quick else 2.0

    def place(self, name: str) -> Path:
        """Make a new folder of this run."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path

    def interleave(self, sides: dict[str, Side], *, warm: bool = True) -> dict[str, tuple[float, ...]]:
        """Run the rounds, with one before them that does not count if `warm`."""
        if warm:
            self.tell("warming up")
            for side in sides.values():
                side(-1)
        return interleave(
            sides, self.rounds, lambda number: self.tell(f"round {number + 1} of {self.rounds}")
        )


@dataclass(frozen=True)
class Measure:
    """One measure by name. `seconds` is about how long it takes on two idle cores, for the time left."""

    name: str
    title: str
    seconds: int
    run: Callable[[Bench], list[Figure]]


def core(wanted: int) -> int:
    """Give the core to pin to: servers on the first allowed one, their load on the last."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0] if wanted == SERVER_CORE else allowed[-1]
