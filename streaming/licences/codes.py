"""Gift codes: made of an offer, handed on by the creator, redeemed once by whoever types them.

A code stands for its offer's terms at the time it is redeemed, whether or not the offer is still open, and
does not count towards how many of it may be taken: it was promised when it was made. To whoever cannot know
better, a code that is unknown, used, revoked or over is one and the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, CodeId, LicenceId, OfferId, new_id
from streaming.licences import audit, store
from streaming.licences.audit import What
from streaming.licences.code_text import bare, code_hash, new_code
from streaming.licences.offer_model import CodeRow
from streaming.licences.offer_values import Offer, Taken
from streaming.licences.offers import OfferService
from streaming.licences.policy import Licence
from streaming.licences.validation import LONGEST, MAX_LABEL, invalid
from streaming.licences.values import Actor
from transcoder.keys.secret import SecretBytes

MOST_AT_ONCE = 1000
MOST_CODES = 100_000
CodeState = Literal["ready", "redeemed", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class CodeView:
    """A code as its maker sees it; its text is not among what is known."""

    id: CodeId
    offer_id: OfferId
    label: str
    number: int
    state: CodeState
    made_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: str
    licence_id: LicenceId | None


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A new code: its text is there this once."""

    view: CodeView
    text: str

    def __repr__(self) -> str:
        return f"MadeCode({self.view.id})"


class CodeService:
    """The gift codes of the house; `secret` keys their hashes."""

    def __init__(self, database: Database, clock: Clock, offers: OfferService, secret: SecretBytes) -> None:
        self._database = database
        self._clock = clock
        self._offers = offers
        self._secret = secret

    def make(
        self, actor: Actor, offer_id: OfferId, count: int, label: str = "", expires_at: datetime | None = None
    ) -> list[MadeCode]:
        """Make `count` codes of an offer of one's own. Raises `Fault`."""
        now = self._clock.now()
        with self._database.write() as session:
            offer = self._offers.own_in(session, actor, offer_id)
            _check(count, label, expires_at, now)
            highest = select(func.max(CodeRow.number)).where(CodeRow.offer_id == offer_id)
            first = (session.scalar(highest) or 0) + 1
            if first + count - 1 > MOST_CODES:
                raise Fault(
                    Code.CONFLICT,
                    f"An offer has at most {MOST_CODES:,} codes.",
                    "Make another offer.",
                    name="too_many_codes",
                )
            made = [self._new(offer_id, first + more, label, expires_at, now) for more in range(count)]
            session.add_all(row for row, _ in made)
            _note(session, What.CODES_MADE, now, actor, offer, f"{count} of “{offer.name}”")
            session.flush()
            return [MadeCode(_view(row, "", now), said) for row, said in made]

    def of_offer(self, actor: Actor, offer_id: OfferId) -> list[CodeView]:
        """Every code of an offer of one's own, newest first, with who redeemed it."""
        now = self._clock.now()
        with self._database.read() as session:
            self._offers.own_in(session, actor, offer_id)
            query = select(CodeRow).where(CodeRow.offer_id == offer_id).order_by(CodeRow.number.desc())
            rows = session.scalars(query).all()
            names = _names(session, offer_id)
            return [_view(row, names.get(row.redeemed_by or "", ""), now) for row in rows]

    def revoke(self, actor: Actor, code_id: CodeId) -> CodeView:
        """Take a code back that nobody redeemed; twice is no fault. Raises `Fault`."""
        now = self._clock.now()
        with self._database.write() as session:
            row = session.get(CodeRow, code_id)
            if row is None:
                raise not_found("code")
            offer = self._offers.own_in(session, actor, OfferId(row.offer_id))
            if row.redeemed_at is not None:
                raise Fault(
                    Code.CONFLICT,
                    "This code was redeemed already.",
                    "Revoke the licence that it became.",
                    name="code_redeemed",
                )
            if row.revoked_at is None:
                row.revoked_at = now
                _note(session, What.CODE_REVOKED, now, actor, offer, f"number {row.number} of “{offer.name}”")
            return _view(row, "", now)

    def redeem(self, viewer: Actor, typed: str) -> Taken:
        """Give a viewer the licence a code stands for; a code of their own gives the same again.

        Whoever calls limits how often it may be tried. Raises `Fault`, for all that the viewer cannot know
        better with the same words.
        """
        hashed = code_hash(self._secret, bare(typed) or "")
        with self._database.write() as session:
            now = self._clock.now()
            claim = (
                update(CodeRow)
                .where(
                    CodeRow.code_hash == hashed,
                    CodeRow.redeemed_at.is_(None),
                    CodeRow.revoked_at.is_(None),
                    or_(CodeRow.expires_at.is_(None), CodeRow.expires_at > now),
                )
                .values(redeemed_at=now, redeemed_by=viewer.account_id)
                .returning(CodeRow.id, CodeRow.offer_id)
            )
            claimed = session.execute(claim).first()
            if claimed is None:
                return Taken(_again(session, hashed, viewer.account_id), new=False)
            licence = self._offers.redeem(session, viewer, OfferId(claimed.offer_id))
            session.execute(update(CodeRow).where(CodeRow.id == claimed.id).values(licence_id=licence.id))
            return Taken(licence, new=True)

    def _new(
        self, offer_id: OfferId, number: int, label: str, expires_at: datetime | None, now: datetime
    ) -> tuple[CodeRow, str]:
        said = new_code()
        row = CodeRow(
            id=new_id("gc"),
            offer_id=offer_id,
            code_hash=code_hash(self._secret, bare(said) or ""),
            label=label,
            number=number,
            made_at=now,
            expires_at=expires_at,
        )
        return row, said


def unknown_code() -> Fault:
    """A code that gives nothing, for whatever reason."""
    return Fault(
        Code.NOT_FOUND,
        "This code opens nothing: it may be mistyped, used already, or over.",
        "Compare it letter by letter, or ask whoever gave it to you.",
        name="unknown_code",
    )


def _again(session: Session, hashed: bytes, account_id: AccountId) -> Licence:
    """Find the licence this account has by this code. Raises `Fault` NOT_FOUND."""
    query = select(CodeRow.licence_id).where(CodeRow.code_hash == hashed, CodeRow.redeemed_by == account_id)
    licence_id = session.scalar(query)
    found = store.find(session, LicenceId(licence_id)) if licence_id else None
    if found is None or found.holder.account_id != account_id:
        raise unknown_code()
    return found


def _check(count: int, label: str, expires_at: datetime | None, now: datetime) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise invalid(
            f"From 1 to {MOST_AT_ONCE:,} codes are made at once.",
            "Make the rest after.",
            "bad_number",
            "count",
        )
    if len(label) > MAX_LABEL:
        raise invalid(
            f"A label has at most {MAX_LABEL} characters.", "Shorten it.", "label_too_long", "label"
        )
    if expires_at is None:
        return
    if expires_at.tzinfo is None:
        raise invalid(
            "This time has no time zone, so nobody can tell when it is.",
            "Write it like 2026-11-22T21:40:00+01:00.",
            "no_zone",
            "expires_at",
        )
    if not now < expires_at <= now + LONGEST:
        raise invalid(
            "Codes expire in the future, and within a hundred years.",
            "Choose another time, or leave it empty.",
            "bad_expiry",
            "expires_at",
        )


def _note(session: Session, what: What, now: datetime, actor: Actor, offer: Offer, subject: str) -> None:
    audit.record(
        session,
        what,
        now,
        by=actor,
        title_id=offer.title_id,
        channel_id=offer.channel.id if offer.channel else None,
        subject=subject,
    )


def _names(session: Session, offer_id: OfferId) -> dict[str, str]:
    """Read what the people are called who redeemed codes of an offer."""
    query = text(
        "SELECT DISTINCT a.id, a.name FROM gift_codes c JOIN accounts a ON a.id = c.redeemed_by"
        " WHERE c.offer_id = :offer"
    )
    return {str(id_): str(name) for id_, name in session.execute(query, {"offer": offer_id})}


def _view(row: CodeRow, redeemer: str, now: datetime) -> CodeView:
    return CodeView(
        CodeId(row.id),
        OfferId(row.offer_id),
        row.label,
        row.number,
        _state(row, now),
        row.made_at,
        row.expires_at,
        row.redeemed_at,
        redeemer,
        LicenceId(row.licence_id) if row.licence_id else None,
    )


def _state(row: CodeRow, now: datetime) -> CodeState:
    if row.redeemed_at is not None:
        return "redeemed"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "ready"
