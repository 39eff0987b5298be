"""What commands print: tables for people, JSON for programs, nothing a film's name could misuse."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """Give text that the terminal cannot take for a command."""
    return _CONTROL.sub("�", str(text))


def plain(text: object) -> str:
    """Give text that neither the terminal nor Rich can take for a command."""
    return escape(clean(text))


def print_json(value: object) -> None:
    """Print one JSON document."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=True)
    sys.stdout.write("\n")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows under headings, or the sentence `empty` when there are none.

    Away from a terminal the table is as wide as its text, so that identifiers are never cut.
    """
    if not rows:
        out.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    if out.is_terminal:
        out.print(table)
    else:
        Console(highlight=False, width=200).print(table)


def print_pairs(pairs: Sequence[tuple[str, object]]) -> None:
    """Print names and values under each other; values that are None or empty are left out."""
    shown = [(name, value) for name, value in pairs if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        out.print(f"[dim]{name:<{width}}[/dim]  {plain(value)}", soft_wrap=True)


def local(instant: str | None) -> str:
    """Give an ISO instant in this machine's zone, or nothing."""
    return datetime.fromisoformat(instant).astimezone().strftime("%a %d %b %Y, %H:%M") if instant else ""


def megabytes(size: int | None) -> str:
    """Say a number of bytes in MB or GB."""
    if size is None:
        return ""
    return f"{size / 1e9:.1f} GB" if size >= 1_000_000_000 else f"{size / 1e6:.1f} MB"


def length(seconds: float | None) -> str:
    """Say a film's length as h:mm:ss or m:ss."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
