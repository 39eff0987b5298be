"""The SQL of licences."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from streaming.ids import AccountId, ChannelId, LicenceId, OfferId, TitleId
from streaming.licences.gate import LicenceGate, licence_of
from streaming.licences.model import LicenceRow
from streaming.licences.policy import Licence, Terms


def _select(where: str) -> str:
    """Read whole licences whose row `l0` satisfies `where`, newest first."""
    return (
        f"SELECT {LicenceGate.columns} FROM"  # noqa: S608  # constants of this package only
        " (SELECT id AS licence_id, NULL AS account_id, NULL AS title_id"
        f" FROM licences l0 WHERE {where}) p {LicenceGate.joins}"
        " ORDER BY l.issued_at DESC, l.id"
    )


_BY_ID = text(_select("l0.id = :id"))
_BY_LINK = text(_select("l0.link_hash = :hash"))
_OF_TITLE = text(_select("l0.title_id = :title"))
_OF_HOLDER = text(_select("l0.account_id = :account"))
_OF_VISITS = text(
    _select("l0.id IN (SELECT v.licence_id FROM guest_visits v WHERE v.token_hash IN :hashes)")
).bindparams(bindparam("hashes", expanding=True))
_OF_OWNER = text(
    _select(
        "l0.title_id IN (SELECT id FROM titles WHERE owner_id = :owner)"
        " OR l0.channel_id IN (SELECT id FROM channels WHERE owner_id = :owner)"
    )
)
_ON_CHANNELS = text(_select("l0.channel_id IN :channels")).bindparams(bindparam("channels", expanding=True))
_OF_OFFER = text(_select("l0.offer_id = :offer AND l0.account_id = :account"))
_ALL = text(_select("1"))
_KNOWN = text(
    "SELECT title_id FROM licences WHERE account_id = :account AND title_id IS NOT NULL UNION"
    " SELECT c.title_id FROM licences l JOIN channel_titles c ON c.channel_id = l.channel_id"
    " WHERE l.account_id = :account"
)


def find(session: Session, licence_id: LicenceId) -> Licence | None:
    """Read one licence."""
    return _one(session.execute(_BY_ID, {"id": licence_id}).all())


def find_by_link(session: Session, link_hash: bytes) -> Licence | None:
    """Read the licence a link opens."""
    return _one(session.execute(_BY_LINK, {"hash": link_hash}).all())


def of_title(session: Session, title_id: TitleId) -> list[Licence]:
    """Every licence of a title, newest first."""
    return [licence_of(tuple(row)) for row in session.execute(_OF_TITLE, {"title": title_id})]


def on_channels(session: Session, channel_ids: Sequence[ChannelId]) -> list[Licence]:
    """Every licence on these channels, newest first."""
    found = session.execute(_ON_CHANNELS, {"channels": list(channel_ids)})
    return [licence_of(tuple(row)) for row in found]


def known(session: Session, account_id: AccountId) -> frozenset[TitleId]:
    """Every title that an account holds a licence on, or held, channels' titles included."""
    return frozenset(TitleId(one) for one in session.scalars(_KNOWN, {"account": account_id}))


def of_offer(session: Session, offer_id: OfferId, account_id: AccountId) -> list[Licence]:
    """Every licence an account holds by an offer, newest first."""
    found = session.execute(_OF_OFFER, {"offer": offer_id, "account": account_id})
    return [licence_of(tuple(row)) for row in found]


def of_owner(session: Session, owner_id: AccountId | None) -> list[Licence]:
    """Every licence on the titles of an owner (None: of everybody), newest first."""
    found = session.execute(_ALL) if owner_id is None else session.execute(_OF_OWNER, {"owner": owner_id})
    return [licence_of(tuple(row)) for row in found]


def held(session: Session, account_id: AccountId | None, visit_hashes: Sequence[bytes]) -> list[Licence]:
    """Every licence an account holds, and those whose links a visitor redeemed; newest first."""
    rows = list(session.execute(_OF_HOLDER, {"account": account_id})) if account_id else []
    if visit_hashes:
        rows += list(session.execute(_OF_VISITS, {"hashes": list(visit_hashes)}))
    return [licence_of(tuple(row)) for row in rows]


def add(
    session: Session,
    licence: Licence,
    issuer_id: AccountId | None,
    link_hash: bytes | None = None,
    label: str = "",
) -> None:
    """Write a new licence."""
    terms = licence.terms
    session.add(
        LicenceRow(
            id=licence.id,
            title_id=licence.title_id,
            channel_id=licence.channel.id if licence.channel else None,
            offer_id=licence.offer_id,
            account_id=licence.holder.account_id,
            link_hash=link_hash,
            label=label,
            issued_by=issuer_id,
            issued_at=licence.issued_at,
            valid_from=terms.valid_from,
            **_columns(terms),
        )
    )


def amend(session: Session, licence_id: LicenceId, terms: Terms) -> None:
    """Write changed terms (all but `valid_from`, which stays)."""
    row = session.get_one(LicenceRow, licence_id)
    for name, value in _columns(terms).items():
        setattr(row, name, value)


def transfer(session: Session, licence_id: LicenceId, account_id: AccountId) -> None:
    """Give a licence to another account; its clocks go along."""
    session.get_one(LicenceRow, licence_id).account_id = account_id


def revoke(session: Session, licence_id: LicenceId, now: datetime, reason: str) -> None:
    """Mark a licence as taken back; the first time counts."""
    row = session.get_one(LicenceRow, licence_id)
    if row.revoked_at is None:
        row.revoked_at, row.revoke_reason = now, reason


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "valid_until": terms.valid_until,
        "rental_s": terms.rental and int(terms.rental.total_seconds()),
        "playback_s": terms.playback and int(terms.playback.total_seconds()),
        "tier": terms.tier.value,
        "max_streams": terms.max_streams,
        "may_finish": terms.may_finish,
        "max_devices": terms.max_devices,
    }


def _one(rows: Sequence[Sequence[object]]) -> Licence | None:
    return licence_of(tuple(rows[0])) if rows else None
