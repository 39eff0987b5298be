"""Text subtitles, embedded or uploaded, to encrypted WebVTT: one segment per crypto period."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from transcoder.encoding.encode import EncodedSegment, Sink
from transcoder.errors import EncodeFailed
from transcoder.keys.encrypt import encrypt_segment
from transcoder.keys.keyschedule import KeySource
from transcoder.planning.plan import Plan, TextRendition
from transcoder.programs import binaries, process
from transcoder.programs.graph import subtitle_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox
from transcoder.texts import webvtt
from transcoder.texts.ass import read_ass
from transcoder.texts.subtitlefile import MOST_BYTES
from transcoder.texts.webvtt import in_order

_MOST_TEXT = 32 << 20


def extract_text(
    source: Path,
    plan: Plan,
    text: TextRendition,
    keys: KeySource,
    sink: Sink,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[EncodedSegment, ...]:
    """Read one subtitle track and hand its segments to `sink`; raises EncodeFailed, Cancelled.

    The media sequence number of a text segment is its crypto period. The whole file is read once: text is
    strewn over all of it.
    """

    def read(most: int, *, styled: bool) -> str:
        return _read(source, plan, text, cancel, limits, most, styled=styled)

    cues = _styled_cues(read) if _is_styled(plan, text) else []
    return cut_text(plan, text, cues or webvtt.read_cues(read(_MOST_TEXT, styled=False)), keys, sink)


def cut_text(
    plan: Plan, text: TextRendition, cues: list[webvtt.Cue], keys: KeySource, sink: Sink
) -> tuple[EncodedSegment, ...]:
    """Cut cues, in order of time, into encrypted segments and hand them to `sink`; pure but for that.

    The name of `text` must be new within its version: key and IV are made from it and the period alone.
    """
    return tuple(_put(plan, text, cues, period, keys, sink) for period in range(plan.periods))


def _is_styled(plan: Plan, text: TextRendition) -> bool:
    return any(track.index == text.stream and track.codec in ("ass", "ssa") for track in plan.info.texts)


def _styled_cues(read: Callable[..., str]) -> list[webvtt.Cue]:
    """Read an ASS track with its places; none where it cannot be had so, and ffmpeg's WebVTT has to do."""
    try:
        return in_order(read_ass(read(MOST_BYTES, styled=True), strict=False))
    except EncodeFailed as fault:
        if fault.code == "timed_out":
            raise
        return []


def _read(
    source: Path,
    plan: Plan,
    text: TextRendition,
    cancel: threading.Event | None,
    limits: Limits,
    most: int,
    *,
    styled: bool,
) -> str:
    out = bytearray()

    def collect(stream: Iterator[bytes]) -> None:
        for data in stream:
            out.extend(data)
            if len(out) > most:
                raise EncodeFailed("output_mismatch", "The subtitles are larger than any film's.")

    seconds = limits.encode_seconds + float(plan.duration)
    finished = process.run(
        lambda pipes: subtitle_argv(
            binaries.ffmpeg(), source, plan, text, pipes["text"], limits, styled=styled
        ),
        {"text": collect},
        Bounds(seconds, limits.memory, limits.open_files),
        Sandbox((source,)),
        cancel,
    )
    process.check(finished, "The subtitles could not be read.")
    return out.decode("utf-8", "replace")


def _put(
    plan: Plan, text: TextRendition, cues: list[webvtt.Cue], period: int, keys: KeySource, sink: Sink
) -> EncodedSegment:
    start = period * plan.period_frames / plan.frame_rate
    duration = plan.text_duration(period)
    body = webvtt.write_segment(cues, round(start * 1000), round((start + duration) * 1000))
    stored = encrypt_segment(body.encode(), keys(text.name, text.tier, period), period)
    count = body.count(" --> ")
    digest = hashlib.sha256(stored).digest()
    segment = EncodedSegment(text.name, text.tier, period, period, duration, count, len(stored), digest)
    sink.put(segment, stored)
    return segment
