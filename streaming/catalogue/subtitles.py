"""Subtitle tracks of a published title: list, add, replace, remove. Nothing is encoded anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from streaming.catalogue.model import RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.naming import shown
from streaming.catalogue.published import Change, Published, Shelf
from streaming.catalogue.values import Asker, NewSubtitle, SubtitleView
from streaming.errors import Code, Fault, not_found
from streaming.ids import TitleId
from transcoder.encoding.encode import EncodedSegment, InitSegment
from transcoder.errors import BadSubtitles
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.plan import Plan, TextRendition
from transcoder.texts.subtitlefile import read_subtitles
from transcoder.texts.subtitles import cut_text
from transcoder.texts.webvtt import Cue

MOST_TRACKS = 64
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
            planned = _planned(version)
            return [_view(row, planned) for row in _rows(session, version.id)]

    def add(self, asker: Asker, title_id: TitleId, new: NewSubtitle, replaces: str = "") -> SubtitleView:
        """Read a subtitle file and show it as a new track, in the place of `replaces` if one is named."""
        self._published.shelf(asker, title_id)  # who asks comes before what is sent
        cues = _cues(new.data)
        text = _rendition(self._number(asker, title_id), new)

        def plan(shelf: Shelf, attempt: str) -> Change:
            _require_within(cues, shelf.plan)
            kept = _Kept(shelf, attempt)
            cut_text(shelf.plan, text, cues, shelf.keys.content_key, kept)
            dropped = self._objects_of(shelf, replaces) if replaces else []

            def write(session: Session, row: VersionRow) -> None:
                place = _drop(session, row, replaces) if replaces else None
                _insert(session, row, text, kept, place)

            return Change(kept.put_as, kept.listed(), dropped, write)

        self._published.apply(asker, title_id, plan)
        return SubtitleView(
            text.name, text.language, text.title, text.sdh, text.forced, text.default, "upload"
        )

    def remove(self, asker: Asker, title_id: TitleId, name: str) -> None:
        """Take a track away; whoever plays the film now sees it go when they open it again."""

        def plan(shelf: Shelf, attempt: str) -> Change:
            def write(session: Session, row: VersionRow) -> None:
                _drop(session, row, name)

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


@dataclass
class _Kept:
    """A sink that keeps a track's segments under the names they will be put as."""

    shelf: Shelf
    attempt: str
    put_as: dict[str, bytes] = field(default_factory=dict)
    segments: list[tuple[str, EncodedSegment]] = field(default_factory=list)

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Keep a segment."""
        segment = cast(EncodedSegment, item)
        name = f"{self.shelf.folder}/{item.rendition}/t-{segment.sequence:06d}-{self.attempt}.vtt"
        self.put_as[name] = data
        self.segments.append((name, segment))

    def listed(self) -> list[ManifestObject]:
        """Describe the segments for the manifest."""
        return [
            ManifestObject(
                name, Kind.TEXT, one.rendition, one.tier, one.period, one.sequence, one.size, one.sha256,
                Fraction(one.duration),
            )
            for name, one in self.segments
        ]  # fmt: skip


def _cues(data: bytes) -> list[Cue]:
    try:
        return read_subtitles(data)
    except BadSubtitles as fault:
        raise Fault(
            Code.INVALID, str(fault), "Mend the file, then send it again.", name="bad_subtitles"
        ) from None


def _require_within(cues: Sequence[Cue], plan: Plan) -> None:
    if cues[0].start >= plan.duration * 1000:
        raise Fault(
            Code.INVALID,
            "Every subtitle in this file comes after the end of the film.",
            "It seems to belong to another film: choose its own.",
            name="bad_subtitles",
        )


def _rendition(number: int, new: NewSubtitle) -> TextRendition:
    language = "".join(c for c in new.language if c.isascii() and (c.isalnum() or c == "-"))
    return TextRendition(
        name=f"t{number}",
        tier="sd",
        stream=-1,
        language=language[:LANGUAGE_LENGTH] or "und",
        title=shown(new.label)[:LABEL_LENGTH],
        forced=new.forced,
        sdh=new.sdh,
        default=new.default and not new.forced,
    )


def _rows(session: Session, version_id: str) -> Sequence[RenditionRow]:
    return session.scalars(
        select(RenditionRow)
        .where(RenditionRow.version_id == version_id, RenditionRow.kind == "text")
        .order_by(RenditionRow.position)
    ).all()


def _planned(version: VersionRow) -> set[str]:
    """Names of the tracks that came with the film."""
    return {text.name for text in Plan.from_json(version.plan).texts} if version.plan else set()


def _view(row: RenditionRow, planned: set[str]) -> SubtitleView:
    origin = "film" if row.name in planned else "upload"
    return SubtitleView(
        row.name, row.language, row.label, row.role == "sdh", row.forced, row.is_default, origin
    )


def _drop(session: Session, version: VersionRow, name: str) -> int:
    """Take a track out of the index; gives its place."""
    row = session.get(RenditionRow, (version.id, name))
    if row is None or row.kind != "text":
        raise not_found("subtitle track")
    where = (SegmentRow.version_id == version.id, SegmentRow.rendition == name)
    version.stored_bytes -= session.scalar(select(func.sum(SegmentRow.size)).where(*where)) or 0
    place = row.position
    session.execute(delete(SegmentRow).where(*where))
    session.delete(row)
    session.flush()
    return place


def _insert(
    session: Session, version: VersionRow, text: TextRendition, kept: _Kept, place: int | None
) -> None:
    rows = _rows(session, version.id)
    if len(rows) >= MOST_TRACKS:
        raise Fault(
            Code.CONFLICT,
            f"This film has {MOST_TRACKS} subtitle tracks already.",
            "Remove one that nobody needs.",
            name="too_many_tracks",
        )
    last = session.scalar(
        select(func.max(RenditionRow.position)).where(RenditionRow.version_id == version.id)
    )
    plan = kept.shelf.plan
    bits = [one.size * 8 / float(one.duration) for _, one in kept.segments]
    session.add(
        RenditionRow(
            version_id=version.id,
            name=text.name,
            position=(last or 0) + 1 if place is None else place,
            kind="text",
            tier=text.tier,
            language=text.language,
            label=text.title,
            forced=text.forced,
            role="sdh" if text.sdh else "main",
            is_default=text.default,
            timescale=plan.timescale,
            bandwidth=round(max(bits)) + 1,
            average_bandwidth=round(sum(bits) / len(bits)) + 1,
        )
    )
    session.flush()
    session.execute(insert(SegmentRow), [_segment(version.id, plan, kept, *one) for one in kept.segments])
    version.stored_bytes += sum(one.size for _, one in kept.segments)


def _segment(version_id: str, plan: Plan, kept: _Kept, name: str, one: EncodedSegment) -> dict[str, object]:
    return {
        "version_id": version_id,
        "rendition": one.rendition,
        "sequence": one.sequence,
        "chunk": int(one.rendition.removeprefix("t")),
        "part": "text",
        "object": name,
        "period": one.period,
        "start_ticks": one.period * plan.period_frames * plan.frame_ticks,
        "duration_ticks": round(one.duration * plan.timescale),
        "size": one.size,
        "sha256": one.sha256,
    }
