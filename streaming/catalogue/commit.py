"""The one transaction that shows a chunk: its init segments, its segments, and what they measure."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, making
from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    PeriodInitRow,
    RenditionRow,
    SegmentRow,
    VersionRow,
)
from streaming.catalogue.values import (
    ChunkResult,
    NewInit,
    NewSegment,
)
from streaming.errors import Code, Fault

EVERY_PERIOD = -1
"""The period of an init segment that is for all of them."""
EVERYWHERE = "avc1"
"""How codecs begin that every player knows."""


class InitDiffers(Fault):
    """A later chunk's init segment is not the first one's, so one playlist could not play both."""

    def __init__(self, rendition: str) -> None:
        super().__init__(
            Code.INTERNAL,
            f"Two chunks of {rendition} were encoded with different parameters.",
            "Retry the title; if it happens again, report it with the server's log.",
            name="init_differs",
        )


def commit_chunk(session: Session, version_id: str, result: ChunkResult, now: datetime) -> bool:
    """Make a chunk part's segments visible, unless another attempt did so before, or this one was ended by
    somebody else: then False.

    Needs the write lock. The row of the chunk is the claim; the segments' primary key
    (version, rendition, sequence) would refuse a second set even if the claim were lost.
    """
    won = session.execute(
        update(ChunkRow)
        .where(
            ChunkRow.version_id == version_id,
            ChunkRow.number == result.number,
            ChunkRow.part == result.part,
            ChunkRow.attempt.is_(None),
            _runs(result.attempt),
        )
        .values(attempt=result.attempt, committed_at=now)
    )
    if not won.rowcount:  # type: ignore[attr-defined]
        attempts.end_attempt(session, result.attempt, "lost", now)
        return False
    for init in result.inits:
        _keep_init(session, version_id, init)
    if result.segments:
        session.execute(insert(SegmentRow), [_segment(version_id, result, new) for new in result.segments])
    attempts.end_attempt(session, result.attempt, "committed", now)
    _measure(session, version_id, result)
    return True


def _runs(attempt: str) -> ColumnElement[bool]:
    """Whether an attempt still counts: what one has put that was given up may be collected already."""
    return (
        select(ChunkAttemptRow.attempt)
        .where(ChunkAttemptRow.attempt == attempt, ChunkAttemptRow.outcome == "running")
        .exists()
    )


def _segment(version_id: str, result: ChunkResult, new: NewSegment) -> dict[str, object]:
    return {
        "version_id": version_id,
        "rendition": new.rendition,
        "sequence": new.sequence,
        "chunk": result.number,
        "part": result.part,
        "object": new.object,
        "period": new.period,
        "start_ticks": new.start_ticks,
        "duration_ticks": new.duration_ticks,
        "size": new.size,
        "sha256": new.sha256,
    }


def _keep_init(session: Session, version_id: str, init: NewInit) -> None:
    row = session.get_one(RenditionRow, (version_id, init.rendition))
    if init.period != EVERY_PERIOD:
        return _keep_period_init(session, row, init)
    if row.init_object is None and init.object:
        row.init_object, row.init_sha256, row.init_bytes = init.object, init.sha256, init.size
        row.codecs = init.codecs or row.codecs
    elif row.init_sha256 != init.sha256:
        raise InitDiffers(init.rendition)
    return None


def _keep_period_init(session: Session, row: RenditionRow, init: NewInit) -> None:
    kept = session.get(PeriodInitRow, (row.version_id, row.name, init.period))
    if kept is None and init.object:
        row.codecs = init.codecs or row.codecs
        session.add(
            PeriodInitRow(
                version_id=row.version_id,
                rendition=row.name,
                period=init.period,
                object=init.object,
                sha256=init.sha256,
                size=init.size,
            )
        )
    elif kept is None or kept.sha256 != init.sha256:
        raise InitDiffers(init.rendition)


def _measure(session: Session, version_id: str, result: ChunkResult) -> None:
    """Bring what playlists and pages quote up to date: bandwidths, stored bytes, playable time."""
    session.flush()
    for name in {segment.rendition for segment in result.segments}:
        row = session.get_one(RenditionRow, (version_id, name))
        peak, bits, ticks = session.execute(
            select(
                func.max(SegmentRow.size * 8 * row.timescale / SegmentRow.duration_ticks),
                func.sum(SegmentRow.size) * 8,
                func.sum(SegmentRow.duration_ticks),
            ).where(
                SegmentRow.version_id == version_id,
                SegmentRow.rendition == name,
                SegmentRow.duration_ticks > 0,
            )
        ).one()
        if ticks:
            row.bandwidth = max(row.bandwidth, int(peak) + 1)
            row.average_bandwidth = int(bits * row.timescale // ticks) + 1
    playable = playable_us(session, version_id)
    early = session.scalar(select(VersionRow.early_us).where(VersionRow.id == version_id)) is not None
    added = sum(s.size for s in result.segments) + sum(i.size for i in result.inits)
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(
            stored_bytes=VersionRow.stored_bytes + added,
            **({"early_us": playable} if early else {"playable_us": playable}),
            frames_done=making.count_frames(session, version_id),
        )
    )


def playable_us(session: Session, version_id: str) -> int:
    """Microseconds from the start that play without a gap: in some rung that every player knows, with all
    sound."""
    rows = session.scalars(
        select(RenditionRow).where(
            RenditionRow.version_id == version_id, RenditionRow.kind.in_(("video", "audio"))
        )
    ).all()
    rungs = [row for row in rows if row.kind == "video"]
    seen = [row for row in rungs if row.codecs.startswith(EVERYWHERE)] or rungs
    best = max((_gapless_us(session, row) for row in seen), default=0)
    return min((best, *(_gapless_us(session, row) for row in rows if row.kind == "audio")))


def _gapless_us(session: Session, row: RenditionRow) -> int:
    where = (SegmentRow.version_id == row.version_id, SegmentRow.rendition == row.name)
    count, last, ticks = session.execute(
        select(func.count(), func.max(SegmentRow.sequence), func.sum(SegmentRow.duration_ticks)).where(*where)
    ).one()
    if count and last != count - 1:
        ordered = session.execute(
            select(SegmentRow.sequence, SegmentRow.duration_ticks).where(*where).order_by(SegmentRow.sequence)
        )
        ticks = sum(duration for place, (sequence, duration) in enumerate(ordered) if place == sequence)
    return (ticks or 0) * 1_000_000 // row.timescale


def inits_of(session: Session, version_id: str) -> dict[tuple[str, int], tuple[str, bytes]]:
    """(rendition, crypto period or -1) → object and SHA-256 of the init segments that are visible."""
    found = session.execute(
        select(RenditionRow.name, RenditionRow.init_object, RenditionRow.init_sha256).where(
            RenditionRow.version_id == version_id, RenditionRow.init_object.is_not(None)
        )
    )
    kept = {(name, EVERY_PERIOD): (object_, sha256) for name, object_, sha256 in found if object_ and sha256}
    rows = session.scalars(select(PeriodInitRow).where(PeriodInitRow.version_id == version_id))
    return kept | {(row.rendition, row.period): (row.object, row.sha256) for row in rows}
