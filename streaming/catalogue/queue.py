"""SQL of the queue: titles that wait, workers that take them, and the work of the dead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    TitleRow,
    VersionRow,
)
from streaming.catalogue.values import (
    Claim,
    Stage,
    TitleState,
)
from streaming.ids import VersionId


def waiting(session: Session) -> bool:
    """Tell whether any title waits for a worker."""
    return (
        session.scalars(select(TitleRow.id).where(TitleRow.state == TitleState.QUEUED).limit(1)).first()
        is not None
    )


def claim(session: Session, worker: str, now: datetime) -> Claim | None:
    """Take the title that waited longest for `worker`; needs the write lock."""
    row = session.scalars(
        select(VersionRow)
        .join(TitleRow, TitleRow.version_id == VersionRow.id)
        .where(TitleRow.state == TitleState.QUEUED)
        .order_by(VersionRow.queued_at, VersionRow.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    row.worker, row.stage, row.started_at = worker, Stage.PROBING, now
    session.execute(
        update(TitleRow).where(TitleRow.id == row.title_id).values(state=TitleState.ENCODING, updated_at=now)
    )
    return Claim(VersionId(row.id), row.run)


def claimed_by(session: Session, workers: Sequence[str]) -> list[Claim]:
    """Titles being made by these workers, oldest first."""
    found = session.execute(
        select(VersionRow.id, VersionRow.run)
        .join(TitleRow, TitleRow.version_id == VersionRow.id)
        .where(TitleRow.state == TitleState.ENCODING, VersionRow.worker.in_(workers))
        .order_by(VersionRow.started_at)
    )
    return [Claim(VersionId(version_id), run) for version_id, run in found]


def makers(session: Session) -> list[str]:
    """Workers that titles in the making belong to."""
    found = session.scalars(
        select(VersionRow.worker)
        .join(TitleRow, TitleRow.version_id == VersionRow.id)
        .where(TitleRow.state == TitleState.ENCODING, VersionRow.worker.is_not(None))
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
