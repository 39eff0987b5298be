"""Rows and objects of text tracks: what is shown of them, how one comes in and how one goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from streaming.catalogue.model import RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.values import SubtitleView
from streaming.errors import Code, Fault, not_found
from transcoder.encoding.encode import EncodedSegment, InitSegment
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.plan import Plan, TextRendition

MOST_TRACKS = 64


@dataclass
class KeptText:
    """A sink that keeps a track's segments under the names they will be put as."""

    folder: str
    attempt: str
    put_as: dict[str, bytes] = field(default_factory=dict)
    segments: list[tuple[str, EncodedSegment]] = field(default_factory=list)

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Keep a segment."""
        segment = cast(EncodedSegment, item)
        name = f"{self.folder}/{item.rendition}/t-{segment.sequence:06d}-{self.attempt}.vtt"
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


def text_rows(session: Session, version_id: str) -> Sequence[RenditionRow]:
    """Text tracks of a version, in playlist order."""
    return session.scalars(
        select(RenditionRow)
        .where(RenditionRow.version_id == version_id, RenditionRow.kind == "text")
        .order_by(RenditionRow.position)
    ).all()


def planned_texts(version: VersionRow) -> set[str]:
    """Names of the tracks that came with the film."""
    return {text.name for text in Plan.from_json(version.plan).texts} if version.plan else set()


def view_of_text(row: RenditionRow, planned: set[str]) -> SubtitleView:
    """Show a track; `planned` are the names that came with the film."""
    origin = "film" if row.name in planned else "upload"
    return SubtitleView(
        row.name, row.language, row.label, row.role == "sdh", row.forced, row.is_default, origin
    )


def text_row(session: Session, version_id: str, name: str) -> RenditionRow:
    """Find a text track. Raises `Fault`."""
    row = session.get(RenditionRow, (version_id, name))
    if row is None or row.kind != "text":
        raise not_found("subtitle track")
    return row


def name_text(session: Session, row: RenditionRow, words: TextRendition) -> None:
    """Say anew what a track is; of the tracks of a version one at most is shown by default."""
    if words.default:
        others = (RenditionRow.version_id == row.version_id, RenditionRow.kind == "text")
        session.execute(update(RenditionRow).where(*others).values(is_default=False))
    row.language, row.label, row.forced = words.language, words.title, words.forced
    row.role, row.is_default = "sdh" if words.sdh else "main", words.default


def drop_text(session: Session, version: VersionRow, name: str) -> int:
    """Take a track out of the index; gives its place. Raises `Fault`."""
    row = text_row(session, version.id, name)
    where = (SegmentRow.version_id == version.id, SegmentRow.rendition == name)
    version.stored_bytes -= session.scalar(select(func.sum(SegmentRow.size)).where(*where)) or 0
    place = row.position
    session.execute(delete(SegmentRow).where(*where))
    session.delete(row)
    session.flush()
    return place


def insert_text(
    session: Session, version: VersionRow, plan: Plan, text: TextRendition, kept: KeptText, place: int | None
) -> None:
    """Take a track into the index, last unless it has a `place`. Raises `Fault` when there are too many."""
    rows = text_rows(session, version.id)
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
    bits = [one.size * 8 / float(one.duration) for _, one in kept.segments]
    row = RenditionRow(
        version_id=version.id,
        name=text.name,
        position=(last or 0) + 1 if place is None else place,
        kind="text",
        tier=text.tier,
        timescale=plan.timescale,
        bandwidth=round(max(bits)) + 1,
        average_bandwidth=round(sum(bits) / len(bits)) + 1,
    )
    name_text(session, row, text)
    session.add(row)
    session.flush()
    session.execute(insert(SegmentRow), [_segment(version.id, plan, kept, *one) for one in kept.segments])
    version.stored_bytes += sum(one.size for _, one in kept.segments)


def _segment(
    version_id: str, plan: Plan, kept: KeptText, name: str, one: EncodedSegment
) -> dict[str, object]:
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
