"""Redeeming guest links, and what their creators see and may forget of who used them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import LicenceId, new_id, new_token, token_hash
from streaming.licences import audit, store, visits
from streaming.licences.audit import What
from streaming.licences.gate import fault
from streaming.licences.link_model import VisitRow
from streaming.licences.links import MAX_NAME, Link, LinkChanges, changed, decide_link
from streaming.licences.policy import Licence, Refusal, decide
from streaming.licences.service import LicenceService
from streaming.licences.values import Actor
from streaming.licences.visits import Use
from transcoder.keys.secret import SecretBytes

MOST_SHOWN = 500
MAX_DEVICE = 80


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the door: the secrets in their cookie, and what may be noted of them.

    `auth_key` is what their browser derived of the password they typed, if they were asked for one.
    """

    secrets: Sequence[str] = ()
    auth_key: SecretBytes | None = None
    device: str = ""
    network: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return f"Visitor({self.device!r})"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A link redeemed: the licence, and the visitor's secret for it; `fresh` unless they came back."""

    licence: Licence
    secret: str
    fresh: bool

    def __repr__(self) -> str:
        return f"Redeemed({self.licence.id}, fresh={self.fresh})"


class GuestLinks:
    """The links of the house; issuing and revoking them is their licences' business."""

    def __init__(self, database: Database, clock: Clock, licences: LicenceService, *, days: int) -> None:
        self._database = database
        self._clock = clock
        self._licences = licences
        self._kept = timedelta(days=days)

    def at_door(self, token: str, secrets: Sequence[str] = ()) -> tuple[Licence, Link, bool] | None:
        """Tell of a link by its token: its licence, itself, and whether this visitor has redeemed it."""
        with self._database.read() as session:
            licence = store.find_by_link(session, token_hash(token))
            found = visits.link(session, licence.id) if licence else None
            if licence is None or found is None:
                return None
            return licence, found, visits.holds(session, licence.id, _hashes(secrets)) is not None

    def redeem(self, token: str, visitor: Visitor) -> Redeemed:
        """Exchange a link for a secret of the visitor's own, once for each browser. Raises `Fault`.

        Everything is checked on a read first, so that who is refused never waits for the write lock, and
        again in the transaction that takes the play, where it counts.
        """
        with self._database.read() as session:
            known = self._admitted(session, token, visitor)
        if isinstance(known, Redeemed):
            return known
        with self._database.write() as session:
            found = self._admitted(session, token, visitor)
            if isinstance(found, Redeemed):
                return found
            if not visits.spend(session, found.id):  # pragma: no cover - the check above holds the lock
                raise _unknown_link()
            audit.record(session, What.LINK_USED, self._clock.now(), licence=found)
            return self._welcomed(session, found, visitor)

    def link(self, actor: Actor, licence_id: LicenceId) -> Link:
        """Give a link to its creator or an admin. Raises `Fault` NOT_FOUND."""
        self._licences.managed(actor, licence_id)
        with self._database.read() as session:
            return _there(visits.link(session, licence_id))

    def of(self, licence_ids: Collection[LicenceId]) -> dict[LicenceId, Link]:
        """The links among licences that the caller may see."""
        with self._database.read() as session:
            return visits.links(session, licence_ids)

    def uses(self, actor: Actor, licence_id: LicenceId) -> list[Use]:
        """Who used a link, latest first, for its creator. Raises `Fault` NOT_FOUND."""
        self.link(actor, licence_id)
        with self._database.read() as session:
            return visits.uses(session, licence_id, MOST_SHOWN)

    def amend(self, actor: Actor, licence_id: LicenceId, changes: LinkChanges) -> Link:
        """Change what a link asks for; who has redeemed it already is not touched. Raises `Fault`."""
        licence = self._licences.managed(actor, licence_id)
        with self._database.write() as session:
            kept = _there(visits.link(session, licence_id))
            now = self._clock.now()
            visits.amend_link(session, licence_id, changed(kept, changes, now))
            session.flush()
            new = _there(visits.link(session, licence_id))
            audit.record(
                session,
                What.LINK_CHANGED,
                now,
                by=actor,
                licence=licence,
                before=_told(kept),
                after=_told(new),
            )
            return new

    def forget(self, actor: Actor, licence_id: LicenceId, use_id: str | None = None) -> list[bytes]:
        """Forget what was noted of one use, or of all; plays stay counted, and who plays plays on.

        Gives the hashes of the visitors' secrets, under which others may have noted something too.
        Raises `Fault` NOT_FOUND.
        """
        self.link(actor, licence_id)
        with self._database.write() as session:
            gone = visits.forget(session, licence_id, use_id)
        if use_id is not None and not gone:
            raise not_found("use")
        return gone

    def forget_old(self) -> list[bytes]:
        """Forget what was noted longer ago than is kept."""
        cutoff = self._clock.now() - self._kept
        with self._database.read() as session:
            if not visits.any_before(session, cutoff):
                return []
        with self._database.write() as session:
            return visits.forget_before(session, cutoff)

    def _admitted(self, session: Session, token: str, visitor: Visitor) -> Redeemed | Licence:
        """Say who comes back, or whose play may be taken; else raise `Fault`."""
        licence = store.find_by_link(session, token_hash(token))
        link = visits.link(session, licence.id) if licence else None
        if licence is None or link is None:
            raise _unknown_link()
        now = self._clock.now()
        verdict = decide(licence, now)
        if isinstance(verdict, Refusal):
            raise fault(verdict)
        hashes = {token_hash(one): one for one in visitor.secrets}
        held = visits.holds(session, licence.id, list(hashes))
        if held is not None:
            return Redeemed(licence, hashes[held], fresh=False)
        refusal = decide_link(link, now, licence.issued_by)
        if refusal is not None:
            raise fault(refusal)
        self._check_password(link, visitor, licence.issued_by)
        return licence

    def _check_password(self, link: Link, visitor: Visitor, issuer: str) -> None:
        if link.terms.password is None:
            return
        if visitor.auth_key is None or not link.terms.password.stored.matches(visitor.auth_key):
            raise Fault(
                Code.FORBIDDEN,
                "That is not the password of this link.",
                f"Check it with {issuer or 'whoever sent it'}.",
                name="wrong_password",
            )

    def _welcomed(self, session: Session, licence: Licence, visitor: Visitor) -> Redeemed:
        secret = new_token()
        session.add(
            VisitRow(
                id=new_id("vi"),
                licence_id=licence.id,
                token_hash=token_hash(secret),
                used_at=self._clock.now(),
                device=visitor.device[:MAX_DEVICE],
                network=visitor.network,
                name=visitor.name[:MAX_NAME],
            )
        )
        return Redeemed(licence, secret, fresh=True)


def _hashes(secrets: Sequence[str]) -> list[bytes]:
    return [token_hash(one) for one in secrets]


def _told(link: Link) -> dict[str, object]:
    """Write a link's terms for the log; of its password only whether there is one."""
    end = link.terms.redeem_until
    return {
        "redeem_until": end and end.isoformat().replace("+00:00", "Z"),
        "max_plays": link.terms.max_plays,
        "has_password": link.terms.password is not None,
    }


def _there(link: Link | None) -> Link:
    if link is None:
        raise not_found("link")
    return link


def _unknown_link() -> Fault:
    return Fault(
        Code.NOT_FOUND,
        "This link opens nothing here.",
        "Check that it is whole, or ask whoever sent it for a new one.",
        name="unknown_link",
    )
