"""The table of clients as Markdown, and its place in the README. Pure."""

from collections.abc import Sequence

from tests.clients.outcome import ENDINGS, FEATURES, Outcome, Row

BEGIN = "<!-- clients: written by `python -m tests.clients --write` -->"
END = "<!-- /clients -->"


def table(rows: Sequence[Row]) -> str:
    """Two tables, of features and of endings, each with its notes below."""
    return "\n\n".join(_part(rows, columns) for columns in (FEATURES, ENDINGS))


def _part(rows: Sequence[Row], columns: dict[str, str]) -> str:
    notes: list[str] = []
    lines = [
        "| client | protection | " + " | ".join(columns.values()) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for row in rows:
        cells = [_cell(row.outcomes.get(name), notes) for name in columns]
        lines.append(f"| {row.client} ({row.version}) | {row.protection} | " + " | ".join(cells) + " |")
    told = [f"{_raised(number)} {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines) + ("\n\n" + "  \n".join(told) if told else "")


def _cell(outcome: Outcome | None, notes: list[str]) -> str:
    if outcome is None:
        return "–"
    word = "yes" if outcome.well else "**no**"
    if not outcome.why:
        return word
    note = outcome.why.replace("|", "\\|") + ("" if outcome.why.endswith(".") else ".")
    note = note[0].upper() + note[1:]
    if note not in notes:
        notes.append(note)
    return f"{word} {_raised(notes.index(note) + 1)}"


def _raised(number: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))


def placed(readme: str, rows: Sequence[Row]) -> str:
    """Give the README with the table between its markers. Raises `ValueError` where they are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the README has no place for the table")
    return f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}"


def shown(readme: str) -> str:
    """Give what stands between the markers."""
    return readme.partition(BEGIN)[2].partition(END)[0].strip()
