"""SQL of a version in the making: what it is, whether this run makes it, its plan, progress and end."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, delete, func, insert, or_, select, type_coerce, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    RenditionRow,
    TitleRow,
    VersionRow,
)
from streaming.catalogue.turns import STARTER
from streaming.catalogue.values import (
    ChunkPart,
    NewRendition,
    PartCount,
    Phase,
    SourceFacts,
    Stage,
    VersionFacts,
)
from streaming.clock import to_micros
from streaming.ids import AccountId, TitleId, UploadId, VersionId


class Stopped(Exception):
    """The title was cancelled, deleted or taken over by another run: whoever works on it lets go."""


def facts(session: Session, version_id: str) -> VersionFacts | None:
    """What the workflow needs of a version, or None when it was deleted."""
    found = session.execute(
        select(VersionRow, TitleRow.owner_id, TitleRow.version_id)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.id == version_id)
    ).first()
    if found is None:
        return None
    row, owner_id, playing = found
    return VersionFacts(
        id=VersionId(row.id),
        title_id=TitleId(row.title_id),
        owner_id=AccountId(owner_id),
        number=row.number,
        run=row.run,
        upload_id=UploadId(row.upload_id) if row.upload_id else None,
        phase=Phase(row.phase),
        is_remake=playing != row.id,
        period_seconds=row.period_seconds,
        protection=row.protection,
        wrapped_title_secret=row.wrapped_title_secret,
        wrapped_server_share=row.wrapped_server_share,
    )


def check_running(session: Session, version_id: str, run: int) -> VersionFacts:
    """Give the version's facts. Raises `Stopped` unless this run is the one that makes it."""
    found = facts(session, version_id)
    if found is None or found.phase is not Phase.MAKING or found.run != run:
        raise Stopped(version_id)
    return found


def check_wanted(session: Session, version_id: str) -> VersionFacts:
    """Give the facts of a version whose chunks are wanted, whichever run asked. Raises `Stopped`."""
    found = facts(session, version_id)
    if found is None or found.phase is not Phase.MAKING:
        raise Stopped(version_id)
    return found


def is_wanted(session: Session, version_id: str) -> bool:
    """Tell, cheaply, whether anybody still wants the version's chunks."""
    return session.scalar(select(VersionRow.phase).where(VersionRow.id == version_id)) == Phase.MAKING


def is_running(session: Session, version_id: str, run: int) -> bool:
    """Tell, cheaply, whether this run is still the one that makes the version."""
    return (
        session.scalar(
            select(VersionRow.id).where(
                VersionRow.id == version_id, VersionRow.run == run, VersionRow.phase == Phase.MAKING
            )
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
    frames: int | None = None,
) -> None:
    """Write the plan's rows; of rows that were written before only the place in the playlist may change.

    `frames` is how many there will be in all, while `chunks` are not all of them.
    """
    add_renditions(session, version_id, renditions)
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
            chapters=json.dumps([[one.start_s, one.end_s, one.title] for one in source.chapters]),
            texts_made=sum(1 for new in renditions if new.kind == "text"),
            frames_total=sum(chunk.frames for chunk in chunks) if frames is None else frames,
            stage=Stage.ENCODING,
        )
    )


def add_renditions(session: Session, version_id: str, renditions: Sequence[NewRendition]) -> None:
    """Write rows of renditions; of those that are there only the place in the playlist may change."""
    have = rendition_names(session, version_id)
    for position, new in enumerate(renditions):
        if new.name not in have:
            session.add(_rendition_row(version_id, position, new))
        else:
            row = session.get_one(RenditionRow, (version_id, new.name))
            row.position = position


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
        role=new.role,
        is_default=new.default,
        hdr=new.hdr,
        timescale=new.timescale,
        bandwidth=new.bandwidth,
        average_bandwidth=new.bandwidth,
    )


def with_starter(session: Session, version_id: str) -> set[int]:
    """Numbers of the chunks whose starter is a piece of work of its own."""
    rows = select(ChunkRow.number).where(ChunkRow.version_id == version_id, ChunkRow.part == STARTER)
    return set(session.scalars(rows))


def plan_of(session: Session, version_id: str) -> str | None:
    """The stored plan (JSON) of a version."""
    return session.scalar(select(VersionRow.plan).where(VersionRow.id == version_id))


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


def count_parts(session: Session, version_id: str) -> dict[str, PartCount]:
    """Count the frames of every part; chunks that were given up are not waited for, and count as done."""
    over = or_(ChunkRow.attempt.is_not(None), ChunkRow.failure_code.is_not(None))
    frames = func.sum(ChunkRow.frames)
    chunks = session.execute(
        select(ChunkRow.part, frames, func.coalesce(frames.filter(over), 0))
        .where(ChunkRow.version_id == version_id, ChunkRow.frames > 0)
        .group_by(ChunkRow.part)
    ).all()
    mine = ChunkAttemptRow.version_id == version_id
    running = dict(
        session.execute(
            select(ChunkAttemptRow.part, func.sum(ChunkAttemptRow.frames_done))
            .where(mine, ChunkAttemptRow.outcome == "running")
            .group_by(ChunkAttemptRow.part)
        ).all()
    )
    timed = {
        part: (micros / 1e6, count)
        for part, micros, count in session.execute(
            select(
                ChunkAttemptRow.part,
                func.sum(_micros(ChunkAttemptRow.ended_at) - _micros(ChunkAttemptRow.started_at)),
                func.sum(ChunkRow.frames),
            )
            .join(ChunkRow, ChunkRow.attempt == ChunkAttemptRow.attempt)
            .where(mine)
            .group_by(ChunkAttemptRow.part)
        )
    }
    return {
        part: PartCount(min(total, done + running.get(part, 0)), total, *timed.get(part, (0.0, 0)))
        for part, total, done in chunks
    }


def _micros(moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]) -> Any:
    return type_coerce(moment, BigInteger)


def stored_bytes(session: Session, version_id: str) -> float:
    """Bytes that a version will have stored when it is whole, by what its finished frames took."""
    row = session.get(VersionRow, version_id)
    if row is None or not row.frames_done:
        return 0.0
    return row.stored_bytes * max(1.0, row.frames_total / row.frames_done)


def save_progress(
    session: Session, version_id: str, frames_done: int, percent: float, eta_s: float | None, now: datetime
) -> None:
    """Write how far the making is, and keep what was first said at each quarter."""
    row = session.get(VersionRow, version_id)
    if row is None:
        return
    row.frames_done, row.percent, row.eta_s = frames_done, percent, eta_s
    said = json.loads(row.estimates)
    if eta_s is not None and len(said) < len(QUARTERS) and percent >= QUARTERS[len(said)]:
        passed = sum(1 for quarter in QUARTERS if percent >= quarter)
        said += [[percent, to_micros(now), eta_s]] * (passed - len(said))
        row.estimates = json.dumps(said)


QUARTERS = (25, 50, 75)


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


def source_gone(session: Session, version_id: str) -> None:
    """Note that the uploaded file takes no room any more."""
    session.execute(update(VersionRow).where(VersionRow.id == version_id).values(source_bytes=0))


def spent_uploads(session: Session) -> list[UploadId]:
    """Uploads of published versions, unless one is made from them again: nobody needs their files."""
    needed = select(VersionRow.upload_id).where(
        VersionRow.published_at.is_(None), VersionRow.upload_id.is_not(None)
    )
    found = select(VersionRow.upload_id).where(
        VersionRow.published_at.is_not(None),
        VersionRow.upload_id.is_not(None),
        VersionRow.upload_id.not_in(needed),
    )
    return [UploadId(upload_id) for upload_id in session.scalars(found) if upload_id]


def publish(
    session: Session, version_id: str, manifest: str, digest: bytes, manifest_bytes: int, now: datetime
) -> None:
    """Mark a version as whole and verified."""
    row = session.get_one(VersionRow, version_id)
    row.manifest_object, row.manifest_sha256 = manifest, digest
    row.stored_bytes += manifest_bytes
    row.published_at, row.stage, row.eta_s, row.percent = now, Stage.DONE, None, 100.0
    row.frames_done = row.frames_total
