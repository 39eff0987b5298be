"""SQL of the chunk queue: which piece of which film is wanted, who takes it, what becomes of it.

A chunk is free when it is not committed, not given up, and no attempt at it runs. Taking it begins an attempt
in the same transaction; an attempt ends with its worker, at the latest (`attempts.end_attempts_of`).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from streaming.catalogue import attempts
from streaming.catalogue.model import ChunkAttemptRow, ChunkRow, TitleRow, VersionRow
from streaming.catalogue.turns import COPY, PARTS, Wanted, choose
from streaming.catalogue.values import Failure, Phase, Piece, Task
from streaming.ids import VersionId, random_base32

RUNS = frozenset({COPY})
"""Parts of which one process makes many chunks on end, and commits each as it passes."""
MOST_FAULTS = 2
"""A fault may be bad luck; the second one is the film's own."""
MOST_DEATHS = 20
"""A chunk that takes its worker down with it is not tried for ever."""


def _attempted() -> ColumnElement[bool]:
    return (
        select(ChunkAttemptRow.attempt)
        .where(
            ChunkAttemptRow.version_id == ChunkRow.version_id,
            ChunkAttemptRow.number == ChunkRow.number,
            ChunkAttemptRow.part == ChunkRow.part,
            ChunkAttemptRow.outcome == "running",
        )
        .exists()
    )


def _free() -> ColumnElement[bool]:
    return and_(
        ChunkRow.attempt.is_(None),
        ChunkRow.failure_code.is_(None),
        ChunkRow.part.in_(PARTS),
        ~_attempted(),
    )


def wanted(session: Session) -> list[Wanted]:
    """The first free chunk of every part of every version in the making."""
    served = (
        select(func.max(ChunkAttemptRow.started_at))
        .where(ChunkAttemptRow.version_id == ChunkRow.version_id)
        .correlate(ChunkRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            ChunkRow.version_id,
            func.min(ChunkRow.number),
            ChunkRow.part,
            TitleRow.owner_id,
            TitleRow.house_priority,
            TitleRow.priority,
            VersionRow.queued_at,
            served,
        )
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.phase == Phase.MAKING, VersionRow.early_us.is_(None), _free())
        .group_by(ChunkRow.version_id, ChunkRow.part)
    )
    return [Wanted(*row) for row in rows]


def take(session: Session, worker: str, now: datetime, *, urgent: bool = False) -> Task | None:
    """Take what is wanted most for `worker`; needs the write lock. None: nothing is free."""
    found = choose(wanted(session), urgent=urgent)
    if found is None:
        return None
    numbers = [found.number]
    if found.part in RUNS:
        numbers = _run_from(session, found)
    return begin(session, found.version_id, numbers, found.part, worker, now)


def _run_from(session: Session, found: Wanted) -> list[int]:
    """Free chunks of the part, from the first one on without a gap."""
    free = session.scalars(
        select(ChunkRow.number)
        .where(ChunkRow.version_id == found.version_id, ChunkRow.part == found.part, _free())
        .order_by(ChunkRow.number)
    ).all()
    return [number for place, number in enumerate(free) if number == found.number + place]


def begin(
    session: Session, version_id: str, numbers: Collection[int], part: str, worker: str, now: datetime
) -> Task:
    """Begin attempts at chunks, whoever else may try them."""
    pieces = tuple(Piece(number, new_attempt()) for number in numbers)
    for piece in pieces:
        attempts.begin_attempt(session, version_id, piece.number, part, piece.attempt, worker, now)
    return Task(VersionId(version_id), part, pieces)


def new_attempt() -> str:
    """Draw the name of an attempt: 8 characters, part of every object it puts."""
    return random_base32(8)


def note_fault(session: Session, version_id: str, number: int, part: str, failure: Failure) -> None:
    """Count a failed attempt; give the chunk up once it has failed too often."""
    row = session.get(ChunkRow, (version_id, number, part))
    if row is None or row.attempt is not None:
        return
    row.faults += 1
    if row.faults >= MOST_FAULTS:
        _give_up(row, failure)


def give_up(session: Session, version_id: str, number: int, part: str, failure: Failure) -> None:
    """Give a chunk up at once: trying again would meet the same fault."""
    row = session.get(ChunkRow, (version_id, number, part))
    if row is not None and row.attempt is None:
        _give_up(row, failure)


def _give_up(row: ChunkRow, failure: Failure) -> None:
    row.failure_code, row.failure_sentence, row.failure_hint = failure.code, failure.sentence, failure.hint


TOO_MANY_DEATHS = Failure(
    "too_many_crashes",
    "Encoding stopped the worker again and again, so it was given up.",
    "Try it once more; if it happens again, the film may be harmful or too large for this machine.",
)


def bury(session: Session, worker: str, now: datetime) -> None:
    """End a dead worker's attempts: what it had taken is free again, unless it killed too many."""
    for row in attempts.chunks_of(session, worker):
        row.deaths += 1
        if row.deaths >= MOST_DEATHS:
            _give_up(row, TOO_MANY_DEATHS)
    attempts.end_attempts_of(session, worker, now)


def left_open(session: Session, version_id: str, parts: Collection[str] = PARTS) -> int:
    """Chunks of these parts that are neither committed nor given up."""
    return (
        session.scalar(
            select(func.count())
            .select_from(ChunkRow)
            .where(ChunkRow.version_id == version_id, ChunkRow.part.in_(parts))
            .where(ChunkRow.attempt.is_(None), ChunkRow.failure_code.is_(None))
        )
        or 0
    )


def given_up(session: Session, version_id: str) -> list[ChunkRow]:
    """Chunks that failed for good, in the order of the film."""
    return list(
        session.scalars(
            select(ChunkRow)
            .where(ChunkRow.version_id == version_id, ChunkRow.failure_code.is_not(None))
            .order_by(ChunkRow.number, ChunkRow.part)
        )
    )


def ask_again(session: Session, version_id: str, number: int | None = None) -> int:
    """Free the chunks that were given up, all or those of one number; gives how many."""
    asked = update(ChunkRow).where(ChunkRow.version_id == version_id, ChunkRow.failure_code.is_not(None))
    if number is not None:
        asked = asked.where(ChunkRow.number == number)
    freed = session.execute(
        asked.values(failure_code=None, failure_sentence=None, failure_hint=None, faults=0, deaths=0)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]
