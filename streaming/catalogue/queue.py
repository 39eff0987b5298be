"""SQL of the queue: titles that wait, workers that take them, and the work of the dead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    TitleRow,
    VersionRow,
)
from streaming.catalogue.turns import Waiting, line
from streaming.catalogue.values import (
    Claim,
    Phase,
    Stage,
    TitleState,
)
from streaming.ids import VersionId


def in_line(session: Session) -> list[Waiting]:
    """Titles that wait for a worker, next first."""
    rows = session.execute(
        select(
            VersionRow.id, TitleRow.owner_id, TitleRow.house_priority, TitleRow.priority, VersionRow.queued_at
        )
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.phase == Phase.QUEUED)
    )
    waiting = [Waiting(*row) for row in rows]
    return line(waiting, _making(session)) if waiting else []


def _making(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(TitleRow.owner_id, func.count())
        .join(VersionRow, VersionRow.title_id == TitleRow.id)
        .where(VersionRow.phase == Phase.MAKING)
        .group_by(TitleRow.owner_id)
    )
    return {owner: int(count) for owner, count in rows}


def positions(session: Session) -> dict[str, int]:
    """Version id → place in the queue, 1 being next; only of titles that still wait."""
    return {one.version_id: place for place, one in enumerate(in_line(session), 1)}


def next_in_line(session: Session, most: int) -> Waiting | None:
    """The title to begin with now, or None: there is none, or as many as `most` are being made already.

    What an operator put behind does not count: it keeps nobody waiting.
    """
    waiting = in_line(session)
    if not waiting:
        return None
    before = session.scalar(
        select(func.count())
        .select_from(VersionRow)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.phase == Phase.MAKING, TitleRow.house_priority >= waiting[0].house_priority)
    )
    return waiting[0] if (before or 0) < most else None


def claim(session: Session, worker: str, now: datetime, most: int) -> Claim | None:
    """Take the next title for `worker`, while fewer than `most` are being made; needs the write lock."""
    found = next_in_line(session, most)
    if found is None:
        return None
    row = session.get_one(VersionRow, found.version_id)
    row.worker, row.stage, row.started_at, row.phase = worker, Stage.PROBING, now, Phase.MAKING
    session.execute(
        update(TitleRow)
        .where(TitleRow.id == row.title_id, TitleRow.state == TitleState.QUEUED)
        .values(state=TitleState.ENCODING, updated_at=now)
    )
    return Claim(VersionId(row.id), row.run)


def claimed_by(session: Session, workers: Sequence[str]) -> list[Claim]:
    """Titles being made by these workers, oldest first."""
    found = session.execute(
        select(VersionRow.id, VersionRow.run)
        .where(VersionRow.phase == Phase.MAKING, VersionRow.worker.in_(workers))
        .order_by(VersionRow.started_at)
    )
    return [Claim(VersionId(version_id), run) for version_id, run in found]


def makers(session: Session) -> list[str]:
    """Workers that titles in the making belong to."""
    found = session.scalars(
        select(VersionRow.worker)
        .where(VersionRow.phase == Phase.MAKING, VersionRow.worker.is_not(None))
        .distinct()
    )
    return [worker for worker in found if worker]


def adopt(session: Session, version_id: str, run: int, worker: str) -> bool:
    """Take over the making from a dead worker as a new run; False if somebody else was faster."""
    taken = session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id, VersionRow.run == run)
        .values(worker=worker, run=run + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]
