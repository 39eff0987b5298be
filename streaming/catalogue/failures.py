"""Chunks that could not be encoded, as their creator reads of them: where, why, ffmpeg's last lines."""

from collections.abc import Collection
from fractions import Fraction
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from streaming.catalogue import making, work
from streaming.catalogue.model import ChunkAttemptRow, ChunkRow
from streaming.catalogue.values import ChunkFailure

if TYPE_CHECKING:
    from transcoder.planning.plan import Plan

LAST_LINES = 20


def chunk_failures(session: Session, version_id: str) -> tuple[ChunkFailure, ...]:
    """Every chunk of a version that was given up, in the order of the film."""
    from transcoder.planning.plan import Plan

    rows, text = work.given_up(session, version_id), making.plan_of(session, version_id)
    if not rows or text is None:
        return ()
    plan = Plan.from_json(text)
    return tuple(_failure(session, plan, row) for row in rows)


def _failure(session: Session, plan: "Plan", row: ChunkRow) -> ChunkFailure:
    begin, end = span(plan, row.number)
    return ChunkFailure(
        number=row.number,
        part=row.part,
        start_s=float(begin),
        end_s=float(end),
        code=row.failure_code or "",
        sentence=f"Between {clock(begin)} and {clock(end)}: {row.failure_sentence}",
        lines=_last_lines(session, row),
    )


def _last_lines(session: Session, row: ChunkRow) -> tuple[str, ...]:
    detail = session.scalar(
        select(ChunkAttemptRow.detail)
        .where(
            ChunkAttemptRow.version_id == row.version_id,
            ChunkAttemptRow.number == row.number,
            ChunkAttemptRow.part == row.part,
            ChunkAttemptRow.outcome.in_(("failed", "died")),
        )
        .order_by(ChunkAttemptRow.started_at.desc())
        .limit(1)
    )
    return tuple((detail or "").splitlines()[-LAST_LINES:])


def places(plan: "Plan", failed: Collection[ChunkRow]) -> str:
    """Say where in the film some chunks lie: "between 2:10 and 3:10, and in 2 more places"."""
    numbers = sorted({row.number for row in failed})
    begin, end = span(plan, numbers[0])
    more = len(numbers) - 1
    words = f"between {clock(begin)} and {clock(end)}"
    if not more:
        return words
    return f"{words}, and in {more} more place{'s' if more > 1 else ''}"


def span(plan: "Plan", number: int) -> tuple[Fraction, Fraction]:
    """Seconds of film at which a chunk begins and ends."""
    chunk = plan.chunks[number]
    return chunk.first_frame / plan.frame_rate, chunk.end_frame / plan.frame_rate


def clock(seconds: Fraction) -> str:
    """Say a time of the film as m:ss or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
