"""What players report of themselves (CMCD): at a door of its own, and along with other requests."""

import asyncio
import logging
import re

from streaming.delivery import cmcd, counting, refusals
from streaming.delivery.allowance import Allowance
from streaming.delivery.answers import Answer, Receive, Scope, read_body
from streaming.delivery.asking import TOKEN, Asking
from streaming.delivery.sql import Playback
from streaming.delivery.writer import GroupCommit

_log = logging.getLogger(__name__)
REPORT = re.compile(rf"/play/{TOKEN}/cmcd")
MOST_REPORTS, REPORTS_A_SECOND = 60, 1.0
"""What one playback may report at once, and on and on; a player's own are some in a minute."""


class ReportDoor:
    """Takes reports in, no more of a playback than a player has to say."""

    def __init__(self, asking: Asking, writer: GroupCommit) -> None:
        self._asking = asking
        self._writer = writer
        self._reports = Allowance(MOST_REPORTS, REPORTS_A_SECOND)
        self._overheard: set[asyncio.Future[None]] = set()

    async def report(self, scope: Scope, receive: Receive, match: re.Match[str]) -> Answer:
        """Take in what a player reports by itself (CMCD version 2, event mode). Raises `Fault`."""
        # Also of one that has just stopped: the last report is sent on leaving.
        playback = self._asking.bound(self._asking.claim(scope, match["token"]))
        body = await read_body(receive, cmcd.MAX_BODY)
        try:
            reports = cmcd.batch(body)
        except cmcd.NotAReport:
            raise refusals.bad_cmcd() from None
        if not self._reports.allows(playback.id):
            raise refusals.too_many_reports()
        if reports:
            await self._writer.run(counting.take(playback.id, playback.title_id, reports))
        return Answer(204)

    def overhear(self, scope: Scope, playback: Playback) -> None:
        """Take in the report that came along with a request, without making it wait."""
        said = cmcd.of_request(scope.get("query_string", b""), scope["headers"])
        if said is not None and self._reports.allows(playback.id):
            told = asyncio.ensure_future(
                self._writer.run(counting.take(playback.id, playback.title_id, [said]))
            )
            self._overheard.add(told)
            told.add_done_callback(self._heard)

    def _heard(self, told: "asyncio.Future[None]") -> None:
        self._overheard.discard(told)
        if not told.cancelled() and told.exception() is not None:
            _log.warning("a report that came with a request was lost")
