"""Advanced SubStation Alpha (.ass, .ssa): what is said, when, and roughly where; drawings are left out. Pure.

Of the many overrides only slant, weight, underline and place are carried over: WebVTT knows no more, and a
viewer's own choice of type goes before a file's.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transcoder.errors import BadSubtitles
from transcoder.texts import cuetext
from transcoder.texts.webvtt import MOST_CUES, Cue

MOST_COLUMNS = 64
MOST_STYLES = 5_000
"""Far above what any file has; a hostile one is not kept in memory."""

_BLOCK = re.compile(r"\{([^{}]{0,1000})\}")
_OVERRIDE = re.compile(r"\\(an|a|p|b|i|u|r)(?=[\d\\}]|$)(\d{0,3})")
_CLOCK = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})")
_EVENTS = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")
_OLD_PLACES = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
"""SSA's numbers for places, and those of ASS, which follow the keys of a number pad."""
_ROWS = {2: "line:0", 1: "line:50%,center"}
_COLUMNS = {0: "position:5%,line-left align:start", 2: "position:95%,line-right align:end"}


@dataclass
class _Sheet:
    """What was read so far: the section, the columns of the present one, styles and their places."""

    section: str = ""
    columns: Sequence[str] = _EVENTS
    styles: dict[str, "_Style"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Style:
    place: int = 2
    italic: bool = False


def read_ass(text: str, *, strict: bool = True) -> list[Cue]:
    """Read the dialogue of an ASS or SSA text in the order of the file; raises BadSubtitles.

    Nobody can mend a line of a track inside a film: without `strict` such lines are passed over, and so is
    what comes after `MOST_CUES`.
    """
    cues: list[Cue] = []
    sheet = _Sheet()
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        word, _, rest = line.partition(":")
        name = word.strip().lower()
        if line.strip().startswith("["):
            sheet.section = line.strip().lower()
            sheet.columns = _EVENTS
        elif name == "format":
            sheet.columns = [column.strip() for column in rest.split(",", MOST_COLUMNS)[:MOST_COLUMNS]]
        elif name == "style" and "styles" in sheet.section and len(sheet.styles) < MOST_STYLES:
            _keep_style(sheet, rest)
        elif name == "dialogue" and sheet.section == "[events]":
            if len(cues) == MOST_CUES and not strict:
                break
            cue = _cue(number, sheet, rest) if strict else _cue_or_none(number, sheet, rest)
            if cue is not None:
                cues.append(cue)
        if len(cues) > MOST_CUES:
            raise BadSubtitles(f"Line {number}: there are more than {MOST_CUES} subtitles in this file.")
    return cues


def _cue_or_none(number: int, sheet: _Sheet, rest: str) -> Cue | None:
    try:
        return _cue(number, sheet, rest)
    except BadSubtitles:
        return None


def without_overrides(text: str) -> tuple[str, str]:
    """Turn override blocks into tags; gives the text and the settings of its place (empty: as usual).

    SubRip files carry such blocks too, `{\\an8}` above all.
    """
    return _translated(text, _Style())


def place_settings(place: int) -> str:
    """Write a place of the number pad (2 is the bottom, 8 the top) as WebVTT cue settings."""
    row, column = divmod(place - 1, 3)
    return " ".join(filter(None, (_ROWS.get(row, ""), _COLUMNS.get(column, ""))))


def _keep_style(sheet: _Sheet, rest: str) -> None:
    row = _row(sheet.columns, rest)
    place = int(row.get("Alignment", "2")) if row.get("Alignment", "2").isdigit() else 2
    if "+" not in sheet.section:
        place = _OLD_PLACES.get(place, 2)
    sheet.styles[row.get("Name", "")] = _Style(place if 1 <= place <= 9 else 2, row.get("Italic") == "-1")


def _row(columns: Sequence[str], rest: str) -> Mapping[str, str]:
    values = rest.split(",", len(columns) - 1)
    return {column: value.strip() for column, value in zip(columns, values, strict=False)}


def _cue(number: int, sheet: _Sheet, rest: str) -> Cue | None:
    row = _row(sheet.columns, rest)
    if not {"Start", "End", "Text"} <= row.keys():
        raise BadSubtitles(f"Line {number}: this dialogue has no time or no text.")
    start, end = _milliseconds(number, row["Start"]), _milliseconds(number, row["End"])
    if end < start:
        raise BadSubtitles(f"Line {number}: this subtitle ends before it begins.")
    if len(row["Text"]) > cuetext.MOST_LETTERS:
        raise BadSubtitles(f"Line {number}: this subtitle is longer than {cuetext.MOST_LETTERS} letters.")
    style = sheet.styles.get(row.get("Style", "").lstrip("*"), _Style())
    # Whatever looks like a tag is text here.
    plain = row["Text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = plain.replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", "\u00a0")
    words, place = _translated(plain, style)
    body = cuetext.clean(words)
    return Cue(start, end, body, place) if body and end > start else None


def _translated(text: str, style: _Style) -> tuple[str, str]:
    place, drawing = style.place, False
    written = ["<i>"] if style.italic else []
    at = 0
    for block in _BLOCK.finditer(text):
        if not drawing:
            written.append(text[at : block.start()])
        at = block.end()
        if "\\" not in block[1]:
            continue
        for name, value in _OVERRIDE.findall(block[1]):
            number = int(value or 0)
            if name == "p":
                drawing = number > 0
            elif name == "an" and 1 <= number <= 9:
                place = number
            elif name == "a":
                place = _OLD_PLACES.get(number, place)
            elif name == "r":
                written.append("</i></b></u>")
            elif name in "biu":
                written.append(f"<{'' if number else '/'}{name}>")
    if not drawing:
        written.append(text[at:])
    return "".join(written), place_settings(place)


def _milliseconds(number: int, text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[2]) > 59 or int(found[3]) > 59:
        raise BadSubtitles(f"Line {number}: this is no time like 0:01:02.50.")
    whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return whole * 1000 + int(found[4].ljust(3, "0"))
