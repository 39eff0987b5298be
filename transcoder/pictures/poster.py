"""Pictures for the film's card, and pictures to choose from: JPEG, at most 1280 wide, encoded here."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Plan
from transcoder.programs import binaries, process
from transcoder.programs.graph_stills import candidate_argv, cover_argv, picture_argv, poster_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox

MOST_UPLOAD = 16 << 20
"""Bytes of an uploaded picture."""
CANDIDATES = 6
"""Frames to choose from, beside the typical one."""
_MOST_BYTES = 8 << 20
_LEAST_APART = 2


def make_poster(
    source: Path, plan: Plan, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Give the most typical frame of some seconds about an eighth into the film.

    The picture stays in memory: seal it (`encrypt.seal_poster`) before it is stored. Raises EncodeFailed,
    Cancelled.
    """
    return _run(
        lambda pipes: poster_argv(binaries.ffmpeg(), source, plan, pipes["poster"], limits),
        limits,
        (source,),
        cancel,
    )


def candidate_places(plan: Plan) -> list[Fraction]:
    """Where pictures to choose from are looked for: spread over the film, in seconds."""
    count = min(CANDIDATES, int(plan.duration / _LEAST_APART))
    return [plan.duration * (2 * number + 1) / (2 * count) for number in range(count)]


def make_candidate(
    source: Path,
    plan: Plan,
    at: Fraction,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Give a key frame soon after `at` seconds of film; raises EncodeFailed, Cancelled."""
    return _run(
        lambda pipes: candidate_argv(binaries.ffmpeg(), source, plan, at, pipes["poster"], limits),
        limits,
        (source,),
        cancel,
    )


def make_cover(
    source: Path, stream: int, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Give the cover art that lies in the file as stream `stream`; raises EncodeFailed, Cancelled."""
    return _run(
        lambda pipes: cover_argv(binaries.ffmpeg(), source, stream, pipes["poster"], limits),
        limits,
        (source,),
        cancel,
    )


def picture_kind(data: bytes) -> str:
    """Tell "jpeg" or "webp" by the first bytes; "" for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "jpeg" if data.startswith(b"\xff\xd8\xff") else ""


def repaint(data: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Decode an uploaded picture and encode it anew: nothing of the file itself is passed on.

    Raises EncodeFailed for what is no JPEG or WebP picture.
    """
    kind = picture_kind(data)
    if not kind:
        raise EncodeFailed("encoder_failed", "This is not a JPEG or WebP picture.")
    return _run(
        lambda pipes: picture_argv(binaries.ffmpeg(), kind, pipes["poster"], limits), limits, feed=(data,)
    )


def _run(
    make_argv: Callable[[Mapping[str, int]], Sequence[str]],
    limits: Limits,
    reads: tuple[Path, ...] = (),
    cancel: threading.Event | None = None,
    feed: Iterable[bytes] | None = None,
) -> bytes:
    out = bytearray()

    def collect(stream: Iterator[bytes]) -> None:
        for data in stream:
            out.extend(data)
            if len(out) > _MOST_BYTES:
                raise EncodeFailed("output_mismatch", "The poster is larger than any picture's.")

    finished = process.run(
        make_argv,
        {"poster": collect},
        Bounds(limits.encode_seconds, limits.memory, limits.open_files),
        Sandbox(reads),
        cancel,
        feed,
    )
    process.check(finished, "No poster could be taken from the film.")
    if not out.startswith(b"\xff\xd8"):
        raise EncodeFailed("output_mismatch", "No poster came from the film.", finished.lines)
    return bytes(out)
