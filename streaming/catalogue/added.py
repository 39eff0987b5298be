"""What was added to the version of a title that plays: tracks, words, pictures. A remake takes it over."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, store
from streaming.catalogue.model import PosterCandidateRow, RenditionRow, VersionRow
from streaming.catalogue.pictures import candidates_of
from streaming.catalogue.texts import text_rows
from streaming.catalogue.turns import TEXT
from streaming.ids import TitleId
from transcoder.planning.plan import Plan, TextRendition


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """A picture of the version that plays, and whether it is the poster."""

    number: int
    origin: str
    object: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Added:
    """All of it as it stands; equal to a later look exactly when nothing was changed in between."""

    version_id: str
    manifest: str
    came: tuple[TextRendition, ...]
    """Tracks that came with the film, as they are called now."""
    gone: tuple[TextRendition, ...]
    """Tracks that came with the film and were taken away since."""
    uploaded: tuple[TextRendition, ...]
    order: tuple[str, ...]
    """Names of the tracks as players show them."""
    pictures: tuple[PictureFacts, ...]


def added(session: Session, title_id: TitleId, beside: str) -> Added | None:
    """Look at the version that plays, if it is another than `beside`."""
    title = store.title(session, title_id)
    version = store.version(session, title.version_id) if title else None
    if version is None or version.id == beside or not version.plan:
        return None
    plan, rows = Plan.from_json(version.plan), text_rows(session, version.id)
    there, planned = {row.name for row in rows}, {text.name for text in plan.texts}
    return Added(
        version_id=version.id,
        manifest=version.manifest_object or "",
        came=tuple(_words(row, plan) for row in rows if row.name in planned),
        gone=tuple(
            text
            for number, text in enumerate(plan.texts)
            # What could not be read was never there.
            if text.name not in there and attempts.is_committed(session, version.id, number, TEXT)
        ),
        uploaded=tuple(_words(row, plan) for row in rows if row.name not in planned),
        order=tuple(row.name for row in rows),
        pictures=tuple(
            PictureFacts(row.number, row.origin, row.object, row.object == version.poster_object)
            for row in candidates_of(session, version.id)
        ),
    )


def counterpart(old: Plan, name: str, new: Plan) -> TextRendition | None:
    """Find the track of a new plan that is the same one of the source as a track of the old plan."""
    was = next((text for text in old.texts if text.name == name), None)
    if was is None:
        return None
    same = (was.stream, was.language, was.title)
    return next((text for text in new.texts if (text.stream, text.language, text.title) == same), None)


def put_in_order(session: Session, version_id: str, names: Sequence[str]) -> None:
    """Let text tracks follow one another as in `names`; others come after them."""
    rows = sorted(
        text_rows(session, version_id),
        key=lambda row: names.index(row.name) if row.name in names else len(names),
    )
    others = (RenditionRow.version_id == version_id, RenditionRow.kind != "text")
    first = (session.scalar(select(func.max(RenditionRow.position)).where(*others)) or 0) + 1
    for place, row in enumerate(rows):
        row.position = first + place


def drop_pictures(session: Session, version: VersionRow, rows: Sequence[PosterCandidateRow]) -> None:
    """Take pictures out of the choice; their objects become orphans."""
    for row in rows:
        version.stored_bytes -= row.size
        session.delete(row)
    session.flush()


def _words(row: RenditionRow, plan: Plan) -> TextRendition:
    stream = next((text.stream for text in plan.texts if text.name == row.name), -1)
    return TextRendition(
        name=row.name,
        tier=row.tier,
        stream=stream,
        language=row.language,
        title=row.label,
        forced=row.forced,
        sdh=row.role == "sdh",
        default=row.is_default,
    )
