"""Text subtitles, embedded or uploaded, to encrypted WebVTT: one segment per crypto period."""

import hashlib
import threading
from collections.abc import Iterator
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
    read = _read(source, plan, text, cancel, limits)
    return cut_text(plan, text, webvtt.read_cues(read), keys, sink)


def cut_text(
    plan: Plan, text: TextRendition, cues: list[webvtt.Cue], keys: KeySource, sink: Sink
) -> tuple[EncodedSegment, ...]:
    """Cut cues, in order of time, into encrypted segments and hand them to `sink`; pure but for that.

    The name of `text` must be new within its version: key and IV are made from it and the period alone.
    """
    return tuple(_put(plan, text, cues, period, keys, sink) for period in range(plan.periods))


def _read(
    source: Path, plan: Plan, text: TextRendition, cancel: threading.Event | None, limits: Limits
) -> str:
    out = bytearray()

    def collect(stream: Iterator[bytes]) -> None:
        for data in stream:
            out.extend(data)
            if len(out) > _MOST_TEXT:
                raise EncodeFailed("output_mismatch", "The subtitles are larger than any film's.")

    seconds = limits.encode_seconds + float(plan.duration)
    finished = process.run(
        lambda pipes: subtitle_argv(binaries.ffmpeg(), source, plan, text, pipes["text"], limits),
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
