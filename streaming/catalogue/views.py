"""From rows to what people are told: progress in percent, failures for owners alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from streaming.catalogue.model import RenditionRow, TitleRow, VersionRow
from streaming.catalogue.naming import poster_tag
from streaming.catalogue.values import (
    Asker,
    ChapterView,
    ChunkFailure,
    Failure,
    Priority,
    Progress,
    Protection,
    RenditionView,
    Stage,
    TitleState,
    TitleView,
)
from streaming.ids import AccountId, TitleId, UploadId, VersionId

UNDER_WAY = (Stage.ENCODING, Stage.VERIFYING)
MOST_PERCENT = 99.9
"""What is not ready is not whole."""


def owns(asker: Asker, title: TitleRow) -> bool:
    """Tell whether `asker` may do everything with `title`."""
    return asker.admin or title.owner_id == asker.account_id


def progress_of(title: TitleRow, version: VersionRow, queue_position: int | None) -> Progress | None:
    """How far the making is; None once there is nothing to wait for."""
    if title.state not in (TitleState.UPLOADING, TitleState.QUEUED, TitleState.ENCODING):
        return None
    return making_of(version, queue_position)


def making_of(version: VersionRow, queue_position: int | None) -> Progress:
    """How far the making of a version is, whatever its title shows."""
    stage = Stage(version.stage)
    return Progress(
        stage=stage,
        percent=round(min(version.percent, MOST_PERCENT), 1) if stage in UNDER_WAY else 0.0,
        frames_done=version.frames_done,
        frames_total=version.frames_total,
        eta_s=version.eta_s,
        playable_s=version.playable_us / 1e6,
        queue_position=queue_position,
        prepared_s=(version.early_us or 0) / 1e6,
    )


def view_of(
    title: TitleRow,
    version: VersionRow | None,
    renditions: Sequence[RenditionRow],
    asker: Asker,
    names: Mapping[AccountId, str],
    queue_position: int | None = None,
    failures: tuple[ChunkFailure, ...] = (),
) -> TitleView:
    """Show a title to `asker`; strangers to it are told neither failures nor file names."""
    trusted = owns(asker, title)
    shown = renditions if version is None or version.early_us is None else ()
    failure = None
    if trusted and title.failure_code:
        failure = Failure(title.failure_code, title.failure_sentence or "", title.failure_hint or "")
    return TitleView(
        id=TitleId(title.id),
        name=title.name,
        description=title.description,
        year=title.year,
        state=TitleState(title.state),
        owner_id=AccountId(title.owner_id),
        owner_name=names.get(AccountId(title.owner_id), ""),
        mine=title.owner_id == asker.account_id,
        duration_s=version.duration_us / 1e6 if version and version.duration_us else None,
        created_at=title.created_at,
        width=version.width if version else None,
        protection=version.protection if version else Protection.AES_128,
        height=version.height if version else None,
        progress=progress_of(title, version, queue_position) if version else None,
        failure=failure,
        renditions=tuple(_rendition(row) for row in shown),
        poster_tag=poster_tag(version.poster_object) if version and version.poster_object else "",
        size_bytes=version.stored_bytes if version else 0,
        source_name=title.source_name if trusted else "",
        version_id=VersionId(version.id) if version else None,
        upload_id=UploadId(version.upload_id) if version and version.upload_id and trusted else None,
        chapters=chapters_of(version) if version else (),
        chunk_failures=failures if trusted else (),
        priority=Priority.of(title.house_priority or title.priority) if trusted else Priority.NORMAL,
        priority_by_house=trusted and title.house_priority != 0,
    )


def remade(view: TitleView, remake: VersionRow | None, places: Mapping[str, int]) -> TitleView:
    """Add how far the version is that shall take the place of the one that plays, if there is one."""
    if remake is None:
        return view
    return replace(view, remake=making_of(remake, places.get(remake.id)))


def explained(view: TitleView, text: str | None) -> TitleView:
    """Add the reasons for the ladder from the stored plan, once there is one."""
    if not text:
        return view
    plan = json.loads(text)
    why = {rung["name"]: rung["reason"] for rung in plan.get("video", ())}
    renditions = tuple(replace(one, reason=why.get(one.name, "")) for one in view.renditions)
    return replace(view, renditions=renditions, plan_reasons=tuple(plan.get("reasons", ())))


def chapters_of(version: VersionRow) -> tuple[ChapterView, ...]:
    """Read a version's chapters."""
    return tuple(ChapterView(*one) for one in json.loads(version.chapters or "[]"))


def _rendition(row: RenditionRow) -> RenditionView:
    return RenditionView(
        name=row.name,
        kind=row.kind,
        tier=row.tier,
        codecs=row.codecs,
        width=row.width,
        height=row.height,
        bandwidth=row.bandwidth,
        language=row.language,
        label=row.label,
        role=row.role,
        forced=row.forced,
        default=row.is_default,
        channels=row.channels,
    )
