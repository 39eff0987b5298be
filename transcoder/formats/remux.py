"""Copied streams: from the fragments that ffmpeg writes of a source's packets to the plan's segments. Pure.

ffmpeg begins a fragment at every key frame of the picture, and cuts sound anywhere; times are the
container's, moved as `graph_copy` says. Here packets get their numbers on the film's grid, by their times
alone, and their place in segments; not a byte of a packet changes.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from transcoder.errors import BadMedia, EncodeFailed
from transcoder.formats import aac
from transcoder.formats.fmp4 import find, make_video_fragment, read_fragment
from transcoder.formats.fmp4_sound import make_fragment
from transcoder.formats.h264 import AvcConfig, is_idr, read_avcc
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import Plan, Segment


def not_copyable(name: str, why: str) -> EncodeFailed:
    """The fault of a source that cannot be copied after all: code "not_copyable"."""
    return EncodeFailed("not_copyable", f"The source cannot be copied: {why}.", (name,))


class CopiedPicture:
    """Joins fragments of a picture to `segments`. `origin`: seconds at which the film's first frame is shown.

    Every method raises EncodeFailed("not_copyable") where the packets are not as planned.
    """

    def __init__(
        self, plan: Plan, rung: VideoRendition, segments: Sequence[Segment], origin: Fraction
    ) -> None:
        self._plan = plan
        self._rung = rung
        self._origin = origin * plan.timescale
        self._first, self._end = segments[0].first_frame, segments[-1].end_frame
        self._waiting = iter(segments)
        self._segment: Segment | None = next(self._waiting)
        self._config: AvcConfig | None = None
        self._rows: list[tuple[int, int]] = []
        self._numbered: set[int] = set()
        self._payload = bytearray()

    def begin(self, init: bytearray) -> None:
        """Take the init segment."""
        try:
            self._config = read_avcc(init)
        except BadMedia as fault:
            raise not_copyable(self._rung.name, str(fault)) from fault

    def feed(self, piece: bytearray) -> Iterator[tuple[Segment, bytes]]:
        """Take the next fragment; yields the segment that it completes."""
        try:
            numbers, sizes = self._numbers(piece)
            if max(numbers) < self._first:
                return  # ffmpeg begins at the key frame before the place it was told
            self._join(piece, numbers, sizes)
            segment = self._segment
            made = self._made(segment) if segment and len(self._rows) == segment.frames else None
        except BadMedia as fault:
            raise not_copyable(self._rung.name, str(fault)) from fault
        if segment is not None and made is not None:
            yield segment, made

    def _numbers(self, piece: bytearray) -> tuple[list[int], tuple[int, ...]]:
        """Number the samples of a fragment on the film's grid; in decoding order, as their sizes."""
        found = read_fragment(piece)
        ticks, begin = self._plan.frame_ticks, found.start - self._origin
        return [round((begin + at) / ticks) for at in found.shown], found.sizes

    def _join(self, piece: bytearray, numbers: list[int], sizes: tuple[int, ...]) -> None:
        segment, place = self._segment, len(self._rows)
        if segment is None:
            if self._end < self._plan.frames:
                return  # the first frames after the last segment that was asked for
            raise BadMedia("more pictures come than were counted")
        if place + len(numbers) > segment.frames:
            raise BadMedia("a key frame is not where it was")
        if any(not segment.first_frame <= number < segment.end_frame for number in numbers):
            raise BadMedia("a picture is shown outside of its segment")
        self._check(piece, sizes, begins=not place)
        delay = self._plan.reorder_ticks(self._rung)
        for decoded, (number, size) in enumerate(
            zip(numbers, sizes, strict=True), segment.first_frame + place
        ):
            self._rows.append((size, (number - decoded) * self._plan.frame_ticks + delay))
        self._numbered.update(numbers)
        mdat = find(piece, "mdat")
        self._payload += memoryview(piece)[mdat.body : mdat.end]

    def _check(self, piece: bytearray, sizes: tuple[int, ...], *, begins: bool) -> None:
        """See that a segment begins with an IDR picture, and that no sample changes the parameters."""
        if self._config is None:
            raise BadMedia("no init segment came first")
        at = find(piece, "mdat").body
        for number, size in enumerate(sizes):
            idr = is_idr(piece, at, at + size, self._config)
            if begins and not number and not idr:
                raise BadMedia("decoding cannot begin at a key frame")
            at += size

    def _made(self, segment: Segment) -> bytes:
        if len(self._numbered) != segment.frames:
            raise BadMedia("two pictures come at one time")
        ticks = self._plan.frame_ticks
        made = make_video_fragment(
            segment.sequence + 1, segment.first_frame * ticks, ticks, self._rows, self._payload
        )
        self._segment = next(self._waiting, None)
        self._rows, self._numbered, self._payload = [], set(), bytearray()
        return made


class CopiedSound:
    """Puts AAC frames into `segments` by their times; where there are none, silence.

    `origin` as for `CopiedPicture`. Methods raise EncodeFailed("not_copyable").
    """

    def __init__(
        self, plan: Plan, audio: AudioRendition, segments: Sequence[Segment], origin: Fraction
    ) -> None:
        self._audio = audio
        self._origin = origin * audio.rate + audio.phase
        self._borders = plan.audio_borders(audio.name)
        self._waiting = iter(segments)
        self._segment: Segment | None = next(self._waiting)
        self._at = self._first = self._borders[segments[0].sequence]
        self._silence = aac.silence(audio.channels)
        self._frames: list[bytes] = []

    def begin(self, init: bytearray) -> None:
        """Take the init segment."""
        try:
            known = aac.is_configured(init, self._audio.rate, self._audio.channels)
        except BadMedia as fault:
            raise not_copyable(self._audio.name, str(fault)) from fault
        if not known:
            raise not_copyable(self._audio.name, "its AAC is of an unusual kind")

    def feed(self, piece: bytearray) -> Iterator[tuple[Segment, bytes]]:
        """Take the next fragment; yields the segments that it completes."""
        try:
            found = read_fragment(piece)
            at = find(piece, "mdat").body
        except BadMedia as fault:
            raise not_copyable(self._audio.name, str(fault)) from fault
        for shown, size in zip(found.shown, found.sizes, strict=True):
            number = round((found.start + shown - self._origin) / self._audio.samples)
            frame = bytes(memoryview(piece)[at : at + size])
            at += size
            if number < self._first:
                continue  # priming, or sound before the first segment
            if number < self._at:
                raise not_copyable(self._audio.name, "its sound comes twice")
            yield from self._fill(number)
            yield from self._take(frame)

    def finish(self) -> Iterator[tuple[Segment, bytes]]:
        """At the end of the source: sound may end before the picture does."""
        if self._segment is not None:
            yield from self._fill(self._borders[-1])

    def _fill(self, number: int) -> Iterator[tuple[Segment, bytes]]:
        while self._at < number and self._segment is not None:
            yield from self._take(self._silence)

    def _take(self, frame: bytes) -> Iterator[tuple[Segment, bytes]]:
        segment = self._segment
        if segment is None:
            return
        self._frames.append(frame)
        self._at += 1
        if self._at == self._borders[segment.sequence + 1]:
            first, samples = self._borders[segment.sequence], self._audio.samples
            start = self._audio.phase + first * samples
            yield segment, make_fragment(segment.sequence + 1, start, self._frames, samples)
            self._frames, self._segment = [], next(self._waiting, None)
