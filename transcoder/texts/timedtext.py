"""SubRip and WebVTT files: times, settings and words of each subtitle; a fault says in which line. Pure.

The two differ in little: a comma or a point in the times, a header, settings. So one reader reads both.
"""

import re
from collections.abc import Iterator, Sequence

from transcoder.errors import BadSubtitles
from transcoder.texts import ass, cuetext
from transcoder.texts.webvtt import MOST_CUES, Cue

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_ARROW = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(.*))?\s*")
_ASIDE = ("NOTE", "STYLE", "REGION", "WEBVTT")


def read_timed(text: str) -> list[Cue]:
    """Read the subtitles of an SRT or WebVTT text in the order of the file; raises BadSubtitles."""
    cues: list[Cue] = []
    for number, block in _blocks(text):
        if block[0].startswith(_ASIDE) and "-->" not in block[0]:
            continue
        at = next((place for place, line in enumerate(block[:2]) if "-->" in line), None)
        if at is None:
            continue
        cue = _cue(number + at, block[at], block[at + 1 :])
        if cue is not None:
            cues.append(cue)
        if len(cues) > MOST_CUES:
            raise BadSubtitles(f"Line {number}: there are more than {MOST_CUES} subtitles in this file.")
    return cues


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the runs of lines between empty ones, with the number of their first line."""
    block: list[str] = []
    number = 0
    for number, line in enumerate((*text.split("\n"), ""), 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(number: int, line: str, words: Sequence[str]) -> Cue | None:
    found = _ARROW.fullmatch(line)
    if found is None:
        raise BadSubtitles(f"Line {number}: this is no time like 00:01:02.500 --> 00:01:04.000.")
    start, end = _milliseconds(number, *found.groups()[:4]), _milliseconds(number, *found.groups()[4:8])
    if end < start:
        raise BadSubtitles(f"Line {number}: this subtitle ends before it begins.")
    raw = "\n".join(words)
    if len(raw) > cuetext.MOST_LETTERS:
        raise BadSubtitles(f"Line {number}: this subtitle is longer than {cuetext.MOST_LETTERS} letters.")
    raw, place = ass.without_overrides(raw)
    body = cuetext.clean(raw)
    if not body or end == start:
        return None
    return Cue(start, end, body, place or cuetext.settings(found[9] or ""))


def _milliseconds(number: int, hours: str | None, minutes: str, seconds: str, part: str) -> int:
    if int(minutes) > 59 or int(seconds) > 59:
        raise BadSubtitles(f"Line {number}: minutes and seconds go up to 59.")
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 1000 + int(part.ljust(3, "0"))
