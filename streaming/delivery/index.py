"""What has been made of each title, for the event loop: read off it, kept as long as it stays true."""

import asyncio
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from streaming.delivery.kept import Kept
from streaming.delivery.values import Version
from streaming.ids import TitleId, VersionId
from transcoder.formats.hls import Rendition, Segment
from transcoder.source.media import Chapter

V = TypeVar("V")

SETTLED_SECONDS = 30.0
"""A finished version is looked up again this often, because a title can be made anew."""
GROWING_SECONDS = 0.25
MAX_TITLES = 512
MAX_PLAYLISTS = 512


class Source(Protocol):
    """The catalogue's index, by shape: `version` and `segments` as `streaming.catalogue.index` has them."""

    def version(self, title_id: TitleId, version_id: VersionId | None = None) -> Any:
        """Give the version that plays or is being made, or the one asked for, or None."""
        ...

    def segments(self, version_id: Any, rendition: str) -> Iterable[Any]:
        """Give the gapless run of visible segments."""
        ...


class LiveIndex:
    """Versions and segments of titles. What grows is read anew after a quarter of a second."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._versions: Kept[tuple[TitleId, VersionId | None], Version] = Kept(MAX_TITLES)
        self._segments: Kept[tuple[str, str, bool], tuple[Segment, ...]] = Kept(MAX_PLAYLISTS)
        self._reading: dict[object, asyncio.Future[Any]] = {}

    async def version(self, title_id: TitleId, version_id: VersionId | None = None) -> Version | None:
        """Describe the version that plays, or the one that a playback began with; None if it is gone."""
        key = (title_id, version_id)
        kept = self._versions.get(key)
        if kept is not None:
            return kept
        found: Version | None = await self._once(key, lambda: self.read_version(title_id, version_id))
        if found is not None:
            self._versions.put(key, found, SETTLED_SECONDS if found.complete else GROWING_SECONDS)
        return found

    async def segments(self, version: Version, rendition: str) -> tuple[Segment, ...]:
        """Give the gapless run of visible segments from sequence 0."""
        # Completeness is part of the key: a list read while the film grew must never pass for the whole.
        key = (version.version_id, rendition, version.complete)
        kept = self._segments.get(key)
        if kept is not None:
            return kept

        def read() -> tuple[Segment, ...]:
            return tuple(_segment(one) for one in self._source.segments(version.version_id, rendition))

        found: tuple[Segment, ...] = await self._once(key, read)
        self._segments.put(key, found, 3600.0 if version.complete else GROWING_SECONDS)
        return found

    def read_version(self, title_id: TitleId, version_id: VersionId | None = None) -> Version | None:
        """Read a version now; blocks."""
        found = self._source.version(title_id, version_id)
        return None if found is None else _version(found)

    async def _once(self, key: object, read: Callable[[], V]) -> V:
        """Read in a thread; whoever asks for the same meanwhile waits for the same answer."""
        running = self._reading.get(key)
        if running is None:
            running = asyncio.ensure_future(asyncio.to_thread(read))
            self._reading[key] = running
            running.add_done_callback(lambda _: self._reading.pop(key, None))
        answer: V = await asyncio.shield(running)
        return answer


def _version(found: Any) -> Version:
    duration = found.duration_us
    return Version(
        title_id=found.title_id,
        version_id=found.version_id,
        name=found.name,
        complete=bool(found.complete),
        period_seconds=found.period_seconds,
        duration_s=None if duration is None else duration / 1_000_000,
        renditions=tuple(_rendition(one) for one in found.renditions),
        target_duration=getattr(found, "target_duration", None),
        chapters=tuple(
            Chapter(Fraction(one.start_s), Fraction(one.end_s), one.title) for one in found.chapters
        ),
        protection=found.protection,
        published_at=found.published_at,
    )


def _rendition(found: Any) -> Rendition:
    return Rendition(
        name=found.name,
        kind=found.kind,
        tier=found.tier,
        codecs=found.codecs,
        bandwidth=found.bandwidth,
        average_bandwidth=found.average_bandwidth,
        width=found.width,
        height=found.height,
        frame_rate=found.frame_rate,
        channels=found.channels,
        language=found.language,
        label=found.label,
        forced=found.forced,
        role=found.role,
        default=found.default,
        hdr=found.hdr,
        init_name=found.init_object.rpartition("/")[2] if found.init_object else None,
        inits=tuple((period, name.rpartition("/")[2]) for period, name in found.period_inits),
        timescale=found.timescale,
    )


def _segment(found: Any) -> Segment:
    name = found.object.rpartition("/")[2]
    return Segment(found.sequence, found.period, Fraction(found.duration_s), name, Fraction(found.start_s))
