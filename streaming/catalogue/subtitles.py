"""Subtitle tracks of a published title: list, add, replace, change, remove. Nothing is encoded anew."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from streaming.catalogue.model import RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.naming import shown
from streaming.catalogue.published import Change, Published, Shelf
from streaming.catalogue.texts import (
    KeptText,
    drop_text,
    insert_text,
    name_text,
    planned_texts,
    text_row,
    text_rows,
    view_of_text,
)
from streaming.catalogue.values import Asker, NewSubtitle, SubtitleView, SubtitleWords
from streaming.errors import Code, Fault, not_found
from streaming.ids import TitleId
from transcoder.errors import BadSubtitles
from transcoder.planning.plan import Plan, TextRendition
from transcoder.texts.subtitlefile import read_subtitles
from transcoder.texts.subtitles import cut_text
from transcoder.texts.webvtt import Cue

LABEL_LENGTH = 80
LANGUAGE_LENGTH = 20


class Subtitles:
    """The subtitle tracks of titles, for their owners. Every method raises `Fault`."""

    def __init__(self, published: Published) -> None:
        self._published = published

    def tracks(self, asker: Asker, title_id: TitleId) -> list[SubtitleView]:
        """List a title's subtitle tracks, in playlist order."""
        with self._published.database.read() as session:
            _, version = self._published.owned(session, asker, title_id)
            planned = planned_texts(version)
            return [view_of_text(row, planned) for row in text_rows(session, version.id)]

    def add(self, asker: Asker, title_id: TitleId, new: NewSubtitle, replaces: str = "") -> SubtitleView:
        """Read a subtitle file and show it as a new track, in the place of `replaces` if one is named."""
        self._published.shelf(asker, title_id)  # who asks comes before what is sent
        cues = _cues(new.data)
        text = rendition(f"t{self._number(asker, title_id)}", new.words)

        def plan(shelf: Shelf, attempt: str) -> Change:
            _require_within(cues, shelf.plan)
            kept = KeptText(shelf.folder, attempt)
            cut_text(shelf.plan, text, cues, shelf.keys.content_key, kept)
            dropped = self._objects_of(shelf, replaces) if replaces else []

            def write(session: Session, row: VersionRow) -> None:
                place = drop_text(session, row, replaces) if replaces else None
                insert_text(session, row, shelf.plan, text, kept, place)

            return Change(kept.put_as, kept.listed(), dropped, write)

        self._published.apply(asker, title_id, plan)
        return SubtitleView(
            text.name, text.language, text.title, text.sdh, text.forced, text.default, "upload"
        )

    def change(
        self, asker: Asker, title_id: TitleId, name: str, changed: Callable[[SubtitleWords], SubtitleWords]
    ) -> SubtitleView:
        """Say something else of a track: its language, label or flags; `changed` gets what is said now."""
        self._published.shelf(asker, title_id)
        with self._published.database.write() as session:
            title, version = self._published.owned(session, asker, title_id)
            row = text_row(session, version.id, name)
            name_text(session, row, rendition(name, changed(words_of(row))))
            title.updated_at = self._published.clock.now()
            return view_of_text(row, planned_texts(version))

    def remove(self, asker: Asker, title_id: TitleId, name: str) -> None:
        """Take a track away; whoever plays the film now sees it go when they open it again."""

        def plan(shelf: Shelf, attempt: str) -> Change:
            def write(session: Session, row: VersionRow) -> None:
                drop_text(session, row, name)

            return Change({}, [], self._objects_of(shelf, name), write)

        self._published.apply(asker, title_id, plan)

    def _number(self, asker: Asker, title_id: TitleId) -> int:
        """Take the next number for good, whatever becomes of the track: no key may serve two texts."""
        with self._published.database.write() as session:
            _, version = self._published.owned(session, asker, title_id)
            version.texts_made += 1
            return version.texts_made - 1

    def _objects_of(self, shelf: Shelf, name: str) -> list[str]:
        with self._published.database.read() as session:
            row = session.get(RenditionRow, (shelf.version_id, name))
            if row is None or row.kind != "text":
                raise not_found("subtitle track")
            return list(
                session.scalars(
                    select(SegmentRow.object).where(
                        SegmentRow.version_id == shelf.version_id, SegmentRow.rendition == name
                    )
                )
            )


def words_of(row: RenditionRow) -> SubtitleWords:
    """What is said of a track now."""
    return SubtitleWords(row.language, row.label, row.role == "sdh", row.forced, row.is_default)


def _cues(data: bytes) -> list[Cue]:
    try:
        return read_subtitles(data)
    except BadSubtitles as fault:
        raise Fault(
            Code.INVALID,
            str(fault),
            "Mend the file, then send it again.",
            name="bad_subtitles",
            extra=_beside_the_file(str(fault)),
        ) from None


def _require_within(cues: Sequence[Cue], plan: Plan) -> None:
    if cues[0].start >= plan.duration * 1000:
        late = "Every subtitle in this file comes after the end of the film."
        raise Fault(
            Code.INVALID,
            late,
            "It seems to belong to another film: choose its own.",
            name="bad_subtitles",
            extra=_beside_the_file(late),
        )


def _beside_the_file(sentence: str) -> dict[str, object]:
    """What forms show beside the file that was chosen."""
    return {"errors": [{"field": "file", "sentence": sentence}]}


def rendition(name: str, new: SubtitleWords) -> TextRendition:
    """Write down what somebody says of a track, within bounds; a forced one is no default."""
    language = "".join(c for c in new.language if c.isascii() and (c.isalnum() or c == "-"))
    return TextRendition(
        name=name,
        tier="sd",
        stream=-1,
        language=language[:LANGUAGE_LENGTH] or "und",
        title=shown(new.label)[:LABEL_LENGTH],
        forced=new.forced,
        sdh=new.sdh,
        default=new.default and not new.forced,
    )
