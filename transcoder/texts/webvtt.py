"""WebVTT text: read cues, cut them into one segment per crypto period. Pure.

https://www.w3.org/TR/webvtt1/ and RFC 8216 §3.5 (X-TIMESTAMP-MAP).
"""

import re
from dataclasses import dataclass

from transcoder.texts import cuetext

MOST_CUES = 200_000
MOST_SEGMENT = 256 << 10
"""Characters of one segment, far above what anybody reads in a minute. A cue that lasts for hours is in every
segment of them: without a bound, a few megabytes of such cues would fill a disk."""
_ARROW = re.compile(r"^\s*((?:\d+:)?\d{2}:\d{2}\.\d{3})\s+-->\s+((?:\d+:)?\d{2}:\d{2}\.\d{3})\s*(.*)$")
_HEAD = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of subtitles; times in milliseconds of film, `settings` as WebVTT writes them."""

    start: int
    end: int
    text: str
    settings: str = ""


def in_order(cues: list[Cue]) -> list[Cue]:
    """Put cues in order of time."""
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def read_cues(text: str) -> list[Cue]:
    """Read the cues of a WebVTT text in order of time; anything that is no cue is passed over."""
    cues: list[Cue] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        for number, line in enumerate(lines):
            found = _ARROW.match(line)
            if found:
                body = cuetext.clean("\n".join(lines[number + 1 :])[: cuetext.MOST_LETTERS])
                start, end = _milliseconds(found[1]), _milliseconds(found[2])
                if body and end > start and len(cues) < MOST_CUES:
                    cues.append(Cue(start, end, body, cuetext.settings(found[3])))
                break
    return in_order(cues)


def write_segment(cues: list[Cue], start: int, end: int) -> str:
    """Write the cues that are seen between two times; one that crosses a border is whole in both segments.

    What goes beyond `MOST_SEGMENT` is left out.
    """
    written, room = [_HEAD], MOST_SEGMENT
    for cue in cues:
        if cue.start < end and cue.end > start:
            text = f"\n{_timing(cue)}\n{cue.text}\n"
            room -= len(text)
            if room < 0:
                break
            written.append(text)
    return "".join(written)


def plain_segment(parts: list[str]) -> str:
    """Join segments without the header that only HLS knows; a cue that several of them hold is there once."""
    cues = dict.fromkeys(cue for part in parts for cue in read_cues(part))
    return "WEBVTT\n" + "".join(f"\n{_timing(cue)}\n{cue.text}\n" for cue in in_order(list(cues)))


def _timing(cue: Cue) -> str:
    return f"{_clock(cue.start)} --> {_clock(cue.end)} {cue.settings}".rstrip()


def _milliseconds(text: str) -> int:
    *hours, minutes, seconds = text.split(":")
    whole = (int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60
    return whole * 1000 + round(float(seconds) * 1000)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
