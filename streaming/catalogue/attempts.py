"""SQL of attempts: who tries which part of which chunk, and whether they still live."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    VersionRow,
)


def is_committed(session: Session, version_id: str, number: int, part: str) -> bool:
    """Tell whether a chunk part is visible already."""
    row = session.get(ChunkRow, (version_id, number, part))
    return row is not None and row.attempt is not None


def begin_attempt(
    session: Session, version_id: str, number: int, part: str, attempt: str, worker: str, now: datetime
) -> None:
    """Note a try before its first object is put, so that the collector spares what it puts."""
    session.add(
        ChunkAttemptRow(
            attempt=attempt,
            version_id=version_id,
            number=number,
            part=part,
            worker=worker,
            beat_at=now,
            started_at=now,
        )
    )


def end_attempt(session: Session, attempt: str, outcome: str, now: datetime, detail: str = "") -> None:
    """Note how a try ended; its objects are from now on the collector's unless it committed."""
    session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.attempt == attempt, ChunkAttemptRow.outcome == "running")
        .values(outcome=outcome, ended_at=now, frames_done=0, detail=detail[-4000:])
    )


def beat(session: Session, attempt: str, frames_done: int, now: datetime) -> None:
    """Note a sign of life and how many frames this try has encoded."""
    session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.attempt == attempt)
        .values(frames_done=frames_done, beat_at=now)
    )


def live_attempts(session: Session, title_id: str, since: datetime) -> set[str]:
    """Attempts of a title that still run: begun and not ended, with a sign of life after `since`."""
    found = session.scalars(
        select(ChunkAttemptRow.attempt)
        .join(VersionRow, VersionRow.id == ChunkAttemptRow.version_id)
        .where(VersionRow.title_id == title_id, ChunkAttemptRow.outcome == "running")
        .where(or_(ChunkAttemptRow.beat_at >= since, ChunkAttemptRow.started_at >= since))
    )
    return set(found)


def workers(session: Session) -> set[str]:
    """Workers that attempts run in, as far as the table knows."""
    running = select(ChunkAttemptRow.worker).where(ChunkAttemptRow.outcome == "running").distinct()
    return set(session.scalars(running))


def chunks_of(session: Session, worker: str) -> list[ChunkRow]:
    """Uncommitted chunks that a worker's running attempts are at."""
    return list(
        session.scalars(
            select(ChunkRow)
            .join(
                ChunkAttemptRow,
                and_(
                    ChunkAttemptRow.version_id == ChunkRow.version_id,
                    ChunkAttemptRow.number == ChunkRow.number,
                    ChunkAttemptRow.part == ChunkRow.part,
                ),
            )
            .where(ChunkAttemptRow.outcome == "running", ChunkAttemptRow.worker == worker)
            .where(ChunkRow.attempt.is_(None))
        )
    )


def end_attempts_of(session: Session, worker: str, now: datetime) -> None:
    """End the attempts of a process that is dead."""
    session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.outcome == "running", ChunkAttemptRow.worker == worker)
        .values(outcome="died", ended_at=now, frames_done=0, detail="its worker died")
    )


def abandon_silent_attempts(session: Session, now: datetime, silence: timedelta) -> int:
    """End attempts that gave no sign of life for `silence`: their chunks are free again. Gives how many."""
    ended = session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.outcome == "running", ChunkAttemptRow.beat_at < now - silence)
        .values(outcome="died", ended_at=now, frames_done=0, detail="its worker fell silent")
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]
