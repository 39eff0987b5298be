"""Tables as files: CSV (RFC 4180) that a spreadsheet shows and never runs."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from starlette.responses import Response

_FORMULA = re.compile(r"[\s\x00]*[=+\-@\uff0b\uff0d\uff1d\uff20|%]|[\t\r\n]")
"""How cells begin that spreadsheets take for formulas or commands, wide forms and leading blanks too."""


def harmless(cell: object) -> str:
    """Give a cell's text; an apostrophe, as spreadsheets write it, goes before what would be a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table as CSV: every cell quoted, lines ended by CRLF."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer a table as a file called `name`; by its byte order mark spreadsheets read it as UTF-8."""
    return Response(
        "\ufeff" + csv_text(head, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
