"""Reads the table of a bulk issue: CSV as spreadsheets write it, one licence a line. Pure.

RFC 4180 with what programs make of it: a byte order mark, semicolons or tabs for commas, any line ends.
The first line names the columns. Every fault of a line is a sentence; line numbers are the file's own.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from streaming.errors import Code, Fault
from streaming.licences.policy import Tier
from streaming.licences.values import Request
from streaming.when import parse_duration, parse_when

COLUMNS = ("to", "label", "valid_from", "valid_until", "rental", "playback", "tier", "max_streams")
MOST_LINES = 1000
MOST_CHARACTERS = 60_000
MAX_CELL = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: the licence it asks for, or what is wrong with it."""

    number: int
    to: str
    label: str
    request: Request | None = None
    sentence: str = ""


def read_table(text: str, now: datetime, zone: tzinfo) -> list[Line]:
    """Read a table; times without a zone are in `zone`. Raises `Fault` INVALID if it is none at all."""
    if len(text) > MOST_CHARACTERS:
        raise _no_table(
            f"This table is longer than {MOST_CHARACTERS:,} characters.", "Cut it into several.", "too_long"
        )
    if "\x00" in text or "\ufffd" in text:
        raise _no_table("This file is no text in UTF-8.", "Save it as “CSV UTF-8” and try again.", "not_utf8")
    text = text.removeprefix("\ufeff")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines: list[Line] = []
    head: list[str] | None = None
    number = 0
    try:
        for cells in rows:
            number, first = rows.line_num, number + 1
            if not any(cell.strip() for cell in cells):
                continue
            if head is None:
                head = _head(cells)
                continue
            if len(lines) >= MOST_LINES:
                raise _no_table(
                    f"There are more than {MOST_LINES:,} lines.", "Cut the table into several.", "too_long"
                )
            lines.append(_line(first, head, cells, now, zone))
    except csv.Error:
        raise _no_table(
            f"A quotation mark is wrong near line {max(number + 1, rows.line_num)}.",
            "Each cell in quotes ends with one; a quote within is written twice.",
            "bad_quotes",
        ) from None
    if not lines:
        raise _no_table("There are no licences in this table.", "Write one a line.", "empty_table")
    return _without_twins(lines)


def _delimiter(text: str) -> str:
    """Find what separates the columns: whichever the first line that says something has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _head(cells: list[str]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    unknown = next((name for name in names if name not in COLUMNS), None)
    if unknown is not None:
        raise _no_table(
            f"There is no column called “{unknown[:40]}”.",
            f"The first line names the columns: {', '.join(COLUMNS)}.",
            "unknown_column",
        )
    if len(set(names)) < len(names):
        raise _no_table("A column is named twice.", "Take one of them out.", "column_twice")
    if not {"to", "label"} & set(names):
        raise _no_table(
            "Nothing says whom the licences are for.",
            "Name a column “to” (accounts), or “label” (links).",
            "no_holders",
        )
    return names


def _line(number: int, head: list[str], cells: list[str], now: datetime, zone: tzinfo) -> Line:
    given = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
    to, label = given.get("to", "")[:MAX_CELL], given.get("label", "")[:MAX_CELL]
    if any(cell.strip() for cell in cells[len(head) :]):
        return Line(number, to, label, sentence="This line has more cells than there are columns.")
    try:
        return Line(number, to, label, _request(given, now, zone))
    except Fault as fault:
        return Line(number, to, label, sentence=f"{fault.sentence} {fault.hint}".strip())


def _request(given: Mapping[str, str], now: datetime, zone: tzinfo) -> Request:
    to, label = given.get("to", ""), given.get("label", "")
    if any(len(cell) > MAX_CELL for cell in given.values()):
        raise _no_table(f"A cell has more than {MAX_CELL} characters.", "Shorten it.", "cell_too_long")
    if not to and not label:
        raise _no_table(
            "This line says neither an account nor a label.", "Give “to”, or a label for a link.", "no_holder"
        )

    def read(name: str, how: Callable[[str], object]) -> object:
        return how(given[name]) if given.get(name) else None

    return Request(
        to=to or None,
        link=not to,
        label=label,
        valid_from=read("valid_from", lambda text: parse_when(text, now, zone)),  # type: ignore[arg-type]
        valid_until=read("valid_until", lambda text: parse_when(text, now, zone)),  # type: ignore[arg-type]
        rental=read("rental", parse_duration),  # type: ignore[arg-type]
        playback=read("playback", parse_duration),  # type: ignore[arg-type]
        tier=_tier(given.get("tier", "")),
        max_streams=_count(given.get("max_streams", "")),
    )


def _tier(text: str) -> Tier:
    known = {"": Tier.HD, "4k": Tier.UHD, **{one.value: one for one in Tier}}
    if text.lower() not in known:
        raise _no_table(f"“{text[:40]}” is no quality.", "Write sd, hd or uhd.", "bad_tier")
    return known[text.lower()]


def _count(text: str) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise _no_table(f"“{text[:40]}” is no number of screens.", "Write it like 2.", "bad_streams")
    return int(text)


def _without_twins(lines: list[Line]) -> list[Line]:
    """Mark the second line for one account: it is a slip far more often than a wish."""
    first: dict[str, int] = {}
    kept = []
    for line in lines:
        before = first.setdefault(line.to.casefold(), line.number) if line.to else line.number
        if before != line.number and line.request is not None:
            said = f"{line.to} stands in line {before} already. Leave one of the two out."
            line = Line(line.number, line.to, line.label, sentence=said)
        kept.append(line)
    return kept


def _no_table(sentence: str, hint: str, name: str) -> Fault:
    errors = [{"field": "csv", "sentence": sentence}]
    return Fault(Code.INVALID, sentence, hint, name=name, extra={"errors": errors})
