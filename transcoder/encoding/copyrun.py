"""Copy many chunks in one run: one process reads the source once, and each chunk is told when it is whole."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from transcoder.encoding.encode import ChunkResult, EncodedSegment, InitSegment, Sink, encode_chunk
from transcoder.keys.keyschedule import NO_PERIOD, CommonKeySource, KeySource
from transcoder.planning.plan import Chunk, Plan
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits


def copy_chunks(
    source: Path,
    plan: Plan,
    chunks: Sequence[Chunk],
    keys: KeySource,
    sinks: Callable[[Chunk], Sink],
    on_chunk: Callable[[ChunkResult], None],
    *,
    progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
    common: CommonKeySource | None = None,
) -> None:
    """Make the `plan.copied` renditions of `chunks`, which follow one another; blocks until all are done.

    Each chunk's segments go to the sink that `sinks` gives for it, init segments to the first one's, those
    of a crypto period to that of its first chunk. `on_chunk` is called in the order of the chunks as soon as
    one is whole, in one of several threads; the run waits for it. Raises what `encode_chunk` and `on_chunk`
    raise, EncodeFailed("not_copyable") if the source's packets are not as planned, and ValueError for chunks
    with gaps.
    """
    if any(one.end_frame != two.first_frame for one, two in pairwise(chunks)):
        raise ValueError("the chunks do not follow one another")
    parts = _Parts(plan, chunks, sinks, on_chunk)
    span = Chunk(
        index=chunks[0].index,
        first_segment=chunks[0].first_segment,
        segments=sum(chunk.segments for chunk in chunks),
        first_frame=chunks[0].first_frame,
        frames=sum(chunk.frames for chunk in chunks),
    )
    encode_chunk(
        source,
        plan,
        span,
        plan.copied,
        keys,
        parts,
        progress=progress,
        cancel=cancel,
        limits=limits,
        common=common,
    )


class _Parts:
    """A sink that gives every segment to its chunk's, and tells of each chunk that is whole."""

    def __init__(
        self,
        plan: Plan,
        chunks: Sequence[Chunk],
        sinks: Callable[[Chunk], Sink],
        on_chunk: Callable[[ChunkResult], None],
    ) -> None:
        winding = (plan.iframes.name,) if plan.iframes.source in plan.copied else ()
        self._names = (*plan.copied, *winding)
        self._chunks = chunks
        self._firsts = [chunk.first_segment for chunk in chunks]
        self._periods = [plan.segments[first].period for first in self._firsts]
        self._sinks = [sinks(chunk) for chunk in chunks]
        self._on_chunk = on_chunk
        self._lock = threading.Lock()
        self._inits: dict[tuple[str, int], InitSegment] = {}
        self._done: list[list[EncodedSegment]] = [[] for _ in chunks]

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Hand on; the last segment of a chunk tells of it."""
        if isinstance(item, InitSegment):
            place = 0 if item.period == NO_PERIOD else self._periods.index(item.period)
            self._sinks[place].put(item, data)
            with self._lock:
                self._inits[item.rendition, item.period] = item
            return
        place = bisect_right(self._firsts, item.sequence) - 1
        self._sinks[place].put(item, data)
        with self._lock:
            done = self._done[place]
            done.append(item)
            if len(done) == self._chunks[place].segments * len(self._names):
                self._on_chunk(self._result(place))
                done.clear()

    def _result(self, place: int) -> ChunkResult:
        done = sorted(self._done[place], key=lambda one: (self._names.index(one.rendition), one.sequence))
        periods = (NO_PERIOD, self._periods[place])
        inits = tuple(
            self._inits[name, period]
            for name in self._names
            for period in periods
            if (name, period) in self._inits
        )
        return ChunkResult(self._chunks[place].index, tuple(done), inits)
