"""SQL of what is made of a film while its upload still arrives: the first seconds of its starter, seen by
nobody.

It lies in the rows of the version itself. As long as `early_us` is not NULL nothing of it may be shown: only
when the film is complete, and its own plan agrees, is it taken over (`keep`), or else forgotten (`drop`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, commit, making, replanning, work
from streaming.catalogue.making import Stopped
from streaming.catalogue.model import ChunkAttemptRow, ChunkRow, SegmentRow, TitleRow, VersionRow
from streaming.catalogue.turns import STARTER
from streaming.catalogue.values import NewRendition, Phase, Task, VersionFacts
from streaming.ids import UploadId, VersionId

MOST_DEATHS = 2
"""What takes its worker down twice waits until its film is complete."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A version whose upload still arrives."""

    version_id: VersionId
    upload_id: UploadId
    period_seconds: int
    protection: str


def awaited(session: Session) -> list[Awaited]:
    """Versions that wait for the rest of their upload; those of which least is made come first."""
    rows = session.execute(
        select(VersionRow.id, VersionRow.upload_id, VersionRow.period_seconds, VersionRow.protection)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(_waits())
        .order_by(
            -TitleRow.house_priority, -TitleRow.priority, func.coalesce(VersionRow.early_us, 0), VersionRow.id
        )
    )
    return [
        Awaited(VersionId(version), UploadId(upload), period, protection)
        for version, upload, period, protection in rows
        if upload
    ]


def _waits() -> ColumnElement[bool]:
    return and_(
        VersionRow.phase == Phase.REST,
        VersionRow.queued_at.is_(None),
        VersionRow.published_at.is_(None),
        VersionRow.upload_id.is_not(None),
        VersionRow.wrapped_title_secret.is_not(None),
    )


def plan_of(session: Session, version_id: str) -> str | None:
    """The plan (JSON) by which something was made early, until it is kept or dropped."""
    return session.scalar(select(VersionRow.early_plan).where(VersionRow.id == version_id))


def begin(session: Session, version_id: str, plan: str, renditions: Sequence[NewRendition]) -> bool:
    """Note the early plan and the renditions it makes; False if the version does not wait any more."""
    row = session.scalars(select(VersionRow).where(VersionRow.id == version_id, _waits())).first()
    if row is None:
        return False
    if row.early_us is None:
        row.early_plan, row.early_us = plan, 0
        making.add_renditions(session, version_id, renditions)
    return True


def take(
    session: Session, version_id: str, number: int, frames: int, worker: str, now: datetime
) -> Task | None:
    """Begin an attempt at the starter of a chunk; None where somebody tries it, or nobody should.

    Needs the write lock.
    """
    if not session.scalar(select(VersionRow.id).where(VersionRow.id == version_id, _waits())):
        return None
    row = session.get(ChunkRow, (version_id, number, STARTER))
    if row is None:
        session.add(ChunkRow(version_id=version_id, number=number, part=STARTER, frames=frames))
        session.flush()
    elif row.attempt or row.faults or row.deaths >= MOST_DEATHS or _is_tried(session, version_id):
        return None
    return work.begin(session, version_id, [number], STARTER, worker, now)


def _is_tried(session: Session, version_id: str) -> bool:
    running = (ChunkAttemptRow.version_id == version_id, ChunkAttemptRow.outcome == "running")
    return session.scalar(select(ChunkAttemptRow.attempt).where(*running).limit(1)) is not None


def is_running(session: Session, attempt: str) -> bool:
    """Tell whether an attempt is still wanted: it ends with its version, and with what it was made by."""
    row = session.get(ChunkAttemptRow, attempt)
    return row is not None and row.outcome == "running"


def check_running(session: Session, version_id: str, attempt: str) -> VersionFacts:
    """Give the facts of the version that an attempt is made for. Raises `Stopped` when it has ended."""
    found = making.facts(session, version_id)
    if found is None or not is_running(session, attempt):
        raise Stopped(version_id)
    return found


def note_fault(session: Session, version_id: str, number: int) -> None:
    """Note that a chunk could not be made early: it is tried again when the film is complete."""
    row = session.get(ChunkRow, (version_id, number, STARTER))
    if row is not None:
        row.faults += 1


def made(session: Session, version_id: str) -> set[int]:
    """Numbers of the chunks whose starter is made."""
    return _numbers(session, version_id, ChunkRow.attempt.is_not(None))


def _numbers(session: Session, version_id: str, *which: ColumnElement[bool]) -> set[int]:
    rows = select(ChunkRow.number).where(ChunkRow.version_id == version_id, ChunkRow.part == STARTER, *which)
    return set(session.scalars(rows))


def begun(session: Session, version_id: str) -> set[int]:
    """Numbers of the chunks whose starter is made, or in the making."""
    running = (
        select(ChunkAttemptRow.attempt)
        .where(
            ChunkAttemptRow.version_id == version_id,
            ChunkAttemptRow.number == ChunkRow.number,
            ChunkAttemptRow.outcome == "running",
        )
        .exists()
    )
    return _numbers(session, version_id, ChunkRow.attempt.is_not(None) | running)


def keep(session: Session, version_id: str, count: int, now: datetime) -> None:
    """Take over what was made early of the first `count` chunks, and forget the rest."""
    for number in _numbers(session, version_id, ChunkRow.number >= count):
        _forget(session, version_id, number, now)
    row = session.get_one(VersionRow, version_id)
    row.early_plan = row.early_us = None
    session.flush()
    row.playable_us = commit.playable_us(session, version_id)


def _forget(session: Session, version_id: str, number: int, now: datetime) -> None:
    chunk = (ChunkAttemptRow.version_id == version_id, ChunkAttemptRow.number == number)
    running = session.scalars(select(ChunkAttemptRow.attempt).where(*chunk, ChunkAttemptRow.part == STARTER))
    for attempt in list(running):
        attempts.end_attempt(session, attempt, "cancelled", now, replanning.ANEW)
    of_it = (SegmentRow.version_id == version_id, SegmentRow.chunk == number, SegmentRow.part == STARTER)
    freed = session.scalar(select(func.coalesce(func.sum(SegmentRow.size), 0)).where(*of_it)) or 0
    session.execute(delete(SegmentRow).where(*of_it))
    session.execute(
        delete(ChunkRow).where(
            ChunkRow.version_id == version_id, ChunkRow.number == number, ChunkRow.part == STARTER
        )
    )
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(stored_bytes=VersionRow.stored_bytes - freed)
    )


def drop(session: Session, version_id: str, now: datetime) -> None:
    """Forget everything that was made early; its objects become orphans."""
    replanning.forget_chunks(session, version_id, now)
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(early_plan=None, early_us=None, stored_bytes=0)
    )
