"""Who asks a door of a playback, for which playback, and what of the film it plays."""

import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from streaming.clock import Clock, to_micros
from streaming.delivery import refusals
from streaming.delivery.answers import Scope, header
from streaming.delivery.index import LiveIndex
from streaming.delivery.leases import Leases, Proof
from streaming.delivery.sql import Playback, Reader
from streaming.delivery.values import Permit, Version
from streaming.ids import TitleId, VersionId

TOKEN = r"(?P<token>[A-Za-z0-9_-]{20,64})"  # noqa: S105
MAX_GUEST_LINKS = 8


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
class Claim:
    """What a request shows: whose playback it says it is (hashes), at which instant (microseconds)."""

    hashed: bytes
    proof: Proof
    now: int

    def __repr__(self) -> str:
        return f"Claim(at {self.now})"


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim that holds: its playback, and the version that it plays."""

    claim: Claim
    playback: Playback
    version: Version

    def __repr__(self) -> str:
        return f"Asked({self.playback.id})"


class Asking:
    """Reads claims, checks them against the SQLite file at `path`, and asks the policy."""

    def __init__(
        self, path: Path, clock: Clock, leases: Leases, index: LiveIndex, names: CookieNames
    ) -> None:
        self._path = path
        self._clock = clock
        self._leases = leases
        self._index = index
        self._names = names
        self._readers = threading.local()
        self._opened: list[Reader] = []

    def claim(self, scope: Scope, token: str) -> Claim:
        """Read who asks for what, and when."""
        hashed = hashlib.sha256(token.encode()).digest()
        return Claim(hashed, self._names.proof(header(scope, b"cookie")), to_micros(self._clock.now()))

    def held(self, claim: Claim) -> Playback:
        """Read the playback, and check whose it is and that its lease runs. Raises `Fault`."""
        return self._leases.held(self._reader().find(claim.hashed), claim.proof, claim.now)

    def bound(self, claim: Claim) -> Playback:
        """Read the playback and check whose it is, whether or not it has been stopped. Raises `Fault`."""
        return self._leases.bound(self._reader().find(claim.hashed), claim.proof, claim.now)

    def admitted(self, scope: Scope, token: str) -> tuple[Claim, Playback, Permit]:
        """Read who asks, for which playback, and what they may see of it now. Raises `Fault`."""
        claim = self.claim(scope, token)
        playback = self.held(claim)
        return claim, playback, self.permit(claim, playback)

    async def opened(self, scope: Scope, token: str) -> Asked:
        """Find who asks, for which playback, and what of the film it plays. Raises `Fault`."""
        claim = self.claim(scope, token)
        playback = self.held(claim)
        return Asked(claim, playback, await self.version_of(playback))

    async def version_of(self, playback: Playback) -> Version:
        """Give what a playback plays. Raises `Fault` where it is not there any more."""
        version = await self._index.version(TitleId(playback.title_id), VersionId(playback.version_id))
        if version is None:
            raise refusals.film_is_gone()
        return version

    def permit(self, claim: Claim, playback: Playback, tier: str | None = None) -> Permit:
        """Ask the policy as things stand. Raises `Fault` with its refusal."""
        return self._leases.permit(playback, claim.now, tier)

    def close(self) -> None:
        """Close what is read from; no request may be under way."""
        while self._opened:
            self._opened.pop().close()
        self._readers = threading.local()

    def _reader(self) -> Reader:
        """Give this thread's reader."""
        reader: Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = Reader(self._path, self._leases.rows)
            self._opened.append(reader)
        return reader
