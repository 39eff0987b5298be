"""Peak memory of the Python process that makes a film, for a short and for a very long source."""

import json
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from shutil import rmtree

from tests.bench.context import Bench
from tests.bench.processes import TIED
from tests.bench.rounds import Aim, Figure
from tests.media.films import counted, run_ffmpeg

SHORT_SECONDS, LONG_SECONDS, QUICK_SECONDS = 20, 2 * 3600, 120
RATE = 5
"""Frames a second: memory must not grow with length, and what a frame costs ffmpeg is not Python's."""
MOST_MEGABYTES = 300
MOST_RATIO = 1.1


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    seconds: int


def measure(bench: Bench) -> list[Figure]:
    """Measure `python -m transcoder` over both sources, lowest cost policy."""
    folder = bench.place("memory")
    long_seconds = QUICK_SECONDS if bench.quick else LONG_SECONDS
    short, long = (_source(folder, seconds) for seconds in (SHORT_SECONDS, long_seconds))
    found = bench.interleave(
        {
            "long": lambda _: peak_megabytes(long.path, folder),
            "short": lambda _: peak_megabytes(short.path, folder),
        },
        warm=False,
    )
    how = (
        f"`python -m transcoder` (`--preset ultrafast --period 300`) over {_words(long)} and over "
        f"{_words(short)}, one tiny film repeated without encoding (`-stream_loop`), {RATE} frames a second, "
        "with (silent) sound: two chunks at a time, split, encrypted, hashed, written, checked and signed. "
        "Counted is the greatest resident set of the Python process alone (`VmHWM`), without the ffmpeg "
        "processes that it starts."
    )
    ours, peers = f"Python, {_words(long)}", f"Python, {_words(short)}"
    return [
        Figure(
            "Python's peak memory, long source against short",
            "MB",
            ours,
            peers,
            found["long"],
            found["short"],
            how,
            Aim(MOST_RATIO, most=True),
        ),
        Figure(
            "Python's peak memory, long source",
            "MB",
            ours,
            peers,
            found["long"],
            found["short"],
            "The same runs; the aim is for the greatest resident set itself.",
            Aim(MOST_MEGABYTES, most=True, absolute=True),
        ),
    ]


def _source(folder: Path, seconds: int) -> _Source:
    tiny = counted(
        folder, Fraction(RATE), RATE * SHORT_SECONDS, "mkv", size=(160, 90), sound="anullsrc=r=48000:cl=mono"
    )
    path = folder / f"source-{seconds}.mkv"
    run_ffmpeg(
        *("-stream_loop", str(-(-seconds // SHORT_SECONDS) - 1), "-i", str(tiny), "-t", str(seconds)),
        *("-c", "copy", str(path)),
    )
    return _Source(path, seconds)


def _words(source: _Source) -> str:
    hours, seconds = divmod(source.seconds, 3600)
    return f"{hours} h" if hours and not seconds else f"{source.seconds} s"


def peak_megabytes(film: Path, folder: Path) -> float:
    """Make a film and give the greatest resident set of the process, as the kernel counts it, in MB."""
    out, peak = folder / "out", 0
    words = [*TIED, sys.executable, "-m", "transcoder", str(film), str(out)]
    words += ["--key-file", str(folder / "keys"), "--preset", "ultrafast", "--period", "300", "--json"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    last = {"event": ""}
    try:
        assert process.stdout is not None
        for line in process.stdout:
            # A process that has ended says no more of its memory: it is asked at every percent.
            peak = max(peak, _high_water(process.pid))
            last = json.loads(line)
        process.wait(60)
    finally:
        process.kill()
        process.wait()
        rmtree(out, ignore_errors=True)
    if last["event"] != "done":
        raise RuntimeError(f"the film was not made: {last}")
    return peak / 1e6


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
