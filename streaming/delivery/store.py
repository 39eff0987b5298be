"""The SQL of playbacks for pages and the API; the hot doors have theirs in `sql.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, literal, or_, select, text, update
from sqlalchemy.orm import Session

from streaming.delivery.model import PlaybackRow, ResumeRow
from streaming.delivery.values import Gate, Watching
from streaming.ids import AccountId, LicenceId, PlaybackId, TitleId

FOLDED_AT_ONCE = 500


def licence_columns(
    session: Session, gate: Gate, licence_id: LicenceId, account_id: AccountId | None, title_id: TitleId
) -> tuple[Any, ...]:
    """Select what the gate decides on for an account (None: a guest) and a title, in this transaction."""
    asked = "(SELECT :id AS licence_id, :account AS account_id, :title AS title_id) p"
    query = text(f"SELECT {gate.columns} FROM {asked} {gate.joins}")  # noqa: S608
    return tuple(session.execute(query, {"id": licence_id, "account": account_id, "title": title_id}).one())


def owner_of(session: Session, title_id: TitleId) -> AccountId | None:
    """Read who owns a title, by the catalogue's table."""
    found = session.execute(text("SELECT owner_id FROM titles WHERE id = :id"), {"id": title_id}).scalar()
    return AccountId(found) if found else None


def same_slots(
    licence_id: LicenceId | None, account_id: AccountId | None, title_id: TitleId
) -> ColumnElement[bool]:
    """Playbacks that share their slots: those of one licence, or of one owner's title."""
    if licence_id is not None:
        return PlaybackRow.licence_id == licence_id
    return and_(
        PlaybackRow.licence_id.is_(None),
        PlaybackRow.account_id == account_id,
        PlaybackRow.title_id == title_id,
    )


def holding(cutoff: datetime) -> ColumnElement[bool]:
    """Playbacks that hold a slot: not released, and their lease (with its grace) not over."""
    return and_(PlaybackRow.released_at.is_(None), PlaybackRow.lease_until > cutoff)


def active(session: Session, slots: ColumnElement[bool], cutoff: datetime) -> list[PlaybackRow]:
    """List the playbacks that hold one of these slots, least recently renewed first."""
    query = select(PlaybackRow).where(slots, holding(cutoff)).order_by(PlaybackRow.lease_until)
    return list(session.scalars(query))


def trim(running: Sequence[PlaybackRow], most: datetime) -> None:
    """Cut leases that end after one taken now would, at `most`: a clock that was set back since gave them."""
    for one in running:
        if one.lease_until > most:
            one.lease_until = most


def heir(
    session: Session, slots: ColumnElement[bool], version_id: str, cutoff: datetime
) -> PlaybackRow | None:
    """Find the latest ended playback of these slots whose budget nobody has taken over."""
    ended = or_(PlaybackRow.released_at.is_not(None), PlaybackRow.lease_until <= cutoff)
    query = (
        select(PlaybackRow)
        .where(slots, ended, PlaybackRow.version_id == version_id, PlaybackRow.inherited.is_(False))
        .order_by(PlaybackRow.started_at.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def fold(session: Session, slots: ColumnElement[bool], title_id: TitleId, kept: int) -> float:
    """Remove all but the `kept` newest playbacks of these slots and this title that have an heir; gives the
    seconds they were watched. Else whoever starts and stops all day makes every later start slower."""
    old = (
        select(PlaybackRow.id)
        .where(slots, PlaybackRow.title_id == title_id, PlaybackRow.inherited.is_(True))
        .order_by(PlaybackRow.started_at.desc(), PlaybackRow.id)
        .offset(kept)
        .limit(FOLDED_AT_ONCE)
    )
    gone = delete(PlaybackRow).where(PlaybackRow.id.in_(old)).returning(PlaybackRow.watched_s)
    return float(sum(session.scalars(gone, execution_options={"synchronize_session": False})))


def count_active(
    session: Session, licence_ids: Sequence[LicenceId], cutoff: datetime
) -> dict[LicenceId, int]:
    """Count the slots held of each licence."""
    query = (
        select(PlaybackRow.licence_id, func.count())
        .where(PlaybackRow.licence_id.in_(licence_ids), holding(cutoff))
        .group_by(PlaybackRow.licence_id)
    )
    return {LicenceId(licence): count for licence, count in session.execute(query) if licence}


def watching(session: Session, where: ColumnElement[bool], cutoff: datetime) -> list[Watching]:
    """List who is playing now."""
    query = select(PlaybackRow).where(where, holding(cutoff)).order_by(PlaybackRow.started_at)
    return [_watching(row) for row in session.scalars(query)]


def names(session: Session, playing: Sequence[Watching]) -> dict[TitleId, str]:
    """Read what the films that play are called, by the catalogue's table."""
    query = text("SELECT id, name FROM titles WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
    found = session.execute(query, {"ids": [one.title_id for one in playing]})
    return {TitleId(title): name for title, name in found}


def of_title(title_id: TitleId) -> ColumnElement[bool]:
    """Playbacks of a title."""
    return PlaybackRow.title_id == title_id


def of_account(account_id: AccountId) -> ColumnElement[bool]:
    """Playbacks of an account."""
    return PlaybackRow.account_id == account_id


def anyone() -> ColumnElement[bool]:
    """Playbacks of everybody."""
    return literal(True)


def stop(session: Session, where: ColumnElement[bool], now: datetime) -> int:
    """Release playbacks; say how many were running."""
    done = session.execute(
        update(PlaybackRow)
        .where(where, PlaybackRow.released_at.is_(None))
        .values(released_at=now)
        .returning(PlaybackRow.id)
    )
    return len(done.all())


def forget_devices(session: Session, guests: Sequence[bytes], cutoff: datetime) -> None:
    """Blank what devices ended playbacks of these guests ran on."""
    over = or_(PlaybackRow.released_at.is_not(None), PlaybackRow.lease_until <= cutoff)
    session.execute(update(PlaybackRow).where(PlaybackRow.guest_hash.in_(guests), over).values(device=""))


def minutes_watched(session: Session, title_ids: Sequence[TitleId]) -> dict[TitleId, float]:
    """Sum the minutes played of each title."""
    query = (
        select(PlaybackRow.title_id, func.sum(PlaybackRow.watched_s))
        .where(PlaybackRow.title_id.in_(title_ids))
        .group_by(PlaybackRow.title_id)
    )
    return {TitleId(title): float(seconds or 0) / 60 for title, seconds in session.execute(query)}


def resume(session: Session, holder: str, title_id: TitleId) -> float:
    """Read where a holder was, 0 for the beginning."""
    found = session.get(ResumeRow, (holder, title_id))
    return found.position_s if found else 0.0


def resumes(session: Session, holder: str) -> list[tuple[TitleId, float, datetime]]:
    """Read where a holder was in every title, latest first."""
    query = select(ResumeRow).where(ResumeRow.holder == holder).order_by(ResumeRow.updated_at.desc())
    return [(TitleId(row.title_id), row.position_s, row.updated_at) for row in session.scalars(query)]


def _watching(row: PlaybackRow) -> Watching:
    return Watching(
        PlaybackId(row.id),
        TitleId(row.title_id),
        LicenceId(row.licence_id) if row.licence_id else None,
        AccountId(row.account_id) if row.account_id else None,
        row.device,
        row.started_at,
        row.lease_until,
        row.position_s,
    )
