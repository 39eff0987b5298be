"""What is printed and what is written: numbers people can read, one table, nothing hidden. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.rounds import LEAST_ROUNDS, Aim, Figure, Spread, Verdict

COLUMNS = ("measure", "ratio (min–max)", "Matinee", "peer", "aim", "")
MARKS = {Verdict.MET: "met", Verdict.MISSED: "**missed**", Verdict.NO_AIM: ""}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A measure that could not be taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured; lines of (what, how it is)."""

    facts: tuple[tuple[str, str], ...]


def number(value: float) -> str:
    """Write a number with three figures that count: 0.0123, 1.04, 12.3, 1,234."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.3g}"


def spread(value: Spread) -> str:
    """Write a median with its range."""
    return f"{value.median:.2f} ({value.least:.2f}–{value.most:.2f})"


def absolute(name: str, values: Sequence[float], unit: str) -> str:
    """Write one side: its median with its range, its unit, and what it is."""
    found = Spread.of(values)
    return f"{number(found.median)} {unit} ({number(found.least)}–{number(found.most)}), {name}"


def aim_words(aim: Aim | None, unit: str) -> str:
    """Write what was aimed at."""
    if aim is None:
        return ""
    sign = "≤" if aim.most else "≥"
    return f"{sign} {number(aim.bound)} {unit}" if aim.absolute else f"{sign} {aim.bound:.2f}"


def row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    """Give a figure's cells, in the order of `COLUMNS`."""
    return (
        figure.name,
        spread(figure.ratio),
        absolute(figure.ours_name, figure.ours, figure.unit),
        absolute(figure.peer_name, figure.peers, figure.unit),
        aim_words(figure.aim, figure.unit),
        MARKS[figure.verdict],
    )


def markdown(
    figures: Sequence[Figure], troubles: Sequence[Trouble], machine: Machine, remarks: Sequence[str] = ()
) -> str:
    """Write the whole of RESULTS.md."""
    few = min((figure.rounds for figure in figures), default=0) < LEAST_ROUNDS
    parts = [
        "# How fast Matinee is, against peers",
        "",
        "Written by `make bench`. Each ratio is Matinee divided by its peer, the median over interleaved "
        "rounds of one run (both sides in every round, one after the other, every other round in the "
        "opposite order), with the least and the greatest ratio. Beside it stand the medians of both sides "
        "and their ranges. For times a small ratio is good, for rates a large one.",
        "",
        *(f"- {what}: {how}" for what, how in machine.facts),
        "",
        *([f"Fewer than {LEAST_ROUNDS} rounds were run: take this as a trial.", ""] if few else []),
        "| " + " | ".join(COLUMNS) + " |",
        "|" + " --- |" * len(COLUMNS),
        *("| " + " | ".join(_cell(cell) for cell in row(figure)) + " |" for figure in figures),
        *(f"| {_cell(one.name)} | not measured: {_cell(one.reason)} | | | | |" for one in troubles),
        "",
        *_shortfalls(figures),
        _HOW,
        "",
        *(f"- **{figure.name}** ({figure.rounds} rounds). {figure.how}" for figure in figures),
        *(("", *remarks) if remarks else ()),
    ]
    return "\n".join(parts).rstrip() + "\n"


def merged(before: str, after: str) -> str:
    """Put the lines of a later, smaller report into an earlier one; what it does not name stays as it was.

    A line belongs to the measure it names: a row of the table, what falls short, how it is measured.
    """
    told = [line[2:] for line in after.splitlines() if line.startswith(("- Date: ", "- Load "))]
    rows = [_name(line) for line in after.splitlines() if _kind(line) == "row"]
    lines = [line for one in before.splitlines() if (line := _without(one, rows)) is not None]
    for kind in _KINDS:
        old = [at for at, line in enumerate(lines) if _kind(line) == kind]
        kept = [lines[at] for at in old if _name(lines[at]) not in rows]
        new = [line for line in after.splitlines() if _kind(line) == kind]
        if old:
            lines[old[0] : old[-1] + 1] = [*kept, *new]
        elif new and kind == "short":
            at = lines.index(_HOW)
            lines[at:at] = [_SHORT, "", *new, ""]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip()
    return f"{text}\n\n{_APART} ({'; '.join(told)}): {'; '.join(rows)}.\n"


_APART = "Measured apart"
_SHORT, _HOW = "## What falls short", "## What is measured, and how"


def _without(line: str, rows: Sequence[str]) -> str | None:
    """Take measures out of a line that says when they were measured apart; None if no other is left there."""
    if not line.startswith(_APART):
        return line
    when, _, names = line.rpartition("): ")
    left = [name for name in names.removesuffix(".").split("; ") if name not in rows]
    return f"{when}): {'; '.join(left)}." if left else None


_KINDS = ("row", "short", "how")


def _kind(line: str) -> str:
    """Tell what a line of a report is: a row of the table, a shortfall, a description, or none of these."""
    if line.startswith("| ") and not line.startswith((f"| {COLUMNS[0]} |", "| --- |")):
        return "row"
    if line.startswith("- **"):
        return "how"
    return "short" if line.startswith("- ") and ", aimed at " in line else ""


def _name(line: str) -> str:
    """Give the measure that a line of a report belongs to."""
    kind = _kind(line)
    if kind == "row":
        return line.split(" | ")[0].removeprefix("| ")
    if kind == "how":
        return line.removeprefix("- **").partition("**")[0]
    return line[2:].rpartition(", aimed at ")[0].rpartition(": ")[0]  # a name may hold a colon itself


def _shortfalls(figures: Sequence[Figure]) -> list[str]:
    missed = [figure for figure in figures if figure.verdict is Verdict.MISSED]
    if not missed:
        return []
    lines = [_SHORT, ""]
    for figure in missed:
        assert figure.aim is not None
        if figure.aim.absolute:
            found = f"{number(Spread.of(figure.ours).median)} {figure.unit}"
        else:
            found = spread(figure.ratio)
        lines.append(f"- {figure.name}: {found}, aimed at {aim_words(figure.aim, figure.unit)}.")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
