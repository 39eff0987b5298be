"""One picture of the film for its card: JPEG, at most 1280 wide, chosen away from black."""

import threading
from collections.abc import Iterator
from pathlib import Path

from transcoder import binaries, process
from transcoder.errors import EncodeFailed
from transcoder.graph import poster_argv
from transcoder.plan import Plan
from transcoder.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox

_MOST_BYTES = 8 << 20


def make_poster(
    source: Path, plan: Plan, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Give the most typical frame of some seconds about an eighth into the film.

    The picture stays in memory: seal it (`encrypt.seal_poster`) before it is stored. Raises EncodeFailed,
    Cancelled.
    """
    out = bytearray()

    def collect(stream: Iterator[bytes]) -> None:
        for data in stream:
            out.extend(data)
            if len(out) > _MOST_BYTES:
                raise EncodeFailed("output_mismatch", "The poster is larger than any picture's.")

    finished = process.run(
        lambda pipes: poster_argv(binaries.ffmpeg(), source, plan, pipes["poster"], limits),
        {"poster": collect},
        Bounds(limits.encode_seconds, limits.memory, limits.open_files),
        Sandbox((source,)),
        cancel,
    )
    process.check(finished, "No poster could be taken from the film.")
    if not out.startswith(b"\xff\xd8"):
        raise EncodeFailed("output_mismatch", "No poster came from the film.", finished.lines)
    return bytes(out)
