"""Patience with native players whose reading ahead outruns the release budget."""

import asyncio
from collections import Counter

from streaming.delivery.sql import Playback
from streaming.delivery.writer import GroupCommit, Operation
from streaming.errors import Fault

HOLD_SECONDS = 45
"""The longest single wait; what would take longer is refused at once."""
TRIES = 4
MAX_HELD = 4
"""For one playback: a player asks for picture and sound, a scraper for everything at once."""


class Pace:
    """Runs key releases. mpv and ffmpeg fill a cache of many minutes as fast as they can, and skip what is
    refused with 429; so a few requests of a native playback are held until its budget has refilled, and it
    reads on, paced. Browsers are told at once: their player waits by itself.
    """

    def __init__(self, writer: GroupCommit) -> None:
        self._writer = writer
        self._waiting: Counter[str] = Counter()

    async def run(self, playback: Playback, release: Operation[None]) -> None:
        """Account for a key; every check is made again after a wait. Raises `Fault`."""
        for left in reversed(range(TRIES)):
            try:
                await self._writer.run(release)
            except Fault as fault:
                seconds = fault.retry_after or 0
                full = self._waiting[playback.id] >= MAX_HELD or seconds > HOLD_SECONDS
                if fault.name != "budget_spent" or not (left and playback.native) or full:
                    raise
                await self._wait(playback.id, seconds)
            else:
                return

    async def _wait(self, playback_id: str, seconds: int) -> None:
        self._waiting[playback_id] += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting[playback_id] -= 1
            if not self._waiting[playback_id]:
                del self._waiting[playback_id]
