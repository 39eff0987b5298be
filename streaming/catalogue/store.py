"""SQL of titles: making rows, finding them for an asker, changing their state. Sessions come from callers."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import (
    ChunkAttemptRow,
    ChunkRow,
    PeriodInitRow,
    PosterCandidateRow,
    RenditionRow,
    SegmentRow,
    TitleRow,
    VersionRow,
)
from streaming.catalogue.values import Asker, Failure, Phase, Stage, TitleState
from streaming.clock import from_micros, to_micros
from streaming.errors import Code, Fault
from streaming.ids import AccountId, TitleId, VersionId

OPEN_STATES = (TitleState.QUEUED, TitleState.ENCODING)
STRANGER_STATES = (TitleState.QUEUED, TitleState.ENCODING, TitleState.READY)
"""States in which somebody with a licence is told of a title."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of titles begins: after this instant and id, going back in time."""

    created_at: datetime
    id: str

    def encoded(self) -> str:
        """Opaque text for the address bar."""
        raw = f"{to_micros(self.created_at)}.{self.id}".encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decoded(cls, text: str) -> "Position":
        """Read what `encoded` made. Raises `Fault` INVALID."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            micros, _, row = raw.partition(".")
            return cls(from_micros(int(micros)), row)
        except (ValueError, binascii.Error, OverflowError):
            raise Fault(
                Code.INVALID, "That page of titles does not exist.", "Start at the first page."
            ) from None


def title(session: Session, title_id: TitleId) -> TitleRow | None:
    """Find a title."""
    return session.get(TitleRow, title_id)


def version(session: Session, version_id: str | None) -> VersionRow | None:
    """Find a version."""
    return session.get(VersionRow, version_id) if version_id else None


def version_of_upload(session: Session, upload_id: str) -> VersionRow | None:
    """Find the version that is made from an upload."""
    return session.scalars(select(VersionRow).where(VersionRow.upload_id == upload_id)).first()


def page(
    session: Session,
    asker: Asker,
    known: Collection[TitleId],
    *,
    query: str,
    mine: bool,
    after: Position | None,
    limit: int,
) -> Sequence[tuple[TitleRow, VersionRow | None]]:
    """Titles that `asker` may know of, newest first, with the version that plays or is being made."""
    found: Select[TitleRow, VersionRow] = (
        select(TitleRow, VersionRow)
        .outerjoin(VersionRow, VersionRow.id == TitleRow.version_id)
        .where(_visible(asker, known, mine=mine))
        .order_by(TitleRow.created_at.desc(), TitleRow.id.desc())
        .limit(limit)
    )
    if query:
        found = found.where(TitleRow.name.icontains(query, autoescape=True))
    if after is not None:
        same = and_(TitleRow.created_at == after.created_at, TitleRow.id < after.id)
        found = found.where(or_(TitleRow.created_at < after.created_at, same))
    return [(title, made) for title, made in session.execute(found)]


def count(session: Session, asker: Asker, known: Collection[TitleId], *, query: str, mine: bool) -> int:
    """Count the titles that `asker` may know of."""
    found = select(func.count()).select_from(TitleRow).where(_visible(asker, known, mine=mine))
    if query:
        found = found.where(TitleRow.name.icontains(query, autoescape=True))
    return session.scalar(found) or 0


def _visible(asker: Asker, known: Collection[TitleId], *, mine: bool) -> ColumnElement[bool]:
    own = TitleRow.owner_id == asker.account_id
    if mine:
        return own
    if asker.admin:
        return or_(own, TitleRow.owner_id != "")
    lent = and_(TitleRow.id.in_(known), TitleRow.state.in_(STRANGER_STATES)) if known else false()
    return or_(own, lent)


def renditions(session: Session, version_ids: Collection[str]) -> Sequence[RenditionRow]:
    """Renditions of some versions, in playlist order."""
    return session.scalars(
        select(RenditionRow)
        .where(RenditionRow.version_id.in_(version_ids))
        .order_by(RenditionRow.version_id, RenditionRow.position)
    ).all()


def bytes_of_owner(session: Session, owner_id: AccountId) -> int:
    """Bytes of the encrypted objects of an account's titles."""
    return (
        session.scalar(
            select(func.coalesce(func.sum(VersionRow.stored_bytes), 0))
            .join(TitleRow, TitleRow.id == VersionRow.title_id)
            .where(TitleRow.owner_id == owner_id)
        )
        or 0
    )


def set_state(
    session: Session,
    title_id: str,
    state: TitleState,
    now: datetime,
    *,
    among: Collection[TitleState],
    failure: Failure | None = None,
) -> bool:
    """Move a title with its version to `state` if it stands in one of `among`; tell whether it moved."""
    moved = session.execute(
        update(TitleRow)
        .where(TitleRow.id == title_id, TitleRow.state.in_(among))
        .values(
            state=state,
            updated_at=now,
            failure_code=failure.code if failure else None,
            failure_sentence=failure.sentence if failure else None,
            failure_hint=failure.hint if failure else None,
        )
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        return False
    version_id = select(TitleRow.version_id).where(TitleRow.id == title_id).scalar_subquery()
    session.execute(update(VersionRow).where(VersionRow.id == version_id).values(phase=Phase.of(state)))
    return True


def wipe_version(session: Session, version_id: str) -> None:
    """Forget everything made so far, keys first; the version's objects become orphans."""
    session.execute(
        update(VersionRow)
        .where(VersionRow.id == version_id)
        .values(
            wrapped_title_secret=None,
            wrapped_server_share=None,
            plan=None,
            early_plan=None,
            early_us=None,
            published_at=None,
            manifest_sha256=None,
            frames_done=0,
            frames_total=0,
            percent=0.0,
            eta_s=None,
            estimates="[]",
            playable_us=0,
            stored_bytes=0,
            poster_object=None,
            manifest_object=None,
            chapters=None,
        )
    )
    for table in (SegmentRow, PeriodInitRow, RenditionRow, ChunkRow, ChunkAttemptRow, PosterCandidateRow):
        session.execute(delete(table).where(table.version_id == version_id))


def object_names(session: Session, version_id: str) -> set[str]:
    """Every object that the index knows of a version."""
    names: set[str | None] = set(
        session.scalars(select(SegmentRow.object).where(SegmentRow.version_id == version_id))
    )
    names |= set(
        session.scalars(select(RenditionRow.init_object).where(RenditionRow.version_id == version_id))
    )
    names |= set(session.scalars(select(PeriodInitRow.object).where(PeriodInitRow.version_id == version_id)))
    names |= set(
        session.scalars(select(PosterCandidateRow.object).where(PosterCandidateRow.version_id == version_id))
    )
    row = session.get(VersionRow, version_id)
    if row is not None:
        names |= {row.poster_object, row.manifest_object}
    return {name for name in names if name}


def mark_queued(session: Session, row: VersionRow, now: datetime) -> None:
    """Put a version at the end of the queue."""
    row.stage, row.phase = Stage.QUEUED, Phase.QUEUED
    row.queued_at = now
    row.worker = None
    row.eta_s = None


def versions_of(session: Session, title_id: TitleId) -> Sequence[VersionId]:
    """Ids of every version of a title."""
    return [
        VersionId(found)
        for found in session.scalars(select(VersionRow.id).where(VersionRow.title_id == title_id))
    ]
