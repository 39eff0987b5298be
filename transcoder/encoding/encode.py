"""Encode one chunk: one ffmpeg process, one decode, all rungs; split, encrypt and hand over each segment."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Protocol

from transcoder.encoding.protect import Protecting, protecting
from transcoder.errors import BadMedia, EncodeFailed
from transcoder.formats import aac, opus
from transcoder.formats.codec_names import planned_codecs, video_codecs
from transcoder.formats.fmp4 import Splitter, add_edit_list, add_light, read_fragment, retime
from transcoder.formats.fmp4_sound import make_fragment
from transcoder.formats.remux import CopiedPicture, CopiedSound, not_copyable
from transcoder.keys.keyschedule import NO_PERIOD, CommonKeySource, KeySource
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import Chunk, IFrameRendition, Plan, Segment
from transcoder.programs import binaries, process
from transcoder.programs.graph import PROGRESS, encode_argv
from transcoder.programs.graph_copy import copied_origin
from transcoder.programs.graph_sound import spare_frames
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox


@dataclass(frozen=True, slots=True)
class InitSegment:
    """The init segment of a rendition; `codecs` as in RFC 6381. `data` is what to store; it holds no secret.

    `period` is the crypto period whose key it names, in `cbcs`; else it is good for all, and `NO_PERIOD`.
    """

    rendition: str
    codecs: str
    size: int
    sha256: bytes
    data: bytes = field(repr=False)
    period: int = NO_PERIOD


@dataclass(frozen=True, slots=True)
class EncodedSegment:
    """One stored segment; `size` and `sha256` are of the ciphertext.

    `frames` counts video frames, AAC frames or cues.
    """

    rendition: str
    tier: str
    sequence: int
    period: int
    duration: Fraction
    frames: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Everything a chunk gave, in order of rendition and sequence."""

    chunk: int
    segments: tuple[EncodedSegment, ...]
    inits: tuple[InitSegment, ...]


class Sink(Protocol):
    """Where segments go as soon as they are ready.

    Called from several threads; per rendition in order and never twice at once. While `put` runs, that
    rendition's encoder waits: this is the back-pressure. An exception ends the chunk and is raised again.
    """

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Store `data` durably under a name of the caller's choice."""


def encode_chunk(
    source: Path,
    plan: Plan,
    chunk: Chunk,
    renditions: Collection[str],
    keys: KeySource,
    sink: Sink,
    *,
    progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
    common: CommonKeySource | None = None,
) -> ChunkResult:
    """Encode `renditions` of `chunk` and hand every segment, encrypted, to `sink`; blocks until done.

    A plan for `cbcs` asks `common` for its keys, one for `aes-128` asks `keys`. Raises EncodeFailed,
    Cancelled, or what `sink` raised. Call it in a thread that lives until it returns: ffmpeg is tied to the
    life of the thread that started it.
    """
    work = _Work(plan, chunk, sink)
    work.protect(protecting(plan, keys, common, work, cancel, limits))
    consumers = work.consumers(renditions)
    if progress is not None:
        consumers[PROGRESS] = _progress(progress, chunk.frames)
    try:
        finished = process.run(
            lambda pipes: encode_argv(binaries.ffmpeg(), source, plan, chunk, renditions, pipes, limits),
            consumers,
            _bounds(plan, chunk, limits),
            Sandbox((source,)),
            cancel,
        )
    except BadMedia as fault:  # it was ended in the middle of a box or a frame, by the system perhaps
        raise _mismatch(f"What came out is cut off: {fault}.") from fault
    process.check(finished, "The film could not be encoded.")
    return work.result(finished.lines)


def _bounds(plan: Plan, chunk: Chunk, limits: Limits) -> Bounds:
    seconds = limits.encode_seconds + limits.encode_factor * float(chunk.frames / plan.frame_rate)
    return Bounds(seconds, limits.memory, limits.open_files, limits.niceness)


def _mismatch(what: str, lines: Sequence[str] = ()) -> EncodeFailed:
    # A damaged film ends its decoder early; what came of it is told to the operator.
    return EncodeFailed(
        "output_mismatch", "The encoder gave less or other than the plan asks.", (*lines, what)
    )


def _progress(report: Callable[[int], None], frames: int) -> process.Consumer:
    def consume(stream: Iterator[bytes]) -> None:
        pending = b""
        for data in stream:
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                name, _, value = line.partition(b"=")
                if name == b"frame" and value.strip().isdigit():
                    report(min(frames, int(value)))

    return consume


class _Work:
    """The running state of one chunk: what each rendition's pipe has given so far."""

    def __init__(self, plan: Plan, chunk: Chunk, sink: Sink) -> None:
        self._plan = plan
        self._chunk = chunk
        self._segments = plan.chunk_segments(chunk)
        self._sink = sink
        self._inits: dict[tuple[str, int], InitSegment] = {}
        self._done: dict[str, list[EncodedSegment]] = {}

    def protect(self, protection: Protecting) -> None:
        """Encrypt what comes in this way."""
        self._protection = protection

    def consumers(self, names: Collection[str]) -> dict[str, process.Consumer]:
        """Give each wanted rendition, best first, the consumer of its pipe; raises ValueError."""
        unknown = set(names) - set(self._plan.renditions)
        if unknown or not names:
            raise ValueError(f"not renditions of this plan: {sorted(unknown)}")
        wanted = [name for name in self._plan.renditions if name in names]
        self._done = {name: [] for name in wanted}
        if self._plan.iframes.source in names:
            self._done[self._plan.iframes.name] = []
        return {name: self._consumer(name) for name in wanted}

    def result(self, lines: tuple[str, ...]) -> ChunkResult:
        """Check that nothing is missing; raises EncodeFailed."""
        for name, done in self._done.items():
            if len(done) != len(self._segments):
                raise _mismatch(f"{name}: {len(done)} of {len(self._segments)} segments.", lines)
        segments = tuple(segment for done in self._done.values() for segment in done)
        names = list(self._done)
        inits = sorted(self._inits.values(), key=lambda init: (names.index(init.rendition), init.period))
        return ChunkResult(self._chunk.index, segments, tuple(inits))

    def _consumer(self, name: str) -> process.Consumer:
        rendition = self._plan.rendition(name)
        assert isinstance(rendition, VideoRendition | AudioRendition)  # noqa: S101  # renditions holds no text

        def consume(stream: Iterator[bytes]) -> None:
            if isinstance(rendition, AudioRendition):
                (self._copied_audio if rendition.copied else self._audio)(rendition, stream)
            else:
                (self._copied_video if rendition.copied else self._video)(rendition, stream)
            self._protection.finish(rendition)

        return consume

    def _copied_video(self, rung: VideoRendition, stream: Iterator[bytes]) -> None:
        copied = CopiedPicture(self._plan, rung, self._segments, copied_origin(self._plan))
        pieces = self._pieces(stream, rung.name)
        for piece in islice(pieces, 1):
            copied.begin(piece)
            self._begin_video(rung, piece)
        for piece in pieces:
            for segment, clear in copied.feed(piece):
                self._protection.put(rung, segment, clear, segment.frames)

    def _copied_audio(self, audio: AudioRendition, stream: Iterator[bytes]) -> None:
        copied = CopiedSound(self._plan, audio, self._segments, copied_origin(self._plan))
        pieces = self._pieces(stream, audio.name)
        for piece in islice(pieces, 1):
            copied.begin(piece)
            self._protection.begin(audio, planned_codecs(audio), _sound_init(audio))
        for piece in pieces:
            self._put_copied(audio, copied.feed(piece))
        self._put_copied(audio, copied.finish())

    def _put_copied(self, audio: AudioRendition, made: Iterable[tuple[Segment, bytes]]) -> None:
        borders = self._plan.audio_borders(audio.name)
        for segment, clear in made:
            frames = borders[segment.sequence + 1] - borders[segment.sequence]
            self._protection.put(audio, segment, clear, frames)

    def _pieces(self, stream: Iterator[bytes], name: str) -> Iterator[bytearray]:
        """Split what ffmpeg copies of the source: what is damaged there shows here."""
        splitter = Splitter()
        try:
            for data in stream:
                yield from splitter.feed(data)
            splitter.close()
        except BadMedia as fault:
            raise not_copyable(name, str(fault)) from fault

    def _video(self, rung: VideoRendition, stream: Iterator[bytes]) -> None:
        splitter = Splitter()
        waiting = iter(self._segments)
        begun = False
        for data in stream:
            for piece in splitter.feed(data):
                if begun:
                    self._put_video(rung, next(waiting, None), piece)
                else:
                    self._begin_video(rung, piece)
                begun = True
        splitter.close()

    def _begin_video(self, rung: VideoRendition, piece: bytearray) -> None:
        init = add_edit_list(piece, self._plan.reorder_ticks(rung))
        light = self._plan.info.video.light
        init = add_light(init, light) if rung.hdr and light else init
        self._protection.begin(rung, video_codecs(piece), init)

    def _put_video(self, rung: VideoRendition, segment: Segment | None, piece: bytearray) -> None:
        found = read_fragment(piece)
        ticks = self._plan.frame_ticks
        if segment is None or len(found.durations) != segment.frames or min(found.shown) != 0:
            wanted = "no more" if segment is None else f"{segment.frames}"
            raise _mismatch(f"{rung.name}: a segment of {len(found.durations)} frames, wanted {wanted}.")
        if set(found.durations) != {ticks}:
            raise _mismatch(f"{rung.name}: frames of uneven length.")
        start, delay = segment.first_frame * ticks, self._plan.reorder_ticks(rung)
        clear = retime(piece, segment.sequence + 1, start, delay)
        self._protection.put(rung, segment, clear, segment.frames)

    def _audio(self, audio: AudioRendition, stream: Iterator[bytes]) -> None:
        self._protection.begin(audio, planned_codecs(audio), _sound_init(audio))
        parser = opus.PacketParser() if audio.codec == "opus" else aac.AdtsParser(audio.rate, audio.channels)
        borders = self._plan.audio_borders(audio.name)
        waiting = iter(self._segments)
        segment = next(waiting, None)
        skip = spare_frames(self._plan, audio, self._chunk)
        frames: list[bytes] = []
        for data in stream:
            for frame in parser.feed(data):
                if skip or segment is None:
                    skip = max(0, skip - 1)
                    continue
                frames.append(frame)
                first, end = borders[segment.sequence : segment.sequence + 2]
                if len(frames) == end - first:
                    start = audio.phase + first * audio.samples
                    clear = make_fragment(segment.sequence + 1, start, frames, audio.samples)
                    self._protection.put(audio, segment, clear, len(frames))
                    frames, segment = [], next(waiting, None)
        parser.close()

    def put_init(self, name: str, period: int, codecs: str, data: bytes) -> None:
        """Hand an init segment on."""
        init = InitSegment(name, codecs, len(data), hashlib.sha256(data).digest(), data, period)
        self._inits[name, period] = init
        self._sink.put(init, data)

    def put_stored(
        self,
        rendition: VideoRendition | AudioRendition | IFrameRendition,
        segment: Segment,
        stored: bytes,
        frames: int,
    ) -> None:
        """Hand an encrypted segment on."""
        encoded = EncodedSegment(
            rendition.name,
            rendition.tier,
            segment.sequence,
            segment.period,
            self._plan.segment_duration(rendition.name, segment.sequence),
            frames,
            len(stored),
            hashlib.sha256(stored).digest(),
        )
        self._sink.put(encoded, stored)
        self._done[rendition.name].append(encoded)


def _sound_init(audio: AudioRendition) -> bytes:
    if audio.codec == "opus":
        return opus.make_init(audio.channels)
    return aac.make_init(audio.bitrate, audio.rate, audio.channels)
