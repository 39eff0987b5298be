"""Reading the index for delivery: what of a title plays right now, in playlist order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby

from sqlalchemy import and_, false, or_, select, true

from streaming.catalogue.model import PeriodInitRow, RenditionRow, SegmentRow, TitleRow, VersionRow
from streaming.catalogue.values import ChapterView, TitleState
from streaming.catalogue.views import chapters_of
from streaming.db.engine import Database
from streaming.ids import AccountId, TitleId, VersionId


@dataclass(frozen=True, slots=True)
class IndexedRendition:
    """A rendition that plays or, while the film is made, will; bandwidths in bit/s, `timescale` in ticks/s.

    `init_object` is None for text and images, and as long as no segment of the rendition is there. Of `cbcs`
    it is the first of `period_inits`: those of crypto periods.
    """

    name: str
    kind: str
    tier: str
    codecs: str
    width: int | None
    height: int | None
    frame_rate: Fraction | None
    channels: int | None
    language: str
    label: str
    forced: bool
    role: str
    default: bool
    hdr: str
    bandwidth: int
    average_bandwidth: int
    init_object: str | None
    timescale: int
    period_inits: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IndexedSegment:
    """A visible segment; start and duration in exact seconds of film, size in bytes."""

    sequence: int
    period: int
    start_s: Fraction
    duration_s: Fraction
    object: str
    size: int


@dataclass(frozen=True, slots=True)
class IndexedVersion:
    """What delivery needs of a title: its playing version. `complete` means every segment is there.

    `owner_id`, `title_id` and `number` are the binding of the wrapped secrets (`streaming.keys.titles`).
    """

    title_id: TitleId
    version_id: VersionId
    number: int
    owner_id: AccountId
    name: str
    state: TitleState
    complete: bool
    protection: str
    period_seconds: int
    duration_us: int | None
    playable_us: int
    renditions: tuple[IndexedRendition, ...]
    chapters: tuple[ChapterView, ...] = ()
    published_at: datetime | None = None


class TitleIndex:
    """Read access to what is visible; every call sees one snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def labels(self, title_ids: Collection[TitleId]) -> list[tuple[TitleId, str, AccountId]]:
        """Tell what titles are called and whose they are, whatever their state."""
        query = select(TitleRow.id, TitleRow.name, TitleRow.owner_id).where(TitleRow.id.in_(title_ids))
        with self._database.read() as session:
            found = session.execute(query).all()
        return [(TitleId(id_), name, AccountId(owner)) for id_, name, owner in found]

    def version(self, title_id: TitleId, version_id: VersionId | None = None) -> IndexedVersion | None:
        """Give the title's version that plays or is being made, or None.

        With `version_id`, give that one, also when it was published and another has taken its place since.
        """
        which = VersionRow.id == TitleRow.version_id
        if version_id is not None:
            published = VersionRow.published_at.is_not(None)
            which = and_(VersionRow.id == version_id, or_(which, published))
        with self._database.read() as session:
            found = session.execute(
                select(TitleRow, VersionRow)
                .join(VersionRow, and_(VersionRow.title_id == TitleRow.id, which))
                .where(TitleRow.id == title_id)
            ).first()
            if found is None:
                return None
            title, row = found
            visible = (
                select(SegmentRow.sequence)
                .where(SegmentRow.version_id == row.id, SegmentRow.rendition == RenditionRow.name)
                .exists()
            )
            # A player reads the multivariant playlist once: a rung it does not name is missing for good.
            # What may fail to come, and is done without then, is listed once it is there.
            sure = RenditionRow.kind.not_in(("text", "image"))
            coming = sure if row.published_at is None else false()
            # What was made before the film was complete is nobody's to see.
            known = true() if row.early_us is None else false()
            renditions = session.scalars(
                select(RenditionRow)
                .where(RenditionRow.version_id == row.id, or_(visible, coming), known)
                .order_by(RenditionRow.position)
            ).all()
            inits = session.scalars(
                select(PeriodInitRow)
                .where(PeriodInitRow.version_id == row.id)
                .order_by(PeriodInitRow.rendition, PeriodInitRow.period)
            ).all()
        by_name = {
            name: tuple((one.period, one.object) for one in found)
            for name, found in groupby(inits, key=lambda one: one.rendition)
        }
        return IndexedVersion(
            title_id=TitleId(title.id),
            version_id=VersionId(row.id),
            number=row.number,
            owner_id=AccountId(title.owner_id),
            name=title.name,
            state=TitleState(title.state),
            complete=row.published_at is not None,
            protection=row.protection,
            period_seconds=row.period_seconds,
            duration_us=row.duration_us,
            playable_us=row.playable_us,
            renditions=tuple(_rendition(found, by_name.get(found.name, ())) for found in renditions),
            chapters=chapters_of(row),
            published_at=row.published_at,
        )

    def segments(self, version_id: VersionId, rendition: str) -> tuple[IndexedSegment, ...]:
        """Give a rendition's segments from the first on, up to the first gap."""
        with self._database.read() as session:
            timescale = session.scalar(
                select(RenditionRow.timescale).where(
                    RenditionRow.version_id == version_id, RenditionRow.name == rendition
                )
            )
            rows = session.execute(
                select(
                    SegmentRow.sequence,
                    SegmentRow.period,
                    SegmentRow.start_ticks,
                    SegmentRow.duration_ticks,
                    SegmentRow.object,
                    SegmentRow.size,
                )
                .join(VersionRow, VersionRow.id == SegmentRow.version_id)
                .where(SegmentRow.version_id == version_id, SegmentRow.rendition == rendition)
                .where(VersionRow.early_us.is_(None))
                .order_by(SegmentRow.sequence)
            ).all()
        gapless = (row for place, row in enumerate(rows) if row.sequence == place)
        return tuple(
            IndexedSegment(
                sequence=row.sequence,
                period=row.period,
                start_s=Fraction(row.start_ticks, timescale or 1),
                duration_s=Fraction(row.duration_ticks, timescale or 1),
                object=row.object,
                size=row.size,
            )
            for row in gapless
        )

    def secrets(self, version_id: VersionId) -> tuple[bytes, bytes] | None:
        """Give the wrapped title secret and server share, or None when they were shredded."""
        with self._database.read() as session:
            found = session.execute(
                select(VersionRow.wrapped_title_secret, VersionRow.wrapped_server_share).where(
                    VersionRow.id == version_id
                )
            ).first()
        if found is None or found[0] is None or found[1] is None:
            return None
        return found[0], found[1]


def _rendition(row: RenditionRow, inits: tuple[tuple[int, str], ...]) -> IndexedRendition:
    rate = None
    if row.frame_rate_num and row.frame_rate_den:
        rate = Fraction(row.frame_rate_num, row.frame_rate_den)
    return IndexedRendition(
        name=row.name,
        kind=row.kind,
        tier=row.tier,
        codecs=row.codecs,
        width=row.width,
        height=row.height,
        frame_rate=rate,
        channels=row.channels,
        language=row.language,
        label=row.label,
        forced=row.forced,
        role=row.role,
        default=row.is_default,
        hdr=row.hdr,
        bandwidth=row.bandwidth,
        average_bandwidth=row.average_bandwidth,
        init_object=inits[0][1] if inits else row.init_object,
        period_inits=inits,
        timescale=row.timescale,
    )
