"""Look whether a broadcast's clock runs through: where recordings were joined it jumps, and tells nothing."""

import threading
from fractions import Fraction
from pathlib import Path

from transcoder.errors import EncodeFailed, Refused
from transcoder.programs.sandbox import Limits
from transcoder.source.media import VideoTrack
from transcoder.studying.packets import show_packets

BROADCAST = frozenset({"mpegts", "mpeg"})
"""Containers without an index, whose clock is whatever stands in each packet (ISO/IEC 13818-1 §2.4.3)."""

MOST_AHEAD = 60
"""Seconds that a signal may be missing: the picture stands as long."""
MOST_BACK = 1


class ClockReader:
    """Takes the decoding times of a picture's packets, in its time base, and finds the first jump. Pure."""

    def __init__(self, time_base: Fraction) -> None:
        self._ahead, self._back = MOST_AHEAD / time_base, MOST_BACK / time_base
        self._base = time_base
        self._first: int | None = None
        self._last = 0
        self.jump_at: Fraction | None = None
        """Seconds from the first packet to the last one before the jump; None: there is none."""

    def take(self, time: int) -> None:
        """Take the next packet's time."""
        if self._first is None:
            self._first = self._last = time
        if self.jump_at is None and not -self._back <= time - self._last <= self._ahead:
            self.jump_at = (self._last - self._first) * self._base
        self._last = time


def check_clock(
    source: Path, container: str, video: VideoTrack, limits: Limits, cancel: threading.Event | None
) -> None:
    """Raise Refused where a broadcast's clock jumps; Cancelled. Other containers are not looked at.

    A file that cannot be read in good time is left to those who read it afterwards.
    """
    if container not in BROADCAST:
        return
    reader = ClockReader(video.time_base)

    def packet(dts: str, *_: str) -> None:
        if dts.lstrip("-").isdigit():
            reader.take(int(dts))

    words = ["-show_entries", "packet=dts", "-select_streams", str(video.index)]
    try:
        show_packets(source, words, packet, limits, cancel)
    except EncodeFailed:
        return
    if reader.jump_at is not None:
        raise _jumps(reader.jump_at)


def _jumps(at: Fraction) -> Refused:
    minutes, seconds = divmod(int(at), 60)
    return Refused(
        "clock_jumps",
        f"The clock of this recording jumps after {minutes}:{seconds:02}, as where two were joined.",
        "Mend it with “ffmpeg -i film.ts -map 0 -c copy film.mkv” and upload film.mkv.",
    )
