"""Where a film is cut: segments, crypto periods, chunks; all in whole frames. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

AUDIO_RATE = 48_000
AAC_SAMPLES = 1024
OPUS_SAMPLES = 960

_RAMP = (1, 1, 2, 2, 2)
"""Seconds of the film's first segments: short, so that the first picture comes at once."""

_TINY = Fraction(2, 5)
"""A last segment shorter than this joins the one before it; the sum still rounds to the target duration."""

_FIRST_CHUNKS = (2, 6, 16)
"""Seconds of the first chunks, at most: short, so that playing and progress begin early."""

_SHARE = 4
"""A chunk is at most this part of what is left of the film: else one process would work on the last of it
alone, with the other cores idle."""

_LEAST_CHUNK = 10
"""Seconds below which a process of its own costs more than it gains: it decodes from a key frame on, fills
the encoder's view and drains it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """`frames` frames from `first_frame` on; `sequence` is the media sequence number and the IV."""

    sequence: int
    first_frame: int
    frames: int
    period: int

    @property
    def end_frame(self) -> int:
        """The first frame after this segment."""
        return self.first_frame + self.frames


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one ffmpeg process encodes: `segments` segments from `first_segment` on."""

    index: int
    first_segment: int
    segments: int
    first_frame: int
    frames: int

    @property
    def end_frame(self) -> int:
        """The first frame after this chunk."""
        return self.first_frame + self.frames


class Sound(Protocol):
    """The grid of an audio rendition: frame `n` begins `phase + n * samples` samples after the film."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        ...

    @property
    def samples(self) -> int:
        """Samples of one frame."""
        ...

    @property
    def phase(self) -> int:
        """Samples from the first picture to the first frame."""
        ...


def period_length(rate: Fraction, period_seconds: int) -> int:
    """Frames of one crypto period."""
    return max(1, round(period_seconds * rate))


def segment_borders(
    frames: int, rate: Fraction, period_seconds: int, segment_seconds: int
) -> tuple[int, ...]:
    """Frames at which segments begin, ending with `frames` itself.

    1, 1, 2, 2, 2 s and then `segment_seconds` each, begun anew at every crypto period.
    """
    period_frames = period_length(rate, period_seconds)
    borders = [0]
    for start in range(0, frames, period_frames):
        end = min(frames, start + period_frames)
        for second in _seconds(start == 0, period_seconds, segment_seconds):
            border = start + round(second * rate)
            if borders[-1] < border < end:
                borders.append(border)
        borders.append(end)
    if len(borders) > 2 and _may_join(borders, rate, period_frames):
        del borders[-2]
    return tuple(borders)


def _seconds(first_period: bool, period_seconds: int, segment_seconds: int) -> list[int]:
    marks: list[int] = []
    at = 0
    steps = iter(_RAMP if first_period else ())
    while (at := at + next(steps, segment_seconds)) < period_seconds:
        marks.append(at)
    return marks


def _may_join(borders: list[int], rate: Fraction, period_frames: int) -> bool:
    tiny = (borders[-1] - borders[-2]) < _TINY * rate
    return tiny and borders[-2] % period_frames != 0


def copied_borders(
    keys: Sequence[int], frames: int, rate: Fraction, segment_seconds: int, longest_seconds: int
) -> tuple[int, ...]:
    """Frames at which segments begin where that must be at one of `keys`, ending with `frames` itself.

    As near to 1, 1, 2, 2, 2 s and then `segment_seconds` as the key frames allow. Crypto periods follow: a
    segment belongs to the one in which it begins. Raises ValueError unless `keys` rise from 0 with at most
    `longest_seconds` between them.
    """
    ends = (*keys, frames)
    most = round(longest_seconds * rate)
    if ends[0] != 0 or any(not 0 < b - a <= most for a, b in pairwise(ends)):
        raise ValueError("key frames must rise from the first frame and stand close enough")
    borders, steps = [0], iter(_RAMP)
    while borders[-1] < frames:
        wanted = round(next(steps, segment_seconds) * rate)
        borders.append(_next_border(ends, borders[-1], wanted, most))
    if len(borders) > 2 and borders[-1] - borders[-2] < _TINY * rate:
        del borders[-2]
    return tuple(borders)


def _next_border(ends: Sequence[int], at: int, wanted: int, most: int) -> int:
    """The last key frame that is not too late; one a little later rather than a sliver of a segment."""
    place = bisect_right(ends, at + wanted)
    early, late = ends[place - 1], ends[min(place, len(ends) - 1)]
    if early > at and ((early - at) * 2 >= wanted or not at < late <= at + most):
        return early
    return late


def make_segments(borders: tuple[int, ...], period_frames: int) -> tuple[Segment, ...]:
    """Number the segments between `borders`."""
    return tuple(
        Segment(number, first, end - first, first // period_frames)
        for number, (first, end) in enumerate(pairwise(borders))
    )


def chunk_borders(segments: tuple[Segment, ...], rate: Fraction) -> tuple[int, ...]:
    """Segments at which chunks begin, ending with the number of segments; a chunk lies in one period.

    After the first ones a chunk is a whole period, but towards the end they become shorter, so that all
    hands end together.
    """
    borders, most = [0], _FIRST_CHUNKS[0] * rate
    for segment in segments[1:]:
        first = segments[borders[-1]]
        grown = segment.first_frame - first.first_frame + rate / 2 >= most
        if segment.period != first.period or grown:
            borders.append(segment.sequence)
            most = _chunk_frames(len(borders) - 1, segment, segments, rate)
    if len(borders) > 2 and _is_short_tail(segments, borders, rate):
        borders.pop()
    return (*borders, len(segments))


def _chunk_frames(number: int, first: Segment, segments: tuple[Segment, ...], rate: Fraction) -> Fraction:
    """Frames of the chunk number `number`, counted from 0, that begins with `first`."""
    next_period = bisect_right(segments, first.period, key=lambda segment: segment.period)
    here = segments[next_period - 1].end_frame - first.first_frame
    share = max(_LEAST_CHUNK * rate, Fraction(segments[-1].end_frame - first.first_frame, _SHARE))
    most = Fraction(here, max(1, round(here / share)))
    return min(most, _FIRST_CHUNKS[number] * rate) if number < len(_FIRST_CHUNKS) else most


def _is_short_tail(segments: tuple[Segment, ...], borders: list[int], rate: Fraction) -> bool:
    """A process of its own is not worth a last chunk of half the least length, if its period has another."""
    before, last = segments[borders[-2]], segments[borders[-1]]
    tail = segments[-1].end_frame - last.first_frame
    return before.period == last.period and tail * 2 < _LEAST_CHUNK * rate


def make_chunks(borders: tuple[int, ...], segments: tuple[Segment, ...]) -> tuple[Chunk, ...]:
    """Turn segment numbers into chunks."""
    chunks = []
    for index, (first, end) in enumerate(pairwise(borders)):
        start = segments[first].first_frame
        chunks.append(Chunk(index, first, end - first, start, segments[end - 1].end_frame - start))
    return tuple(chunks)


def audio_border(frame: int, rate: Fraction, sound: Sound, *, last: bool) -> int:
    """The audio frame at which sound is cut for a video border: the nearest, or all-covering at the end."""
    if frame == 0:
        return 0
    exact = (frame / rate * sound.rate - sound.phase) / sound.samples
    return -int(-exact // 1) if last else round(exact)
