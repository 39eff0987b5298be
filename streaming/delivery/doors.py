"""The hot doors as one small ASGI app in front of the application: `/media/` and `/play/`.

Everything else goes to the application behind. A framework would cost more here than all the work done.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from streaming.clock import Clock
from streaming.db.scratch import Scratch
from streaming.delivery import refusals
from streaming.delivery.addresses import Addresses
from streaming.delivery.answers import (
    ANY_ORIGIN,
    NO_STORE,
    Answer,
    App,
    Message,
    Problem,
    Receive,
    Scope,
    Send,
    header,
    problem_answer,
    send_answer,
)
from streaming.delivery.asking import Asking, CookieNames
from streaming.delivery.bootstrap import Bootstrap, Wish, prepare
from streaming.delivery.index import LiveIndex
from streaming.delivery.key_door import KEY, KeyDoor
from streaming.delivery.keyring import KeyRing
from streaming.delivery.keysystems import KeySystems
from streaming.delivery.keytags import KeyTags, SignalsOf
from streaming.delivery.lease_door import RENEW, LeaseDoor
from streaming.delivery.leases import LeaseRule, Leases
from streaming.delivery.playlists import CHAPTERS, MAIN, MEDIA_PLAYLIST, STEERING, PlaylistDoor
from streaming.delivery.protected import LICENCE, MPD, TEXT, ProtectedDoor
from streaming.delivery.report_door import REPORT, ReportDoor
from streaming.delivery.segments import ADDRESS, SegmentDoor
from streaming.delivery.signing import AddressSigner
from streaming.delivery.values import Gate, Keys
from streaming.delivery.writer import GroupCommit
from streaming.errors import Code, Fault
from streaming.hosts import DeliveryHost
from streaming.storage.objects import ObjectStore

OWN_SITES = (b"same-origin", b"none", b"")
"""What browsers say of requests of our own pages' (`Sec-Fetch-Site`), and of those typed in."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What an operator sets: leases in seconds, the release budget, the public address."""

    lease_seconds: int = 300
    lease_grace_seconds: int = 60
    release_burst: int = 12
    release_rate: float = 4.0
    address: str = ""
    hosts: tuple[DeliveryHost, ...] = ()


@dataclass(frozen=True, slots=True)
class PlayDoors:
    """The doors of playbacks, and what they share: who asks, and writes that are made together."""

    asking: Asking
    writer: GroupCommit
    keys: KeyDoor
    playlists: PlaylistDoor
    leases: LeaseDoor
    reports: ReportDoor
    protected: ProtectedDoor

    def close(self) -> None:
        """Finish what is being written, and close what is read from; no request may be under way."""
        self.writer.close()
        self.asking.close()


class Doors:
    """An ASGI app over `inner`. `problem` turns a fault into what is shown."""

    def __init__(
        self,
        inner: App,
        segments: SegmentDoor,
        playing: PlayDoors,
        problem: Callable[[Fault], Problem],
        address: str = "",
    ) -> None:
        self._inner = inner
        self._segments = segments
        self._playing = playing
        self._problem = problem
        self._own = urlsplit(address).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a hot door, or pass on."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if path.startswith("/media/") and not path.endswith(".m3u8"):
            await self._segment(scope, send)
        elif path.startswith(("/play/", "/media/")):
            await send_answer(send, await self._play(scope, receive), head=scope["method"] == "HEAD")
        else:
            await self._inner(scope, receive, send)

    async def bootstrap(self, scope: Scope, main: str, wish: Wish) -> Bootstrap:
        """Ask these doors what a player will ask first, in the name of whoever made the request in `scope`.

        `main` is the address of a playback's multivariant playlist. Nothing is given here that the doors
        would not give; what they refuse is left out, and the player hears why when it asks by itself.
        """
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        asked = {**scope, "method": "GET", "headers": headers}

        async def ask(address: str) -> bytes:
            # A delivery host has what lies here too, under the same path.
            shared = "/media/" + address.rpartition("/media/")[2]
            if ADDRESS.fullmatch(shared):
                return await self._segments.read(shared)
            path, _, query = address.partition("?")
            told = await self._playback({**asked, "path": path, "query_string": query.encode()}, _nothing)
            return told.body

        return await prepare(ask, main, wish)

    def close(self) -> None:
        """Finish what is being written."""
        self._playing.close()

    async def _segment(self, scope: Scope, send: Send) -> None:
        try:
            if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
                await self._segments.serve(scope, send)
            else:
                await send_answer(send, _not_allowed("GET, HEAD"))
        except Fault as fault:
            headers = [*ANY_ORIGIN, (b"cache-control", b"no-store")]
            await send_answer(send, problem_answer(self._problem(fault), headers))

    async def _play(self, scope: Scope, receive: Receive) -> Answer:
        try:
            return await self._playback(scope, receive)
        except Fault as fault:
            return problem_answer(self._problem(fault))
        except Exception:
            # The path holds a bearer token: the log must not.
            _log.exception("a playback door failed")
            return problem_answer(self._problem(Fault(Code.INTERNAL, "A playback door failed.")))

    async def _playback(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        self._check_origin(scope)
        if match := KEY.fullmatch(path):
            return await self._playing.keys.key(scope, match) if method == "GET" else _not_allowed("GET")
        if match := RENEW.fullmatch(path):
            if method != "POST":
                return _not_allowed("POST")
            return await self._playing.leases.act(scope, receive, match)
        if match := REPORT.fullmatch(path):
            if method != "POST":
                return _not_allowed("POST")
            return await self._playing.reports.report(scope, receive, match)
        if match := LICENCE.fullmatch(path):
            if method != "POST":
                return _not_allowed("POST")
            return await self._playing.protected.licence(scope, receive, match)
        if method not in {"GET", "HEAD"}:
            return _not_allowed("GET, HEAD")
        if match := MPD.fullmatch(path):
            return await self._playing.protected.mpd(scope, match)
        if match := TEXT.fullmatch(path):
            return await self._playing.protected.text(scope, match)
        if match := MAIN.fullmatch(path):
            return await self._playing.playlists.main(scope, match)
        if match := STEERING.fullmatch(path):
            return await self._playing.playlists.steering(scope, match)
        if match := CHAPTERS.fullmatch(path):
            return await self._playing.playlists.chapters(scope, match)
        if match := MEDIA_PLAYLIST.fullmatch(path):
            self._segments.check(match["prefix"], match["title"], match["version"])
            return await self._playing.playlists.media(scope, match)
        raise refusals.bad_address()

    def _check_origin(self, scope: Scope) -> None:
        """Refuse what another site made a browser send. Programs send neither header."""
        for name, value in scope["headers"]:
            if name == b"sec-fetch-site" and value not in OWN_SITES:
                raise refusals.foreign_origin()
            if name == b"origin" and not self._is_own(value.decode("latin-1"), scope):
                raise refusals.foreign_origin()

    def _is_own(self, origin: str, scope: Scope) -> bool:
        host = urlsplit(origin).netloc.lower() if "://" in origin else ""
        return not origin or (bool(host) and host in {_host(scope), self._own})


def open_doors(
    inner: App,
    *,
    path: Path,
    clock: Clock,
    gate: Gate,
    index: LiveIndex,
    keys_of: Callable[[str, str], Keys],
    objects: ObjectStore,
    signer: AddressSigner,
    problem: Callable[[Fault], Problem],
    settings: DoorSettings,
    names: CookieNames | None = None,
    systems: KeySystems | None = None,
    signals_of: SignalsOf | None = None,
    scratch: Scratch | None = None,
) -> Doors:
    """Build the doors over the SQLite file at `path`. Close them when the application ends.

    Processes that serve one house share a `scratch`.
    """
    leases = Leases(gate, LeaseRule(settings.lease_seconds, settings.lease_grace_seconds))
    systems = systems or KeySystems()
    writer = GroupCommit(path, clock)
    asking = Asking(path, clock, leases, index, names or CookieNames())
    addresses = Addresses(clock, signer, settings.hosts)
    ring = KeyRing(keys_of)
    tags = KeyTags(ring, systems, signals_of, settings.address)
    reports = ReportDoor(asking, writer)
    budget = (settings.release_burst, settings.release_rate)
    keys = KeyDoor(asking, leases, writer, ring, reports, budget, scratch)
    playing = PlayDoors(
        asking,
        writer,
        keys,
        PlaylistDoor(asking, index, addresses, tags, reports),
        LeaseDoor(asking, leases, writer),
        reports,
        ProtectedDoor(asking, keys, ring, tags, index, addresses, systems, objects),
    )
    return Doors(inner, SegmentDoor(objects, signer, clock), playing, problem, settings.address)


def _host(scope: Scope) -> str:
    return header(scope, b"host").decode("latin-1").lower()


async def _nothing() -> Message:
    """Receive no body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _not_allowed(allowed: str) -> Answer:
    """Refuse a method (RFC 9110 §15.5.6), in problem JSON as every refusal."""
    document = {
        "type": "urn:matinee:problem:wrong_method",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "This address does not take requests of that kind.",
        "code": "wrong_method",
        "hint": f"Use {allowed}.",
    }
    headers = ((b"content-type", b"application/problem+json"), *NO_STORE, (b"allow", allowed.encode()))
    return Answer(405, orjson.dumps(document), headers)
