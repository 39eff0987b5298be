"""SQL of a version in the making: what it is, whether this run makes it, its plan, progress and end."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    RenditionRow,
    TitleRow,
    VersionRow,
)
from streaming.catalogue.values import (
    ChunkPart,
    NewRendition,
    Phase,
    SourceFacts,
    Stage,
    VersionFacts,
)
from streaming.ids import AccountId, TitleId, UploadId, VersionId


class Stopped(Exception):
    """The title was cancelled, deleted or taken over by another run: whoever works on it lets go."""


def facts(session: Session, version_id: str) -> VersionFacts | None:
    """What the workflow needs of a version, or None when it was deleted."""
    found = session.execute(
        select(VersionRow, TitleRow.owner_id)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.id == version_id)
    ).first()
    if found is None:
        return None
    row, owner_id = found
    return VersionFacts(
        id=VersionId(row.id),
        title_id=TitleId(row.title_id),
        owner_id=AccountId(owner_id),
        number=row.number,
        run=row.run,
        upload_id=UploadId(row.upload_id) if row.upload_id else None,
        phase=Phase(row.phase),
        period_seconds=row.period_seconds,
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
            chapters=json.dumps([[one.start_s, one.end_s, one.title] for one in source.chapters]),
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
        role=new.role,
        is_default=new.default,
        timescale=new.timescale,
        bandwidth=new.bandwidth,
        average_bandwidth=new.bandwidth,
    )


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


def save_progress(session: Session, version_id: str, frames_done: int, eta_s: float | None) -> None:
    """Write how far the making is."""
    session.execute(
        update(VersionRow).where(VersionRow.id == version_id).values(frames_done=frames_done, eta_s=eta_s)
    )


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
