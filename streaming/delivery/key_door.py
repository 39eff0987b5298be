"""The door of content keys, each counted before it is given."""

import re

from streaming.clock import SECOND
from streaming.db.scratch import Scratch
from streaming.delivery import places, refusals
from streaming.delivery.answers import NO_STORE, Answer, Scope, header
from streaming.delivery.asking import TOKEN, Asked, Asking
from streaming.delivery.budget import Rule, is_released
from streaming.delivery.filmclock import FilmClocks
from streaming.delivery.keyring import KeyRing
from streaming.delivery.leases import Leases
from streaming.delivery.pacing import Pace
from streaming.delivery.report_door import ReportDoor
from streaming.delivery.sql import Playback
from streaming.delivery.values import is_common
from streaming.delivery.writer import GroupCommit
from transcoder.formats.hls import Rendition

KEY = re.compile(rf"/play/{TOKEN}/key/(?P<rendition>[a-z][a-z0-9]{{0,11}})/(?P<period>0|[1-9][0-9]{{0,4}})")
READS_LITTLE = b"VLC/"
"""VLC reads at most 30 s ahead, all its tracks in one thread: to hold a key of one is to hold them all."""
KEY_HEADERS = (*NO_STORE, (b"content-type", b"application/octet-stream"))


class KeyDoor:
    """Hands out content keys. `budget`: how many crypto periods at once, then how many a period."""

    def __init__(
        self,
        asking: Asking,
        leases: Leases,
        writer: GroupCommit,
        keys: KeyRing,
        reports: ReportDoor,
        budget: tuple[int, float],
        scratch: Scratch | None = None,
    ) -> None:
        self._asking = asking
        self._leases = leases
        self._keys = keys
        self._reports = reports
        self._burst, self._rate = budget
        self._pace = Pace(writer)
        self._clocks = FilmClocks(scratch)

    async def key(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Hand out one content key: 16 raw bytes, counted before they are given. Raises `Fault`."""
        asked = await self._asking.opened(scope, match["token"])
        playback, version = asked.playback, asked.version
        rendition, period = version.rendition(match["rendition"]), int(match["period"])
        if rendition is None or period >= version.periods:
            raise refusals.bad_address()
        self._leases.permit(playback, asked.claim.now, rendition.tier)
        self._reports.overhear(scope, playback)
        ahead = self._ahead(scope, playback, rendition, asked.claim.now)
        if not await self._account(asked, rendition.tier, period, ahead):
            return _again(scope)
        if is_common(version, rendition):
            key = await self._keys.tier_key(playback.title_id, playback.version_id, rendition.tier, period)
        else:
            key = await self._keys.key(playback.title_id, playback.version_id, rendition, period)
        return Answer(200, key.reveal(), KEY_HEADERS)

    async def release(self, asked: Asked, tier: str, period: int) -> None:
        """Account for the keys of a tier and crypto period before they are given. Raises `Fault`."""
        self._leases.permit(asked.playback, asked.claim.now, tier)
        await self._account(asked, tier, period, ahead=0.0)

    async def _account(self, asked: Asked, tier: str, period: int, ahead: float) -> bool:
        """Account for keys that are permitted. Raises `Fault`.

        `ahead` is how many seconds of film before it is shown a native player asks; False: it must ask again.
        """
        playback, version = asked.playback, asked.version
        if self._leases.needs_write(playback, period, asked.claim.now):
            rule = Rule(self._burst, self._rate, version.period_seconds)
            release = self._leases.release_key(asked.claim.hashed, asked.claim.proof, tier, period, rule)
            new = not is_released(playback.released_periods, period)
            if new and not await self._pace.until_shown(playback, ahead, version.period_seconds):
                return False
            await self._pace.run(playback, release)
        return True

    def _ahead(self, scope: Scope, playback: Playback, rendition: Rendition, now: int) -> float:
        """Seconds of film between what a native player can be showing and what it asks a key for."""
        place = places.read_place(scope.get("query_string", b"")) if is_paced(playback) else None
        if place is None or header(scope, b"user-agent").startswith(READS_LITTLE):
            return 0.0
        return self._clocks.ahead(playback.id, rendition.name, *place, now / SECOND)


def is_paced(playback: Playback) -> bool:
    """Whether keys wait until they are needed: nobody can tell a native player that its licence ended."""
    return playback.native and playback.licence_id is not None


def _again(scope: Scope) -> Answer:
    """Send a player to where it is already: it asks anew, and its time-out begins anew."""
    address = f"{scope['path']}?{scope['query_string'].decode('ascii')}"
    return Answer(307, b"", (*NO_STORE, (b"location", address.encode("ascii"))))
