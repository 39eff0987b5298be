"""Load on a server from the other core: `wrk` for small answers, a client of our own for large ones."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.context import LOAD_CORE, core
from tests.bench.processes import TIED, pinned

SCRIPT = Path(__file__).with_name("requests.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What a load brought: answers, seconds, bytes, and how many of `requests` that were ready were used."""

    answers: int
    seconds: float
    octets: int
    used: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def wrk(
    url: str,
    requests: Path,
    seconds: float,
    *,
    connections: int = 32,
    method: str = "GET",
    headers: Sequence[str] = (),
) -> Load:
    """Send the requests of a file (a path a line; after a tab, a JSON body) in order, over and over.

    Raises RuntimeError if any answer was refused or broken: a fast refusal must not count.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing; install it with: bash tests/tools.sh wrk")
    argv = [*TIED, *pinned(core(LOAD_CORE)), "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    argv += ["-s", str(SCRIPT), *(word for header in headers for word in ("-H", header)), url]
    argv += ["--", str(requests), method]
    told = _run(argv, seconds)
    if told["faults"]:
        raise RuntimeError(f"{told['faults']} of {told['answers']} answers were refused or broke off")
    return Load(told["answers"], told["micros"] / 1e6, told["octets"], told["used"])


def drain(port: int, requests: Path, seconds: float, *, connections: int = 8) -> Load:
    """Ask for large files and throw them away inside the kernel, so that the server is what is measured."""
    argv = [*TIED, *pinned(core(LOAD_CORE)), sys.executable, "-m", "tests.bench.drain"]
    told = _run([*argv, str(port), str(requests), str(seconds), str(connections)], seconds)
    return Load(told["answers"], told["seconds"], told["octets"], told["answers"])


def _run(argv: list[str], seconds: float) -> dict[str, int]:
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=seconds + 30, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError(f"the load ended with {done.returncode}: {done.stderr[-600:]}")
    told: dict[str, int] = json.loads(done.stdout.strip().splitlines()[-1])
    return told
