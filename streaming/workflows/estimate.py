"""How far a film is and how long it still takes, by frames really encoded and what they cost. Pure.

A frame of a chunk's part costs what this film's own finished chunks of that part took; of a part that none is
finished of, what its rungs' sizes and codecs make likely. What is left, in such seconds, goes at the pace at
which the whole house has worked on this film lately, however many workers that were. The check comes last.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streaming.catalogue.values import PartCount
from transcoder.planning.ladder import VideoRendition
from transcoder.source.media import VideoTrack

WINDOW_SECONDS = 20.0
LEAST_SECONDS = 1.0
LEAST_FRAMES = 40
"""Fewer frames than this say more of how a process starts than of what a frame costs."""
CODEC_COST = {"h264": 1.0, "hevc": 3.0, "av1": 3.0}
DECODE_COST = 0.25
"""Of a source frame, against encoding a frame of that size as H.264."""
COPY_COST = 0.01
CHECK_BYTES_A_SECOND = 60_000_000
"""Stored bytes that the last check decrypts and reads, until a check was measured."""
ENCODED = 0.98
"""The share of the bar that encoding fills; the check fills the rest."""


def likely_cost(video: VideoTrack, rungs: Iterable[VideoRendition]) -> float:
    """What a source frame costs that is decoded once and encoded for `rungs`, in megapixels of H.264."""
    made = [rung for rung in rungs if not rung.copied]
    decode = DECODE_COST * video.width * video.height if made else 0.0
    encode = sum(CODEC_COST.get(rung.codec, 1.0) * rung.width * rung.height for rung in made)
    copied = COPY_COST * video.width * video.height
    return (decode + encode + copied) / 1e6


def frame_costs(counts: Mapping[str, PartCount], likely: Mapping[str, float]) -> dict[str, float]:
    """Seconds of one encoder that one counted frame of each part costs."""
    known = {
        part: one for part, one in counts.items() if one.timed_frames >= LEAST_FRAMES and one.seconds > 0
    }
    guessed = sum(likely.get(part, 1.0) * one.timed_frames for part, one in known.items())
    scale = sum(one.seconds for one in known.values()) / guessed if guessed else 1.0
    return {
        part: known[part].seconds / known[part].timed_frames
        if part in known
        else likely.get(part, 1.0) * scale
        for part in counts
    }


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan lets expect of each part: what a counted frame may cost, and how many frames there are.

    Parts whose ladder is yet to be decided are in no queue, but they are work: without them a film would be
    nearly done in its first seconds.
    """

    costs: Mapping[str, float] = field(default_factory=dict)
    frames: Mapping[str, int] = field(default_factory=dict)

    def complete(self, counts: Mapping[str, PartCount]) -> dict[str, PartCount]:
        """Add to what is counted the parts that are still to come."""
        return {part: PartCount(0, frames) for part, frames in self.frames.items() if frames} | dict(counts)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the making is: `percent` of the bar, `eta_s` seconds left, None while nobody can know."""

    frames: int
    percent: float
    eta_s: float | None


class Meter:
    """Follows one film; not thread-safe. Keeps the frames of the last while by part, not their cost: what a
    frame costs is known better with every chunk that ends."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, dict[str, int]]] = deque()

    def note(self, at: float, counts: Mapping[str, PartCount], outlook: Outlook, check_s: float) -> Standing:
        """Note the counts at the monotonic time `at`, and say how far the film is."""
        counts = outlook.complete(counts)
        done = {part: one.done for part, one in counts.items()}
        if self._points and any(count < self._points[-1][1].get(part, 0) for part, count in done.items()):
            self._points.clear()  # an attempt failed: what it had counts no more
        self._points.append((at, done))
        while len(self._points) > 2 and self._points[1][0] < at - WINDOW_SECONDS:
            self._points.popleft()
        costs = frame_costs(counts, outlook.costs)
        made = sum(costs[part] * one.done for part, one in counts.items())
        all_of_it = sum(costs[part] * one.total for part, one in counts.items())
        pace = self._pace(costs)
        return Standing(
            frames=sum(done.values()),
            percent=100 * ENCODED * min(1.0, made / all_of_it) if all_of_it else 0.0,
            eta_s=None if pace is None else max(0.0, all_of_it - made) / pace + check_s,
        )

    def _pace(self, costs: Mapping[str, float]) -> float | None:
        """Cost made a second, over the window; None while it is too short to say."""
        (began, before), (now, done) = self._points[0], self._points[-1]
        made = sum(costs[part] * (count - before.get(part, 0)) for part, count in done.items())
        return made / (now - began) if now - began >= LEAST_SECONDS and made > 0 else None
