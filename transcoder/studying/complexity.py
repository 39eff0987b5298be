"""Measure how hard a film is to encode: a few short samples, every size, bits and quality of each."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.planning.ladder import VideoRendition
from transcoder.planning.plan import Plan
from transcoder.planning.sampling import Curve, Sample, Taken, Trial, samples_of, sum_up, trials_of
from transcoder.programs import binaries, process
from transcoder.programs.graph_sample import sample_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, MEASURE_NICENESS, Bounds, Limits, Sandbox

_MOST_TEXT = 4 << 20
_AT_ONCE = 4
"""Samples of one process: each is decoded by a decoder of its own, and all of them hold pictures."""


def measure(
    source: Path,
    plan: Plan,
    rungs: Sequence[VideoRendition],
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Curve, ...]:
    """Measure the sizes of `rungs` that are encoded; the same film always gives the same curves.

    Compared at the size of `plan.video[0]`, as a screen of that size shows it. Nothing is written anywhere.
    Raises EncodeFailed, Cancelled.
    """
    trials = trials_of(plan, [rung for rung in rungs if not rung.copied])
    samples = samples_of(plan)
    taken = [
        _take(source, plan, samples[at : at + _AT_ONCE], trials, cancel, limits)
        for at in range(0, len(samples), _AT_ONCE)
    ]
    return sum_up(trials, taken, plan.frame_rate, plan.policy.segment_seconds)


def _take(
    source: Path,
    plan: Plan,
    samples: Sequence[Sample],
    trials: Sequence[Trial],
    cancel: threading.Event | None,
    limits: Limits,
) -> tuple[Taken, ...]:
    texts = {f"{what}-{number}": bytearray() for number in range(len(trials)) for what in ("bits", "quality")}
    finished = process.run(
        lambda pipes: sample_argv(binaries.ffmpeg(), source, plan, samples, trials, pipes, limits),
        {name: _collect(text) for name, text in texts.items()},
        # Beside it the film's starter is encoded, for which somebody may be waiting.
        Bounds(limits.encode_seconds, limits.memory, limits.open_files, MEASURE_NICENESS),
        Sandbox((source,)),
        cancel,
    )
    process.check(finished, "The film could not be measured.")
    taken = tuple(
        Taken(read_packets(bytes(texts[f"bits-{number}"])), read_quality(bytes(texts[f"quality-{number}"])))
        for number in range(len(trials))
    )
    if not all(len(one.packets) == len(samples) and one.quality for one in taken):
        raise EncodeFailed("output_mismatch", "A sample of the film is empty.", finished.lines)
    return taken


def _collect(text: bytearray) -> process.Consumer:
    def consume(stream: Iterator[bytes]) -> None:
        for data in stream:
            text.extend(data)
            if len(text) > _MOST_TEXT:
                raise EncodeFailed("output_mismatch", "A sample of the film is too long.")

    return consume


def read_packets(text: bytes) -> tuple[tuple[int, ...], ...]:
    """Read the sizes in bytes, sample by sample, from what the `framecrc` muxer wrote.

    A line is "stream, dts, pts, duration, size, checksum, …" and says "F=…" where a packet is no key frame,
    with which every sample begins.
    """
    samples: list[list[int]] = []
    for line in text.split(b"\n"):
        if line and not line.startswith(b"#"):
            if b" F=0x" not in line or not samples:
                samples.append([])
            samples[-1].append(int(line.split(b",")[4]))
    return tuple(tuple(sizes) for sizes in samples)


def read_quality(text: bytes) -> tuple[float, ...]:
    """Read the values in dB from what the `metadata` filter printed; "inf" where nothing differs."""
    return tuple(float(line.partition(b"=")[2]) for line in text.split(b"\n") if b"=" in line)
