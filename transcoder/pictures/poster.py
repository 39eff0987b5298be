"""Pictures for the film's card, and pictures to choose from: JPEG, at most 1280 wide, encoded here."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Plan
from transcoder.programs import binaries, process
from transcoder.programs.graph_stills import candidates_argv, cover_argv, picture_argv, poster_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, SPARE_NICENESS, Bounds, Limits, Sandbox

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
    return _one(
        lambda pipe: poster_argv(binaries.ffmpeg(), source, plan, pipe, limits),
        limits,
        (source,),
        cancel,
    )


def candidate_places(plan: Plan) -> list[Fraction]:
    """Where pictures to choose from are looked for: spread over the film, in seconds."""
    count = min(CANDIDATES, int(plan.duration / _LEAST_APART))
    return [plan.duration * (2 * number + 1) / (2 * count) for number in range(count)]


def make_candidates(
    source: Path,
    plan: Plan,
    places: Sequence[Fraction],
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[bytes]:
    """Give key frames, each soon after one of `places` (seconds of film); empty where there is none.

    Raises EncodeFailed where there is none at all, Cancelled.
    """
    names = [f"picture-{number}" for number in range(len(places))]

    def argv(pipes: Mapping[str, int]) -> Sequence[str]:
        wanted = {pipes[name]: at for name, at in zip(names, places, strict=True)}
        return candidates_argv(binaries.ffmpeg(), source, plan, wanted, limits)

    found = _run(argv, names, limits, (source,), cancel)
    return [found[name] for name in names]


def make_cover(
    source: Path, stream: int, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Give the cover art that lies in the file as stream `stream`; raises EncodeFailed, Cancelled."""
    return _one(
        lambda pipe: cover_argv(binaries.ffmpeg(), source, stream, pipe, limits),
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
    return _one(lambda pipe: picture_argv(binaries.ffmpeg(), kind, pipe, limits), limits, feed=(data,))


def _one(
    make_argv: Callable[[int], Sequence[str]],
    limits: Limits,
    reads: tuple[Path, ...] = (),
    cancel: threading.Event | None = None,
    feed: Iterable[bytes] | None = None,
) -> bytes:
    return _run(lambda pipes: make_argv(pipes["poster"]), ["poster"], limits, reads, cancel, feed)["poster"]


def _run(
    make_argv: Callable[[Mapping[str, int]], Sequence[str]],
    names: Sequence[str],
    limits: Limits,
    reads: tuple[Path, ...] = (),
    cancel: threading.Event | None = None,
    feed: Iterable[bytes] | None = None,
) -> dict[str, bytes]:
    """Run a process and give what came through each pipe, nothing where that is no picture."""
    found = {name: bytearray() for name in names}
    finished = process.run(
        make_argv,
        {name: _collect(out) for name, out in found.items()},
        Bounds(limits.encode_seconds, limits.memory, limits.open_files, SPARE_NICENESS),
        Sandbox(reads),
        cancel,
        feed,
    )
    pictures = {name: bytes(out) if out.startswith(b"\xff\xd8") else b"" for name, out in found.items()}
    if not any(pictures.values()):
        process.check(finished, "No poster could be taken from the film.")
        raise EncodeFailed("output_mismatch", "No poster came from the film.", finished.lines)
    return pictures


def _collect(out: bytearray) -> process.Consumer:
    def collect(stream: Iterator[bytes]) -> None:
        for data in stream:
            out.extend(data)
            if len(out) > _MOST_BYTES:
                raise EncodeFailed("output_mismatch", "The poster is larger than any picture's.")

    return collect
