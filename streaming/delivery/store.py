"""The SQL of playbacks for pages and the API; the hot doors have theirs in `sql.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, literal, or_, select, text, update
from sqlalchemy.orm import Session

from streaming.delivery.model import PlaybackRow, ResumeRow
from streaming.delivery.values import Watching
from streaming.ids import AccountId, LicenceId, PlaybackId, TitleId


def holding(cutoff: datetime) -> ColumnElement[bool]:
    """Playbacks that hold a slot: not released, and their lease (with its grace) not over."""
    return and_(PlaybackRow.released_at.is_(None), PlaybackRow.lease_until > cutoff)


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
    """List who is playing now, in the order in which they began."""
    began = (PlaybackRow.started_at, text("playback_sessions.rowid"))
    query = select(PlaybackRow).where(where, holding(cutoff)).order_by(*began)
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
