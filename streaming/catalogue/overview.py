"""What an operator sees of the catalogue: films in the making, films that failed, who holds how much."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from streaming.catalogue.model import ChunkAttemptRow, TitleRow, VersionRow
from streaming.catalogue.values import Failure, Phase, Stage, TitleState
from streaming.catalogue.views import making_of
from streaming.db.engine import Database
from streaming.ids import AccountId, TitleId

MOST = 100


@dataclass(frozen=True, slots=True)
class JobView:
    """A film that waits or is being made; `percent` 0-100, `since` when it was queued."""

    title_id: TitleId
    name: str
    owner_id: AccountId
    stage: Stage
    percent: float
    since: datetime | None
    worker: str


@dataclass(frozen=True, slots=True)
class FailureView:
    """A film that could not be made."""

    title_id: TitleId
    name: str
    at: datetime
    failure: Failure


@dataclass(frozen=True, slots=True)
class Holding:
    """How much an account has here: films, and bytes of encrypted objects."""

    films: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """The last that was heard of a worker: when, and on which film."""

    at: datetime
    title: str
    running: bool


class Overview:
    """Read access to the whole catalogue, for operators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs(self) -> list[JobView]:
        """Films in the making, in the order they were queued."""
        with self._database.read() as session:
            rows = session.execute(
                select(TitleRow, VersionRow)
                .join(VersionRow, VersionRow.title_id == TitleRow.id)
                .where(VersionRow.phase != Phase.REST)
                .order_by(VersionRow.queued_at)
                .limit(MOST)
            ).all()
        return [_job(title, version) for title, version in rows]

    def failures(self) -> list[FailureView]:
        """Films that failed, the latest first."""
        with self._database.read() as session:
            rows = session.scalars(
                select(TitleRow)
                .where(TitleRow.state == TitleState.FAILED)
                .order_by(TitleRow.updated_at.desc())
                .limit(MOST)
            ).all()
        return [
            FailureView(
                TitleId(row.id),
                row.name,
                row.updated_at,
                Failure(row.failure_code or "", row.failure_sentence or "", row.failure_hint or ""),
            )
            for row in rows
        ]

    def holdings(self) -> dict[AccountId, Holding]:
        """What each account holds; accounts without films are left out."""
        with self._database.read() as session:
            rows = session.execute(
                select(
                    TitleRow.owner_id,
                    func.count(func.distinct(TitleRow.id)),
                    func.coalesce(func.sum(VersionRow.stored_bytes), 0),
                )
                .outerjoin(VersionRow, VersionRow.title_id == TitleRow.id)
                .group_by(TitleRow.owner_id)
            ).all()
        return {AccountId(owner): Holding(int(films), int(size)) for owner, films, size in rows}

    def beats(self) -> dict[str, WorkerBeat]:
        """The latest sign of each worker that ever worked here."""
        latest = (
            select(ChunkAttemptRow.worker, func.max(ChunkAttemptRow.beat_at).label("at"))
            .group_by(ChunkAttemptRow.worker)
            .subquery()
        )
        with self._database.read() as session:
            rows = session.execute(
                select(
                    ChunkAttemptRow.worker, ChunkAttemptRow.beat_at, ChunkAttemptRow.outcome, TitleRow.name
                )
                .join(
                    latest,
                    (latest.c.worker == ChunkAttemptRow.worker) & (latest.c.at == ChunkAttemptRow.beat_at),
                )
                .join(VersionRow, VersionRow.id == ChunkAttemptRow.version_id)
                .join(TitleRow, TitleRow.id == VersionRow.title_id)
            ).all()
        return {worker: WorkerBeat(at, name, outcome == "running") for worker, at, outcome, name in rows}


def _job(title: TitleRow, version: VersionRow) -> JobView:
    return JobView(
        TitleId(title.id),
        title.name,
        AccountId(title.owner_id),
        Stage(version.stage),
        making_of(version, None).percent,
        version.queued_at,
        version.worker or "",
    )
