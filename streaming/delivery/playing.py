"""The doors of one playback: its playlists, its keys, its renewals and its release."""

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson

from streaming.clock import SECOND, Clock, to_micros
from streaming.db.scratch import Scratch
from streaming.delivery import cmcd, counting, pathways, places, refusals
from streaming.delivery.allowance import Allowance
from streaming.delivery.answers import (
    NO_STORE,
    Answer,
    Receive,
    Scope,
    header,
    json_answer,
    read_body,
    text_answer,
)
from streaming.delivery.budget import Rule, is_released
from streaming.delivery.filmclock import FilmClocks
from streaming.delivery.index import LiveIndex
from streaming.delivery.keyring import KeyRing
from streaming.delivery.keysystems import KeySystems
from streaming.delivery.keytags import KeyTags, SignalsOf, hls_keys
from streaming.delivery.leases import Leases, Proof
from streaming.delivery.pacing import Pace
from streaming.delivery.refusals import iso
from streaming.delivery.signing import AddressSigner
from streaming.delivery.sql import Playback, Reader
from streaming.delivery.values import Keys, Permit, Version, covers
from streaming.delivery.writer import GroupCommit
from streaming.errors import Code, Fault
from streaming.hosts import DeliveryHost
from streaming.ids import TitleId, VersionId
from transcoder.formats import hls
from transcoder.formats.hls import Rendition, Segment

_log = logging.getLogger(__name__)
TOKEN = r"(?P<token>[A-Za-z0-9_-]{20,64})"  # noqa: S105
KEY = re.compile(rf"/play/{TOKEN}/key/(?P<rendition>[a-z][a-z0-9]{{0,11}})/(?P<period>0|[1-9][0-9]{{0,4}})")
MAIN = re.compile(rf"/play/{TOKEN}/main\.m3u8")
REPORT = re.compile(rf"/play/{TOKEN}/cmcd")
STEERING = re.compile(rf"/play/{TOKEN}/steering\.json")
CHAPTERS = re.compile(rf"/play/{TOKEN}/chapters\.json")
RENEW = re.compile(rf"/play/{TOKEN}/(?P<act>renew|release)")
MEDIA_PLAYLIST = re.compile(
    r"/media/(?P<prefix>[0-9]{10,11}\.[A-Za-z0-9_-]{22})/(?P<title>[a-z]{2}_[a-z0-9]{1,40})"
    r"/(?P<version>[a-z]{2}_[a-z0-9]{1,40})/(?P<rendition>[a-z][a-z0-9]{0,11})/" + TOKEN + r"\.m3u8",
    re.ASCII,
)
"""Beside its segments, so that it can name them by their last part alone."""

COMMON = ("video", "audio", "iframe")
"""Kinds of renditions that `cbcs` encrypts, with one key for a tier; others keep a key of their own."""
M3U8 = b"application/vnd.apple.mpegurl"
MOST_BEHIND = Fraction(10)
"""Seconds of film: rungs that are encoded together are never that far apart, a copied one runs ahead."""
ENOUGH_AHEAD = Fraction(60)
"""Seconds of film after the viewer's place: a rung that reaches as far may be behind another."""
READS_LITTLE = b"VLC/"
"""VLC reads at most 30 s ahead, all its tracks in one thread: to hold a key of one is to hold them all."""
HOLD_SECONDS = 8.0
POLL_SECONDS = 0.2
MAX_POSITION = 10_000_000.0
MAX_GUEST_LINKS = 8
MOST_REPORTS, REPORTS_A_SECOND = 60, 1.0
"""What one playback may report at once, and on and on; a player's own are some in a minute."""
KEY_HEADERS = (*NO_STORE, (b"content-type", b"application/octet-stream"))


class CookieNames:
    """What the cookies are called that browser playbacks are bound to, and how they are read.

    One search in the raw header is a third of the cost of taking all cookies apart.
    """

    def __init__(self, session: str = "matinee_session", guest: str = "matinee_guest") -> None:
        self._session, self._guest = _cookie(session), _cookie(guest)

    def proof(self, cookies: bytes) -> Proof:
        """Hash what a `Cookie` header shows."""
        login, guest = self._session.search(cookies), self._guest.search(cookies)
        links = guest[1].split(b".")[:MAX_GUEST_LINKS] if guest else []
        return Proof(
            hashlib.sha256(login[1]).digest() if login else None,
            tuple(hashlib.sha256(link).digest() for link in links),
        )


def _cookie(name: str) -> re.Pattern[bytes]:
    """Find a cookie's value (RFC 6265 §4.2.1) of the characters our tokens have."""
    return re.compile(
        rb"(?:^|;)[ \t]*" + re.escape(name.encode()) + rb"=\"?([A-Za-z0-9_.~-]+)\"?[ \t]*(?:;|$)"
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks a door at which instant (microseconds), for which playback, and the version that it plays."""

    hashed: bytes
    proof: Proof
    now: int
    playback: Playback
    version: Version

    def __repr__(self) -> str:
        return f"Asked({self.playback.id})"


class PlayDoor:
    """Serves `/play/{token}/…` and the media playlists below `/media/`."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        leases: Leases,
        writer: GroupCommit,
        index: LiveIndex,
        keys_of: Callable[[str, str], Keys],
        signer: AddressSigner,
        release: tuple[int, float],
        names: CookieNames,
        hosts: Sequence[DeliveryHost] = (),
        scratch: Scratch | None = None,
        systems: KeySystems | None = None,
        signals_of: SignalsOf | None = None,
        address: str = "",
    ) -> None:
        self._hosts = hosts
        self._reports = Allowance(MOST_REPORTS, REPORTS_A_SECOND)
        self._overheard: set[asyncio.Future[None]] = set()
        self._path = path
        self._clock = clock
        self._leases = leases
        self._writer = writer
        self.index = index
        self._signer = signer
        self._burst, self._rate = release
        self._names = names
        self._readers = threading.local()
        self._opened: list[Reader] = []
        self.keys = KeyRing(keys_of)
        self.tags = KeyTags(self.keys, systems or KeySystems(), signals_of, address)
        self._pace = Pace(writer)
        self._clocks = FilmClocks(scratch)

    async def key(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Hand out one content key: 16 raw bytes, counted before they are given. Raises `Fault`."""
        asked = await self.opened(scope, match["token"])
        playback, version = asked.playback, asked.version
        rendition, period = version.rendition(match["rendition"]), int(match["period"])
        if rendition is None or period >= version.periods:
            raise refusals.bad_address()
        self._leases.permit(playback, asked.now, rendition.tier)
        self._overhear(scope, playback)
        ahead = self._ahead(scope, playback, rendition, asked.now)
        if not await self.release(asked, rendition.tier, period, ahead):
            return _again(scope)
        if _is_common(version, rendition):
            key = await self.keys.tier_key(playback.title_id, playback.version_id, rendition.tier, period)
        else:
            key = await self.keys.key(playback.title_id, playback.version_id, rendition, period)
        return Answer(200, key.reveal(), KEY_HEADERS)

    async def opened(self, scope: Scope, token: str) -> Asked:
        """Find who asks, for which playback, and what of the film it plays. Raises `Fault`."""
        hashed, proof, now = self._asked(scope, token)
        playback = self._found(hashed, proof, now)
        return Asked(hashed, proof, now, playback, await self._version_of(playback))

    def permit(self, asked: Asked, tier: str | None = None) -> Permit:
        """Ask the policy as things stand. Raises `Fault` with its refusal."""
        return self._leases.permit(asked.playback, asked.now, tier)

    async def release(self, asked: Asked, tier: str, period: int, ahead: float = 0.0) -> bool:
        """Account for the keys of a tier and crypto period before they are given. Raises `Fault`.

        `ahead` is how many seconds of film before it is shown a native player asks; False: it must ask again.
        """
        playback, version = asked.playback, asked.version
        self._leases.permit(playback, asked.now, tier)
        if self._leases.needs_write(playback, period, asked.now):
            rule = Rule(self._burst, self._rate, version.period_seconds)
            release = self._leases.release_key(asked.hashed, asked.proof, tier, period, rule)
            new = not is_released(playback.released_periods, period)
            if new and not await self._pace.until_shown(playback, ahead, version.period_seconds):
                return False
            await self._pace.run(playback, release)
        return True

    async def main(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Render the multivariant playlist of what the licence covers. Raises `Fault`."""
        hashed, proof, now = self._asked(scope, match["token"])
        playback = self._found(hashed, proof, now)
        permit = self._leases.permit(playback, now)
        version = await self._playable(playback)
        chosen = [one for one in version.renditions if covers(permit.tier, one.tier)]
        chosen = await self._in_step(version, chosen, Fraction(playback.position_s))
        if not any(one.kind == "video" for one in chosen):
            raise refusals.tier_not_covered(permit.tier)
        base = self.folder(version)
        text = hls.multivariant(
            chosen,
            complete=version.complete,
            media_uri=lambda one: f"{base}/{one.name}/{match['token']}.m3u8",
            chapters_uri=f"/play/{match['token']}/chapters.json" if version.chapters else "",
            steering=self._steering(playback, match["token"]),
            session_keys=await self._session_keys(version, chosen, match["token"]),
        )
        return text_answer(text, M3U8, header(scope, b"accept-encoding"))

    async def steering(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Say in which order the delivery hosts shall be tried. Raises `Fault`."""
        hashed, proof, now = self._asked(scope, match["token"])
        playback = self._found(hashed, proof, now)
        self._leases.permit(playback, now)
        if not self._hosts:
            raise refusals.bad_address()
        bases = self._bases(playback)
        return json_answer(pathways.manifest(bases, f"/play/{match['token']}/steering.json"))

    async def report(self, scope: Scope, receive: Receive, match: re.Match[str]) -> Answer:
        """Take in what a player reports by itself (CMCD version 2, event mode). Raises `Fault`."""
        hashed, proof, now = self._asked(scope, match["token"])
        # Also of one that has just stopped: the last report is sent on leaving.
        playback = self._leases.bound(self._reader().find(hashed), proof, now)
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

    def _overhear(self, scope: Scope, playback: Playback) -> None:
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

    async def chapters(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Name the film's chapters, to whom its pictures are shown too. Raises `Fault`."""
        hashed, proof, now = self._asked(scope, match["token"])
        playback = self._found(hashed, proof, now)
        self._leases.permit(playback, now)
        version = await self._version_of(playback)
        return json_answer(hls.chapter_list(version.chapters))

    async def media(self, scope: Scope, match: re.Match[str]) -> Answer:
        """Render a media playlist; of a film in the making, wait for its first segment. Raises `Fault`."""
        token = match["token"]
        hashed, proof, now = self._asked(scope, token)
        playback = self._found(hashed, proof, now)
        self._leases.permit(playback, now)
        if (playback.title_id, playback.version_id) != (match["title"], match["version"]):
            raise refusals.bad_address()
        version, rendition, segments = await self._first_segment(playback, match["rendition"])
        self._leases.permit(playback, now, rendition.tier)
        self._overhear(scope, playback)
        host = pathways.chosen(self._ordered(playback), scope.get("query_string", b""))
        text = hls.media(
            rendition,
            segments,
            complete=version.complete,
            target=hls.target_duration(segments, version.target_duration or 0),
            keys=await self._keys_said(version, rendition, token, placed=_is_paced(playback)),
            place=self._places(host, playback, rendition) if host else str,
        )
        return text_answer(text, M3U8, header(scope, b"accept-encoding"))

    async def _keys_said(
        self, version: Version, rendition: Rendition, token: str, *, placed: bool
    ) -> hls.KeysOf:
        if not _is_common(version, rendition):
            return _whole_keys(token, rendition.name, placed=placed)
        said, tier = await self.tags.of(version, token), rendition.tier
        return lambda segment, _: hls_keys(said, tier, segment.period)

    async def _session_keys(self, version: Version, chosen: Sequence[Rendition], token: str) -> list[hls.Key]:
        """Name the keys with which a film begins, so that a player sets its decryption up beforehand."""
        tiers = dict.fromkeys(one.tier for one in chosen if _is_common(version, one))
        if not tiers:
            return []
        said = await self.tags.of(version, token)
        return [key for tier in tiers for key in hls_keys(said, tier, 0)]

    async def act(self, scope: Scope, receive: Receive, match: re.Match[str]) -> Answer:
        """Renew a lease, or give it back. Raises `Fault`."""
        hashed, proof, now = self._asked(scope, match["token"])
        position, playing = _report(await read_body(receive))
        # Refused on a read: whoever has no playback must not queue for the house's one write lock.
        self._leases.bound(self._reader().find(hashed), proof, now)
        if match["act"] == "release":
            await self._writer.run(self._leases.release(hashed, proof, position, playing))
            return Answer(204)
        renewed = await self._writer.run(self._leases.renew(hashed, proof, position, playing))
        return json_answer(
            {
                "lease_until": iso(renewed.lease_until),
                "ends_at": iso(renewed.ends_at),
                "renew_after_s": self._leases.rule.renew_after,
            }
        )

    def folder(self, version: Version) -> str:
        """Give the signed address below which a version's segments lie."""
        until = pathways.expiry(self._clock.now())
        prefix = self._signer.prefix(version.title_id, version.version_id, until)
        return f"/media/{prefix}/{version.title_id}/{version.version_id}"

    def close(self) -> None:
        """Finish what is being written, and close what is read from; no request may be under way."""
        self._writer.close()
        while self._opened:
            self._opened.pop().close()
        self._readers = threading.local()

    def _ordered(self, playback: Playback) -> tuple[DeliveryHost, ...]:
        return pathways.in_order(self._hosts, playback.id)

    def _places(self, host: DeliveryHost, playback: Playback, rendition: Rendition) -> Callable[[str], str]:
        base = self._base(host, playback)
        return lambda name: pathways.below(base, f"{rendition.name}/{name}")

    def _base(self, host: DeliveryHost, playback: Playback) -> str:
        until = pathways.expiry(self._clock.now())
        return pathways.base(host, self._signer, playback.title_id, playback.version_id, until)

    def _bases(self, playback: Playback) -> dict[str, str]:
        """Where each host has this playback's segments, in the order they shall be tried."""
        return {one.name: self._base(one, playback) for one in self._ordered(playback)}

    def _steering(self, playback: Playback, token: str) -> hls.Steering | None:
        names = tuple(one.name for one in self._ordered(playback))
        return hls.Steering(f"/play/{token}/steering.json", names, pathways.via) if names else None

    def _ahead(self, scope: Scope, playback: Playback, rendition: Rendition, now: int) -> float:
        """Seconds of film between what a native player can be showing and what it asks a key for."""
        place = places.read_place(scope.get("query_string", b"")) if _is_paced(playback) else None
        if place is None or header(scope, b"user-agent").startswith(READS_LITTLE):
            return 0.0
        return self._clocks.ahead(playback.id, rendition.name, *place, now / SECOND)

    def _asked(self, scope: Scope, token: str) -> tuple[bytes, Proof, int]:
        """Read who asks for what, and when."""
        hashed = hashlib.sha256(token.encode()).digest()
        return hashed, self._names.proof(header(scope, b"cookie")), to_micros(self._clock.now())

    def _found(self, hashed: bytes, proof: Proof, now: int) -> Playback:
        """Read the playback and check whose it is."""
        return self._leases.held(self._reader().find(hashed), proof, now)

    def _reader(self) -> Reader:
        """Give this thread's reader."""
        reader: Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = Reader(self._path, self._leases.rows)
            self._opened.append(reader)
        return reader

    async def _version_of(self, playback: Playback) -> Version:
        version = await self.index.version(TitleId(playback.title_id), VersionId(playback.version_id))
        if version is None:
            raise refusals.film_is_gone()
        return version

    async def _playable(self, playback: Playback) -> Version:
        """Wait until some picture of the film can be played."""
        for _ in range(int(HOLD_SECONDS / POLL_SECONDS)):
            version = await self._version_of(playback)
            if version.complete or any(one.kind == "video" and one.init_name for one in version.renditions):
                return version
            await asyncio.sleep(POLL_SECONDS)
        raise refusals.not_playable_yet()

    async def _in_step(
        self, version: Version, chosen: list[Rendition], position: Fraction
    ) -> list[Rendition]:
        """Leave out rungs that are far behind another: where the others play already, they would stall.

        Those that have enough for whoever is at `position` (seconds, as last reported) are offered, though:
        the lowest rung of a film that was begun while it arrived may be far ahead of all others.
        """
        if version.complete:
            return chosen
        reach = {
            one.name: sum(
                (segment.duration for segment in await self.index.segments(version, one.name)), Fraction(0)
            )
            for one in chosen
            if one.kind == "video"
        }
        furthest = max(reach.values(), default=Fraction(0))
        enough = min(furthest - MOST_BEHIND, position + ENOUGH_AHEAD)
        return [one for one in chosen if reach.get(one.name, furthest) >= enough]

    async def _first_segment(
        self, playback: Playback, name: str
    ) -> tuple[Version, Rendition, tuple[Segment, ...]]:
        """Wait until a rendition has something to list; of a film in the making it may be yet to come.

        The version is read before the segments: if it is complete, so are they.
        """
        for _ in range(int(HOLD_SECONDS / POLL_SECONDS)):
            version = await self._version_of(playback)
            rendition = version.rendition(name)
            if rendition is not None:
                segments = await self.index.segments(version, name)
                if version.complete or (
                    segments and (rendition.init_name or rendition.kind in ("text", "image"))
                ):
                    return version, rendition, segments
            elif version.complete:
                raise refusals.bad_address()
            await asyncio.sleep(POLL_SECONDS)
        raise refusals.not_playable_yet()


def _is_paced(playback: Playback) -> bool:
    """Whether keys wait until they are needed: nobody can tell a native player that its licence ended."""
    return playback.native and playback.licence_id is not None


def _is_common(version: Version, rendition: Rendition) -> bool:
    """Whether a rendition is protected by common encryption; texts and storyboards never are."""
    return version.protection == "cbcs" and rendition.kind in COMMON


def _whole_keys(token: str, rendition: str, *, placed: bool) -> hls.KeysOf:
    """Give the keys of a rendition whose segments are encrypted whole.

    With `placed` an address says which segment it is asked for, so that each segment's key is asked for anew.
    """

    def keys(segment: Segment, start: Fraction) -> list[hls.Key]:
        place = f"?{places.place_query(segment.sequence, float(start))}" if placed else ""
        return [hls.whole_key(f"/play/{token}/key/{rendition}/{segment.period}{place}")]

    return keys


def _again(scope: Scope) -> Answer:
    """Send a player to where it is already: it asks anew, and its time-out begins anew."""
    address = f"{scope['path']}?{scope['query_string'].decode('ascii')}"
    return Answer(307, b"", (*NO_STORE, (b"location", address.encode("ascii"))))


def _report(body: bytes) -> tuple[float | None, bool]:
    """Read `{position_s, playing}`; a beacon may say nothing. Raises `Fault` INVALID."""
    if not body.strip():
        return None, False
    try:
        value: Any = orjson.loads(body)
        position = value.get("position_s")
        playing = bool(value.get("playing", False))
        if position is not None:
            position = float(position)
            if not 0 <= position <= MAX_POSITION:
                raise ValueError("outside of any film")
    except (ValueError, TypeError, AttributeError):
        raise Fault(
            Code.INVALID,
            "This report of a playback cannot be read.",
            'Send {"position_s": 12.5, "playing": true}.',
            name="bad_report",
        ) from None
    return position, playing
