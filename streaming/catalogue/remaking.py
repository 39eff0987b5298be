"""SQL of making a title anew: a version under new keys beside the one that plays, until it takes over."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from streaming.catalogue import store
from streaming.catalogue.model import TitleRow, VersionRow
from streaming.catalogue.values import Failure, Phase, TitleState
from streaming.ids import VersionId, new_id


def remake_of(session: Session, title_id: str) -> VersionRow | None:
    """The version that shall take the place of the one that plays, or None."""
    return remakes_of(session, [title_id]).get(title_id)


def remakes_of(session: Session, title_ids: Collection[str]) -> dict[str, VersionRow]:
    """The versions that shall take the place of those that play, by their titles."""
    found = session.scalars(
        select(VersionRow)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(TitleRow.id.in_(title_ids), VersionRow.id != TitleRow.version_id)
        .where(VersionRow.published_at.is_(None))
    )
    return {row.title_id: row for row in found}


def awaits_upload(session: Session, version: VersionRow) -> bool:
    """Whether a version shall be made anew from an upload that is not whole yet."""
    remake = remake_of(session, version.title_id)
    return remake is not None and remake.id == version.id and version.queued_at is None


def new_version(playing: VersionRow, upload_id: str | None, source_bytes: int) -> VersionRow:
    """A row for the next version; its secrets are still to be given."""
    return VersionRow(
        id=new_id("ve"),
        title_id=playing.title_id,
        number=playing.number + 1,
        upload_id=upload_id,
        period_seconds=playing.period_seconds,
        source_bytes=source_bytes,
    )


def take_place(session: Session, version_id: str, now: datetime) -> None:
    """Let a published version be the one that plays, and the title be ready: one transaction, never half."""
    row = session.get_one(VersionRow, version_id)
    session.execute(update(TitleRow).where(TitleRow.id == row.title_id).values(version_id=version_id))
    among = (TitleState.ENCODING, TitleState.READY)
    store.set_state(session, row.title_id, TitleState.READY, now, among=among)


def drop(session: Session, version_id: str) -> None:
    """Forget a version, keys first; its objects become orphans."""
    store.wipe_version(session, version_id)
    session.delete(session.get_one(VersionRow, version_id))


def fail(session: Session, version_id: str, failure: Failure, now: datetime) -> None:
    """Drop a version that could not be made anew; the title plays on and says why."""
    row = session.get_one(VersionRow, version_id)
    session.execute(
        update(TitleRow)
        .where(TitleRow.id == row.title_id)
        .values(
            updated_at=now,
            failure_code=failure.code,
            failure_sentence=failure.sentence,
            failure_hint=failure.hint,
        )
    )
    drop(session, version_id)


def superseded(session: Session) -> list[tuple[str, VersionId]]:
    """Titles and their versions that played before another took their place."""
    found = session.execute(
        select(TitleRow.id, VersionRow.id)
        .join(TitleRow, TitleRow.id == VersionRow.title_id)
        .where(VersionRow.id != TitleRow.version_id, VersionRow.published_at.is_not(None))
        .where(VersionRow.phase == Phase.REST)
    )
    return [(title_id, VersionId(version_id)) for title_id, version_id in found]
