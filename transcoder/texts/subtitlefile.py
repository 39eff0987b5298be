"""An uploaded subtitle file to cues: what it is, how its letters are written, and what it says. Pure.

Nothing here runs a process: a text of a few megabytes is read in Python, within bounds, and only cues leave.
"""

import codecs

from transcoder.errors import BadSubtitles
from transcoder.texts.ass import read_ass
from transcoder.texts.timedtext import read_timed
from transcoder.texts.webvtt import Cue, in_order

MOST_BYTES = 8 << 20
"""A whole series' worth of dialogue; a film has some hundred kilobytes."""
ENDINGS = (".srt", ".vtt", ".ass", ".ssa")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the same bytes
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADS = 4096


def read_subtitles(data: bytes) -> list[Cue]:
    """Read .srt, .vtt, .ass or .ssa, told apart by what is in it; cues in order of time.

    Raises BadSubtitles with a sentence, and with the line where there is one.
    """
    if len(data) > MOST_BYTES:
        raise BadSubtitles(f"This file is larger than {MOST_BYTES >> 20} MB: it is no subtitle file.")
    text = decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    cues = read_ass(text) if "[script info]" in text[:_HEADS].lower() else read_timed(text)
    if not cues:
        raise BadSubtitles("There is not one subtitle in this file. Upload an .srt, .vtt or .ass file.")
    return in_order(cues)


def decoded(data: bytes) -> str:
    """Read the letters: by their mark, else as UTF-8, UTF-16 without a mark, or Windows-1252.

    Raises BadSubtitles for bytes that are no text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return (
                data.removeprefix(mark if name == "utf-8" else b"").decode(name, "replace").lstrip("\ufeff")
            )
    if (name := _unmarked(data)) != "":
        return data.decode(name, "replace")
    if b"\0" in data:
        raise BadSubtitles("This file is not text. Upload an .srt, .vtt or .ass file.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _unmarked(data: bytes) -> str:
    """Tell UTF-16 without a mark: digits, colons and line ends make every second byte zero."""
    head = data[:_HEADS]
    if len(head) < 16:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half // 3 and even < half // 20:
        return "utf-16-le"
    return "utf-16-be" if even > half // 3 and odd < half // 20 else ""
