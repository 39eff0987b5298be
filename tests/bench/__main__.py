"""`python -m tests.bench [NAMES…] [--rounds N] [--quick]`: measures, prints a table, writes RESULTS.md."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

from tests.bench import (
    clicks,
    doors,
    edges,
    encryption,
    estimate,
    keys,
    ladder,
    machine,
    memory,
    pipeline,
    protect,
    remux,
    segments,
    starts,
    throttled,
    uploads,
    workers,
)
from tests.bench.context import Bench, Measure
from tests.bench.report import COLUMNS, Trouble, markdown, merged, row
from tests.bench.rounds import LEAST_ROUNDS, Figure

MEASURES = (
    Measure("pipeline", "the whole pipeline against ffmpeg alone", 800, pipeline.measure),
    Measure("ladder", "the ladder by content against a fixed one", 250, ladder.measure),
    Measure("encryption", "the segment cipher against openssl speed", 30, encryption.measure),
    Measure("protect", "what protection costs and an early start gains", 240, protect.measure),
    Measure("workers", "two workers against one", 320, workers.measure),
    Measure("estimate", "the time left as told against the truth", 160, estimate.measure),
    Measure("remux", "copying a film instead of encoding it", 240, remux.measure),
    Measure("memory", "Python's memory for a short and a long film", 240, memory.measure),
    Measure("uploads", "uploads against a copy with fsync", 60, uploads.measure),
    Measure("segments", "segments against nginx and uvicorn", 130, segments.measure),
    Measure("keys", "keys and registrations", 90, keys.measure),
    Measure("doors", "keys against uvicorn and nginx, and starts", 60, doors.measure),
    Measure("starts", "from the end of an upload to the first frame", 50, starts.measure),
    Measure("clicks", "from a click to the first frame", 50, clicks.measure),
    Measure("edges", "stalls at the edges of crypto periods", 1900, edges.measure),
    Measure("throttled", "from a click to the first frame on a slow network", 90, throttled.measure),
)
RESULTS = Path(__file__).with_name("RESULTS.md")
WIDTH = 160
LONGEST_SECONDS = 60 * 60
"""A run that takes longer hangs, and is ended."""


class TooLong(Exception):
    """The run did not end in time."""


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for; gives the exit code: 1 if a measure could not be taken."""
    asked = _parser().parse_args(words)
    chosen = [one for one in MEASURES if not asked.names or one.name in asked.names]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    about = machine.describe()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The run was told to stop (SIGTERM)."))
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(
        prefix="matinee-bench-", dir=_scratch(), ignore_cleanup_errors=True
    ) as folder:
        figures, troubles = _measure(console, Path(folder), chosen, asked.rounds, asked.quick)
    signal.alarm(0)
    took = f"The whole run took {(time.monotonic() - begun) / 60:.1f} minutes."
    console.print(_table(figures, troubles))
    console.print(took)
    if not asked.names or asked.write:
        quick = ["It was a quick run: shorter films and loads than in a full one."] if asked.quick else []
        written = markdown(figures, troubles, about, [took, *quick])
        if asked.names and RESULTS.exists():
            written = merged(RESULTS.read_text("utf-8"), written)
        RESULTS.write_text(written, "utf-8")
        console.print("Written to tests/bench/RESULTS.md.")
    return 1 if troubles else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measures Matinee against peers."
    )
    listed = ", ".join(one.name for one in MEASURES)
    parser.add_argument(
        "names", nargs="*", choices=[*(one.name for one in MEASURES), []], help=f"which of: {listed}; all"
    )
    parser.add_argument(
        "--rounds", type=_rounds, default=LEAST_ROUNDS, help=f"rounds of each measure ({LEAST_ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="smaller films, files and loads")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the measures named into RESULTS.md",
    )
    return parser


def _rounds(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 50:
        raise argparse.ArgumentTypeError("between 1 and 50")
    return number


def _measure(
    console: Console, folder: Path, chosen: Sequence[Measure], rounds: int, quick: bool
) -> tuple[list[Figure], list[Trouble]]:
    """Take every measure; one that fails is told and does not end the run."""
    figures: list[Figure] = []
    troubles: list[Trouble] = []
    for place, measure in enumerate(chosen):
        left = (
            sum(one.seconds for one in chosen[place:])
            * (rounds + 1)
            / (LEAST_ROUNDS + 1)
            / (3 if quick else 1)
        )
        heading = f"[{place + 1}/{len(chosen)}] {measure.title}"
        console.print(f"{heading} (about {max(1, round(left / 60))} min left)", markup=False)
        with console.status(heading) as status:

            def tell(words: str) -> None:
                status.update(f"{measure.title}: {words}")  # noqa: B023  # called in this round only

            try:
                found = measure.run(Bench(folder, rounds, quick, tell))
            except TooLong:
                troubles.append(Trouble(measure.title, "the run took too long"))
                return figures, troubles
            except Exception as fault:
                console.print_exception()
                troubles.append(Trouble(measure.title, f"{type(fault).__name__}: {str(fault)[:300]}"))
                continue
        figures += found
        for figure in found:
            name, ratio, *_, mark = row(figure)
            console.print(f"    {name}: {ratio} {mark.strip('*')}", markup=False, soft_wrap=True)
    return figures, troubles


def _table(figures: Sequence[Figure], troubles: Sequence[Trouble]) -> Table:
    table = Table(*COLUMNS, show_lines=False)
    for figure in figures:
        table.add_row(*(cell.replace("**", "") for cell in row(figure)))
    for one in troubles:
        table.add_row(one.name, "not measured", one.reason)
    return table


def _scratch() -> Path:
    """A folder on the same disk as the repository; git ignores it."""
    folder = Path(__file__).parents[2] / ".cache"
    folder.mkdir(exist_ok=True)
    return folder


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


if __name__ == "__main__":
    sys.exit(main())
