"""Patience with native players that read ahead of their licence or of the release budget."""

import asyncio
from collections import Counter
from math import ceil

from streaming.delivery import refusals
from streaming.delivery.sql import Playback
from streaming.delivery.writer import GroupCommit, Operation
from streaming.errors import Fault

HOLD_SECONDS = 45
"""The longest single wait; what would take longer is refused at once."""
TRIES = 4
ANSWER_SECONDS = 20.0
"""After so long a wait for its place in the film a player is told to ask again: its own patience ends too."""
MOST_ANSWERS = 8
"""Redirects in a row that ffmpeg follows."""
LEAD_SECONDS = 2.0
"""How long before it is shown a period's key is handed out, to fetch and decode: never above 1/8 period."""
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

    async def until_shown(self, playback: Playback, ahead: float, period_seconds: int) -> bool:
        """Wait until a place that is `ahead` seconds off is about to be shown; False: ask again.

        Native players cannot be told that a licence has ended: what they have read ahead they show. So they
        get the key of a new period only shortly before they need it. Raises `Fault` for one more than a few.
        """
        wait = ahead - min(LEAD_SECONDS, period_seconds / 8)
        if wait <= 0:
            return True
        if self._waiting[playback.id] >= MAX_HELD:
            raise refusals.budget_spent(ceil(wait))
        longest = max(ANSWER_SECONDS, period_seconds / MOST_ANSWERS)
        await self._wait(playback.id, min(wait, longest))
        return wait <= longest

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

    async def _wait(self, playback_id: str, seconds: float) -> None:
        self._waiting[playback_id] += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting[playback_id] -= 1
            if not self._waiting[playback_id]:
                del self._waiting[playback_id]
