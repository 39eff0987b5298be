"""The storyboard: sheets of small pictures for the seek bar, made of what is encoded already.

The source is not read again. The pictures for winding (`iframes`), a few kilobytes each, go into one ffmpeg
through a pipe, and JPEG sheets come out.
"""

import hashlib
import threading
from collections.abc import Iterable, Iterator

from transcoder.encoding.encode import EncodedSegment, Sink
from transcoder.errors import EncodeFailed
from transcoder.keys.encrypt import encrypt_segment
from transcoder.keys.keyschedule import KeySource
from transcoder.planning.plan import Plan
from transcoder.planning.tiles import Storyboard
from transcoder.programs import binaries, process
from transcoder.programs.graph_stills import storyboard_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox

MOST_SHEET = 4 << 20
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
PERIOD = 0
"""The crypto period whose key all sheets are under."""


def paint_storyboard(
    plan: Plan,
    pictures: Iterable[bytes],
    keys: KeySource,
    sink: Sink,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[EncodedSegment, ...]:
    """Make the sheets from the clear init segment and fragments of `plan.iframes`, and hand them to `sink`.

    Raises EncodeFailed, Cancelled, or what `pictures` or `sink` raised.
    """
    board, done = plan.storyboard, list[EncodedSegment]()

    def collect(stream: Iterator[bytes]) -> None:
        for number, sheet in enumerate(_sheets(stream)):
            done.append(_put(plan, board, number, sheet, keys, sink))

    finished = process.run(
        lambda pipes: storyboard_argv(binaries.ffmpeg(), plan, pipes["sheets"], limits),
        {"sheets": collect},
        Bounds(limits.encode_seconds, limits.memory, limits.open_files),
        Sandbox(),
        cancel,
        feed=pictures,
    )
    process.check(finished, "The storyboard could not be made.")
    if len(done) != board.sheets:
        what = f"{len(done)} of {board.sheets} sheets."
        raise EncodeFailed("output_mismatch", "The storyboard is not whole.", (*finished.lines, what))
    return tuple(done)


def _sheets(stream: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a run of JPEGs apart: within one, no end is followed by a start."""
    pending = bytearray()
    for data in stream:
        pending += data
        while (cut := pending.find(JPEG_END + JPEG_START)) >= 0:
            yield bytes(pending[: cut + 2])
            del pending[: cut + 2]
        if len(pending) > MOST_SHEET:
            raise EncodeFailed("output_mismatch", "A sheet of the storyboard is larger than any picture's.")
    if pending:
        yield bytes(pending)


def _put(
    plan: Plan, board: Storyboard, number: int, sheet: bytes, keys: KeySource, sink: Sink
) -> EncodedSegment:
    if not sheet.startswith(JPEG_START) or not sheet.endswith(JPEG_END):
        raise EncodeFailed("output_mismatch", "A sheet of the storyboard is no picture.")
    stored = encrypt_segment(sheet, keys(board.name, board.tier, PERIOD), number)
    encoded = EncodedSegment(
        board.name,
        board.tier,
        number,
        PERIOD,
        plan.sheet_duration(number),
        1,
        len(stored),
        hashlib.sha256(stored).digest(),
    )
    sink.put(encoded, stored)
    return encoded
