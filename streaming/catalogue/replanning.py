"""SQL of a plan that did not hold: what was made by it is forgotten, and the making goes on by another."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import ChunkAttemptRow, ChunkRow, RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.turns import PARTS

ANEW = "the film was planned anew"


def forget_chunks(session: Session, version_id: str, now: datetime) -> None:
    """Forget every chunk of the queue and what it gave; its objects become orphans. Keys, pictures and texts
    stay. Attempts that run end here: whatever they still bring is refused (`commit.commit_chunk`)."""
    session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.version_id == version_id, ChunkAttemptRow.part.in_(PARTS))
        .where(ChunkAttemptRow.outcome == "running")
        .values(outcome="cancelled", ended_at=now, frames_done=0, detail=ANEW)
    )
    gone = select(func.coalesce(func.sum(SegmentRow.size), 0)).where(
        SegmentRow.version_id == version_id, SegmentRow.part.in_(PARTS)
    )
    freed = session.scalar(gone) or 0
    for table in (SegmentRow, ChunkRow):
        session.execute(delete(table).where(table.version_id == version_id, table.part.in_(PARTS)))
    made_by_chunks = RenditionRow.kind.in_(("video", "audio", "iframe"))
    session.execute(delete(RenditionRow).where(RenditionRow.version_id == version_id, made_by_chunks))
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(
            playable_us=0,
            frames_done=0,
            percent=0.0,
            eta_s=None,
            stored_bytes=VersionRow.stored_bytes - freed,
        )
    )
