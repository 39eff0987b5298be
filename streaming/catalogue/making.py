"""SQL of the making: taking titles from the queue, attempts, and the one transaction that shows a chunk."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    RenditionRow,
    SegmentRow,
    TitleRow,
    VersionRow,
)
from streaming.catalogue.values import (
    ChunkPart,
    ChunkResult,
    Claim,
    NewInit,
    NewRendition,
    NewSegment,
    SourceFacts,
    Stage,
    TitleState,
    VersionFacts,
)
from streaming.errors import Code, Fault
from streaming.ids import AccountId, TitleId, UploadId, VersionId

MAKING = (TitleState.QUEUED, TitleState.ENCODING)


class Stopped(Exception):
    """The title was cancelled, deleted or taken over by another run: whoever works on it lets go."""


class InitDiffers(Fault):
    """A later chunk's init segment is not the first one's, so one playlist could not play both."""

    def __init__(self, rendition: str) -> None:
        super().__init__(
            Code.INTERNAL,
            f"Two chunks of {rendition} were encoded with different parameters.",
            "Retry the title; if it happens again, report it with the server's log.",
            name="init_differs",
        )


def facts(session: Session, version_id: str) -> VersionFacts | None:
    """What the workflow needs of a version, or None when it was deleted."""
    found = session.execute(
        select(VersionRow, TitleRow.owner_id, TitleRow.state)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.id == version_id)
    ).first()
    if found is None:
        return None
    row, owner_id, state = found
    return VersionFacts(
        id=VersionId(row.id),
        title_id=TitleId(row.title_id),
        owner_id=AccountId(owner_id),
        number=row.number,
        run=row.run,
        upload_id=UploadId(row.upload_id) if row.upload_id else None,
        state=TitleState(state),
        period_seconds=row.period_seconds,
        wrapped_title_secret=row.wrapped_title_secret,
        wrapped_server_share=row.wrapped_server_share,
    )


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


def check_running(session: Session, version_id: str, run: int) -> VersionFacts:
    """Give the version's facts. Raises `Stopped` unless this run is the one that makes it."""
    found = facts(session, version_id)
    if found is None or found.state is not TitleState.ENCODING or found.run != run:
        raise Stopped(version_id)
    return found


def is_running(session: Session, version_id: str, run: int) -> bool:
    """Tell, cheaply, whether this run is still the one that makes the version."""
    return (
        session.scalar(
            select(VersionRow.id)
            .join(TitleRow, TitleRow.id == VersionRow.title_id)
            .where(VersionRow.id == version_id, VersionRow.run == run, TitleRow.state == TitleState.ENCODING)
        )
        is not None
    )


def save_plan(
    session: Session,
    version_id: str,
    plan: str,
    source: SourceFacts,
    renditions: Sequence[NewRendition],
    chunks: Sequence[ChunkPart],
) -> None:
    """Write the plan's rows; rows that an earlier run of the same plan wrote stay as they are."""
    have = rendition_names(session, version_id)
    for position, new in enumerate(renditions):
        if new.name not in have:
            session.add(_rendition_row(version_id, position, new))
    parts = set(
        session.execute(select(ChunkRow.number, ChunkRow.part).where(ChunkRow.version_id == version_id))
    )
    missing = [chunk for chunk in chunks if (chunk.number, chunk.part) not in parts]
    if missing:
        session.execute(
            insert(ChunkRow),
            [
                {"version_id": version_id, "number": c.number, "part": c.part, "frames": c.frames}
                for c in missing
            ],
        )
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(
            plan=plan,
            duration_us=source.duration_us,
            width=source.width,
            height=source.height,
            frame_rate_num=source.frame_rate.numerator,
            frame_rate_den=source.frame_rate.denominator,
            frames_total=sum(chunk.frames for chunk in chunks),
            stage=Stage.ENCODING,
        )
    )


def _rendition_row(version_id: str, position: int, new: NewRendition) -> RenditionRow:
    return RenditionRow(
        version_id=version_id,
        name=new.name,
        position=position,
        kind=new.kind,
        tier=new.tier,
        codecs=new.codecs,
        width=new.width,
        height=new.height,
        frame_rate_num=new.frame_rate.numerator if new.frame_rate else None,
        frame_rate_den=new.frame_rate.denominator if new.frame_rate else None,
        channels=new.channels,
        language=new.language,
        label=new.label,
        forced=new.forced,
        timescale=new.timescale,
        bandwidth=new.bandwidth,
        average_bandwidth=new.bandwidth,
    )


def plan_of(session: Session, version_id: str) -> str | None:
    """The stored plan (JSON) of a version."""
    return session.scalar(select(VersionRow.plan).where(VersionRow.id == version_id))


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


def count_frames(session: Session, version_id: str) -> int:
    """Frames encoded so far: committed chunks whole, running attempts as far as they are."""
    committed = session.scalar(
        select(func.coalesce(func.sum(ChunkRow.frames), 0)).where(
            ChunkRow.version_id == version_id, ChunkRow.attempt.is_not(None)
        )
    )
    running = session.scalar(
        select(func.coalesce(func.sum(ChunkAttemptRow.frames_done), 0)).where(
            ChunkAttemptRow.version_id == version_id, ChunkAttemptRow.outcome == "running"
        )
    )
    return (committed or 0) + (running or 0)


def save_progress(session: Session, version_id: str, frames_done: int, eta_s: float | None) -> None:
    """Write how far the making is."""
    session.execute(
        update(VersionRow).where(VersionRow.id == version_id).values(frames_done=frames_done, eta_s=eta_s)
    )


def commit_chunk(session: Session, version_id: str, result: ChunkResult, now: datetime) -> bool:
    """Make a chunk part's segments visible, unless another attempt did so before: then False.

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
        )
        .values(attempt=result.attempt, committed_at=now)
    )
    if not won.rowcount:  # type: ignore[attr-defined]
        end_attempt(session, result.attempt, "lost", now)
        return False
    for init in result.inits:
        _keep_init(session, version_id, init)
    if result.segments:
        session.execute(insert(SegmentRow), [_segment(version_id, result, new) for new in result.segments])
    end_attempt(session, result.attempt, "committed", now)
    _measure(session, version_id, result)
    return True


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
    if row.init_object is None and init.object:
        row.init_object, row.init_sha256, row.init_bytes = init.object, init.sha256, init.size
        row.codecs = init.codecs or row.codecs
    elif row.init_sha256 != init.sha256:
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
    added = sum(s.size for s in result.segments) + sum(i.size for i in result.inits)
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(
            stored_bytes=VersionRow.stored_bytes + added,
            playable_us=playable_us(session, version_id),
            frames_done=count_frames(session, version_id),
        )
    )


def playable_us(session: Session, version_id: str) -> int:
    """Microseconds from the start that play without a gap: the lowest video rung and every sound."""
    rows = session.scalars(
        select(RenditionRow)
        .where(RenditionRow.version_id == version_id, RenditionRow.kind.in_(("video", "audio")))
        .order_by(RenditionRow.kind.desc(), RenditionRow.height, RenditionRow.position)
    ).all()
    needed = [row for row in rows if row.kind == "audio"] + [row for row in rows if row.kind == "video"][:1]
    return min((_gapless_us(session, row) for row in needed), default=0)


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


def inits_of(session: Session, version_id: str) -> dict[str, tuple[str, bytes]]:
    """Rendition → object and SHA-256 of the init segments that are visible."""
    found = session.execute(
        select(RenditionRow.name, RenditionRow.init_object, RenditionRow.init_sha256).where(
            RenditionRow.version_id == version_id, RenditionRow.init_object.is_not(None)
        )
    )
    return {name: (object_, sha256) for name, object_, sha256 in found if object_ and sha256}


def set_stage(session: Session, version_id: str, stage: Stage) -> None:
    """Say what is being done to a version."""
    session.execute(update(VersionRow).where(VersionRow.id == version_id).values(stage=stage))


def rendition_names(session: Session, version_id: str) -> set[str]:
    """Names of a version's renditions."""
    return set(session.scalars(select(RenditionRow.name).where(RenditionRow.version_id == version_id)))


def drop_rendition(session: Session, version_id: str, name: str) -> None:
    """Take a rendition out of the index: a text track that cannot be read, say."""
    session.execute(
        delete(RenditionRow).where(RenditionRow.version_id == version_id, RenditionRow.name == name)
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


def end_attempts_of(session: Session, worker: str, now: datetime) -> None:
    """End the attempts of an earlier process of this name: it is dead, or its name would not be free."""
    session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.outcome == "running", ChunkAttemptRow.worker == worker)
        .values(outcome="failed", ended_at=now, frames_done=0, detail="its worker died")
    )


def adopt(session: Session, version_id: str, run: int, worker: str) -> bool:
    """Take over the making from a dead worker as a new run; False if somebody else was faster."""
    taken = session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id, VersionRow.run == run)
        .values(worker=worker, run=run + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def abandon_silent_attempts(session: Session, now: datetime, silence: timedelta) -> int:
    """End attempts whose worker died: no sign of life for `silence`. Gives how many."""
    ended = session.execute(
        update(ChunkAttemptRow)
        .where(ChunkAttemptRow.outcome == "running", ChunkAttemptRow.beat_at < now - silence)
        .values(outcome="failed", ended_at=now, frames_done=0, detail="its worker died")
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def source_gone(session: Session, version_id: str) -> None:
    """Note that the uploaded file takes no room any more."""
    session.execute(update(VersionRow).where(VersionRow.id == version_id).values(source_bytes=0))


def spent_uploads(session: Session) -> list[UploadId]:
    """Uploads of published versions: nobody needs their files any more."""
    found = select(VersionRow.upload_id).where(
        VersionRow.published_at.is_not(None), VersionRow.upload_id.is_not(None)
    )
    return [UploadId(upload_id) for upload_id in session.scalars(found) if upload_id]


def publish(
    session: Session, version_id: str, manifest: str, digest: bytes, manifest_bytes: int, now: datetime
) -> None:
    """Mark a version as whole and verified."""
    row = session.get_one(VersionRow, version_id)
    row.manifest_object, row.manifest_sha256 = manifest, digest
    row.stored_bytes += manifest_bytes
    row.published_at, row.stage, row.eta_s = now, Stage.DONE, None
    row.frames_done = row.frames_total


def save_poster(session: Session, version_id: str, name: str, media_type: str, stored: bytes) -> None:
    """Remember the version's poster object; `stored` is its ciphertext."""
    row = session.get_one(VersionRow, version_id)
    row.poster_object, row.poster_type = name, media_type
    row.poster_bytes, row.poster_sha256 = len(stored), hashlib.sha256(stored).digest()
    row.stored_bytes += len(stored)
