"""What can be made of a film before all of it is here, and what of that may be kept. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from fractions import Fraction

from transcoder.planning.copying import PacketReader, why_not, why_not_packets
from transcoder.planning.plan import Chunk, Plan
from transcoder.source.media import MediaInfo, VideoTrack

MARGIN_SECONDS = 1
MARGIN_FRAMES = 32
"""How much film must be here behind a chunk: filters look ahead and sound is cut a little later than the
picture; and twice as many frames as H.264 lets pictures be reordered by, should a container's decoding times
be guessed."""

COPY_SECONDS = 120
"""A picture that could be copied as far as this will be copied."""


@dataclass
class _Stream:
    """One stream in decoding order: `reach` is the decoding time, in ticks, of the last packet that is here
    without one missing before it; `open` until one is missing."""

    reach: int | None = None
    open: bool = True


@dataclass
class Arrivals:
    """Follows the packets of a film's picture and sound as a reader of its first `arrived` bytes gives them.

    Whatever comes later is decoded, and so shown, no sooner than the last packet that is wholly here: what
    is shown before that can be encoded. `known` is how far that reached at an earlier look, in seconds of
    film: the packets may begin anywhere before that, or else with the film's first.
    """

    info: MediaInfo
    arrived: int
    known: Fraction = Fraction(0)
    _streams: dict[int, _Stream] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Wait for every stream that is used."""
        self._bases = {track.index: track.time_base for track in self.info.audios}
        self._bases[self.info.video.index] = self.info.video.time_base
        self._streams = {index: _Stream() for index in self._bases}

    def take(self, index: int, dts: int | None, pos: int | None, size: int | None, flags: str) -> None:
        """Take a packet: `dts` in ticks of its stream, `pos` and `size` in bytes of the file, `flags` as
        ffprobe writes them; None for what it does not know."""
        stream = self._streams.get(index)
        if stream is None or not stream.open:
            return
        # One that ends with the last byte may have been cut off there.
        stream.open = pos is not None and size is not None and pos >= 0 and pos + size < self.arrived
        stream.open = stream.open and "C" not in flags and self._follows(index, stream, dts)
        if stream.open and dts is not None:
            stream.reach = dts

    def _follows(self, index: int, stream: _Stream, dts: int | None) -> bool:
        if dts is None:  # it says nothing of how far its stream has come
            return True
        if stream.reach is not None:
            return dts >= stream.reach
        return not self.known or self._seconds(index, dts) <= self.known

    def _seconds(self, index: int, ticks: int) -> Fraction:
        return ticks * self._bases[index] - self.info.video.start

    @property
    def reach(self) -> Fraction:
        """Seconds of film, from its first picture on, of which every picture and all sound is here."""
        found = [
            self.known if stream.reach is None else self._seconds(index, stream.reach)
            for index, stream in self._streams.items()
        ]
        return max(self.known, min(found))


def is_here(plan: Plan, chunk: Chunk, reach: Fraction) -> bool:
    """Tell whether a chunk of a film that is here up to `reach` can be encoded as if the whole film were.

    The last chunk never can: where the film ends is known once its last byte is here.
    """
    end = (chunk.end_frame + MARGIN_FRAMES) / plan.frame_rate + MARGIN_SECONDS
    return chunk.index < len(plan.chunks) - 1 and end <= reach


def may_be_copied(plan: Plan, reader: PacketReader) -> bool:
    """Tell whether a film's picture may become a copied rung, by those of its packets that `reader` took.

    It is not begun then: its grid follows from all its key frames, and it plays a moment after its last byte.
    """
    if why_not(plan.info.video, plan.policy):
        return False
    packets = reader.so_far()
    if packets.fault or not packets.keys:
        return not packets.fault
    seen = replace(plan.info.video, frames=max(reader.shown, packets.keys[-1] + 1))
    return not why_not_packets(replace(plan, info=replace(plan.info, video=seen)), packets)


def taken_over(early: Plan, plan: Plan, made: Collection[int]) -> tuple[Plan, int]:
    """Give a film's own plan with the chunks that were `made` by an early one, and how many of these.

    They are kept from the first on, as long as every segment in them is the same; where the rest is cut into
    chunks the film's own plan says.
    """
    if plan.copied or not _agree(early, plan):
        return plan, 0
    kept = 0
    while kept in made and kept < len(early.chunks) and _is_same(early, plan, early.chunks[kept]):
        kept += 1
    if not kept:
        return plan, 0
    borders = early.chunk_borders[: kept + 1]
    rest = tuple(border for border in plan.chunk_borders if border > borders[-1])
    return replace(plan, chunk_borders=(*borders, *rest)), kept


def _agree(early: Plan, plan: Plan) -> bool:
    """Whether whatever does not depend on a film's length is the same."""

    def facts(one: Plan) -> tuple[object, ...]:
        rungs = (one.lowest, one.audios, one.timescale, one.frame_ticks, one.period_frames)
        return (one.policy, one.info.container, _endless(one.info.video), one.info.audios, *rungs)

    return facts(early) == facts(plan)


def _endless(track: VideoTrack) -> VideoTrack:
    return replace(track, frames=0, light=None)


def _is_same(early: Plan, plan: Plan, chunk: Chunk) -> bool:
    first, end = chunk.first_segment, chunk.first_segment + chunk.segments
    return early.segments[first:end] == plan.segments[first:end] and all(
        early.audio_borders(one.name)[first : end + 1] == plan.audio_borders(one.name)[first : end + 1]
        for one in plan.audios
    )
