"""The SQL of guest links and of who used them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from streaming.ids import LicenceId
from streaming.keys.proofs import StoredKey
from streaming.licences.link_model import LinkRow, VisitRow
from streaming.licences.links import Link, LinkPassword, LinkTerms


@dataclass(frozen=True, slots=True)
class Use:
    """One play of a link, as its creator sees it until it is forgotten."""

    id: str
    licence_id: LicenceId
    used_at: datetime
    device: str
    network: str = ""
    name: str = ""


def add_link(session: Session, licence_id: LicenceId, terms: LinkTerms) -> None:
    """Write the terms of a new link; its licence is there already."""
    session.add(LinkRow(licence_id=licence_id, plays=0, **_columns(terms)))


def amend_link(session: Session, licence_id: LicenceId, terms: LinkTerms) -> None:
    """Write changed terms."""
    row = session.get_one(LinkRow, licence_id)
    for name, value in _columns(terms).items():
        setattr(row, name, value)


def link(session: Session, licence_id: LicenceId) -> Link | None:
    """Read the link of a licence; None if it is held by an account."""
    row = session.get(LinkRow, licence_id)
    return _link(row) if row else None


def links(session: Session, licence_ids: Collection[LicenceId]) -> dict[LicenceId, Link]:
    """Read the links among these licences."""
    rows = session.scalars(select(LinkRow).where(LinkRow.licence_id.in_(licence_ids)))
    return {LicenceId(row.licence_id): _link(row) for row in rows}


def spend(session: Session, licence_id: LicenceId) -> bool:
    """Take one play, in one statement: however many come at once, no more succeed than there are."""
    left = or_(LinkRow.max_plays.is_(None), LinkRow.plays < LinkRow.max_plays)
    taken = update(LinkRow).where(LinkRow.licence_id == licence_id, left)
    found = session.execute(taken.values(plays=LinkRow.plays + 1).returning(LinkRow.licence_id))
    return found.first() is not None


def holds(session: Session, licence_id: LicenceId, hashes: Sequence[bytes]) -> bytes | None:
    """Which of these hashed secrets belongs to somebody who redeemed the licence's link."""
    query = select(VisitRow.token_hash).where(
        VisitRow.licence_id == licence_id, VisitRow.token_hash.in_(hashes)
    )
    return session.scalars(query.limit(1)).first()


def uses(session: Session, licence_id: LicenceId, most: int) -> list[Use]:
    """Who used a link, latest first; what was forgotten is not there."""
    query = (
        select(VisitRow)
        .where(VisitRow.licence_id == licence_id, VisitRow.used_at.is_not(None))
        .order_by(VisitRow.used_at.desc(), VisitRow.id)
        .limit(most)
    )
    return [
        Use(row.id, LicenceId(row.licence_id), row.used_at, row.device, row.network, row.name)
        for row in session.scalars(query)
        if row.used_at is not None
    ]


def count_uses(session: Session, licence_ids: Collection[LicenceId]) -> dict[LicenceId, int]:
    """How many uses of each link are still noted."""
    query = (
        select(VisitRow.licence_id, func.count())
        .where(VisitRow.licence_id.in_(licence_ids), VisitRow.used_at.is_not(None))
        .group_by(VisitRow.licence_id)
    )
    return {LicenceId(licence): count for licence, count in session.execute(query)}


def forget(session: Session, licence_id: LicenceId, use_id: str | None = None) -> list[bytes]:
    """Forget what was noted of a use, or of all; gives the hashes of their secrets, which stay good."""
    where = [VisitRow.licence_id == licence_id, VisitRow.used_at.is_not(None)]
    if use_id is not None:
        where.append(VisitRow.id == use_id)
    query = update(VisitRow).where(*where).values(_NOTHING).returning(VisitRow.token_hash)
    return list(session.scalars(query))


def any_before(session: Session, cutoff: datetime) -> bool:
    """Whether something was noted before `cutoff`."""
    return session.scalars(select(VisitRow.id).where(VisitRow.used_at < cutoff).limit(1)).first() is not None


def forget_before(session: Session, cutoff: datetime) -> list[bytes]:
    """Forget what was noted before `cutoff`; gives the hashes of their secrets, which stay good."""
    query = update(VisitRow).where(VisitRow.used_at < cutoff).values(_NOTHING).returning(VisitRow.token_hash)
    return list(session.scalars(query))


_NOTHING = {"used_at": None, "device": "", "network": "", "name": ""}


def _columns(terms: LinkTerms) -> dict[str, object]:
    password = terms.password
    return {
        "redeem_until": terms.redeem_until,
        "max_plays": terms.max_plays,
        "password_salt": password and password.salt,
        "proof_salt": password and password.stored.salt,
        "proof_digest": password and password.stored.digest,
    }


def _link(row: LinkRow) -> Link:
    password = None
    if row.password_salt is not None and row.proof_salt is not None and row.proof_digest is not None:
        password = LinkPassword(row.password_salt, StoredKey(row.proof_salt, row.proof_digest))
    terms = LinkTerms(row.redeem_until, row.max_plays, password)
    return Link(LicenceId(row.licence_id), terms, row.plays)
