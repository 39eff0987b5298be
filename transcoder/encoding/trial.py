"""A trial of keys where nothing else tells a wrong one: what was decrypted has to decode.

`cbcs` is not authenticated (ISO/IEC 23001-7): another key gives other bytes, and no fault. So the beginning
of every crypto period is decoded, in every rendition: a picture, or a segment of sound.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from transcoder.errors import BadMedia
from transcoder.formats.iframes import first_picture
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import IFrameRendition, Plan
from transcoder.programs import binaries, process
from transcoder.programs.graph_trial import trial_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Sandbox

TELLING = frozenset({"h264", "hevc", "aac", "opus"})
"""Codecs whose decoder is here, and minds what is no film. HEVC's does not always."""
_MOST_BYTES = 4 << 20
"""What of a rendition may wait to be decoded together."""
_TRIES = 3
"""Segments of a crypto period that must not decode: a source may have a broken picture, and be copied."""

Reopen = Callable[[ManifestObject], bytes]
"""Gives a segment once more, clear; raises BadMedia, LookupError or OSError."""


@dataclass
class _Waiting:
    init: bytes
    pieces: list[tuple[ManifestObject, bytes]] = field(default_factory=list)
    size: int = 0


class Trial:
    """Decodes the first segment of each crypto period, those of a rendition together: starting costs most."""

    def __init__(self, plan: Plan, reopen: Reopen) -> None:
        self._plan = plan
        self._reopen = reopen
        self._waiting: dict[str, _Waiting] = {}
        self._periods: dict[tuple[str, int], list[ManifestObject]] = {}
        self._failed: list[tuple[ManifestObject, str]] = []

    def put(self, item: ManifestObject, clear: bytes) -> None:
        """Take a clear object that is well so far; init segments first, of which any of a rendition will do.

        Raises BadMedia.
        """
        if item.kind is Kind.INIT and self._is_tried(item.rendition):
            self._waiting.setdefault(item.rendition, _Waiting(clear))
        elif item.kind is Kind.SEGMENT and item.rendition in self._waiting:
            self._take(item, clear, self._waiting[item.rendition])

    def _take(self, item: ManifestObject, clear: bytes, waiting: _Waiting) -> None:
        period = self._periods.setdefault((item.rendition, item.period), [])
        period.append(item)
        if len(period) == 1:
            piece = self._beginning(item, clear)
            waiting.pieces.append((item, piece))
            waiting.size += len(piece)
        if waiting.size >= _MOST_BYTES:
            self._decode(waiting)

    def failed(self) -> Sequence[tuple[ManifestObject, str]]:
        """Decode what waits; gives the first segment of every crypto period that does not decode, and what
        the decoder said of it."""
        for waiting in self._waiting.values():
            self._decode(waiting)
        return tuple(self._failed)

    def _is_tried(self, name: str) -> bool:
        if self._plan.policy.protection != "cbcs":
            return False  # a wrong key breaks the padding, or the boxes
        rendition = self._plan.rendition(name)
        if isinstance(rendition, IFrameRendition):
            rendition = self._plan.rendition(rendition.source)
        return isinstance(rendition, VideoRendition | AudioRendition) and rendition.codec in TELLING

    def _beginning(self, item: ManifestObject, clear: bytes) -> bytes:
        """A picture that needs no other; of sound all, for Opus takes one packet in four for another's."""
        sound = isinstance(self._plan.rendition(item.rendition), AudioRendition)
        return clear if sound else first_picture(clear)

    def _decode(self, waiting: _Waiting) -> None:
        pieces, waiting.pieces, waiting.size = waiting.pieces, [], 0
        if not pieces or not _fault([waiting.init, *(piece for _, piece in pieces)]):
            return
        for item, piece in pieces:
            said = _fault([waiting.init, piece])
            if said and all(_fault([waiting.init, other]) for other in self._others(item)):
                self._failed.append((item, said))

    def _others(self, item: ManifestObject) -> Iterator[bytes]:
        for other in self._periods[item.rendition, item.period][1:_TRIES]:
            with suppress(BadMedia, LookupError, OSError):  # it was well when it was read before
                yield self._beginning(other, self._reopen(other))


def _fault(pieces: Sequence[bytes]) -> str:
    """Decode an init segment and fragments; gives what the decoder complained of, nothing if it did not."""
    frames = 0

    def count(lines: Iterator[bytes]) -> None:
        nonlocal frames
        frames = sum(line.startswith(b"0,") for line in b"".join(lines).splitlines())

    limits = DEFAULT_LIMITS
    bounds = Bounds(limits.encode_seconds, limits.memory, limits.open_files, limits.niceness)
    argv = trial_argv(binaries.ffmpeg(), limits)
    finished = process.run(lambda _: argv, {"stdout": count}, bounds, Sandbox(), feed=pieces)
    if finished.code != 0:
        return finished.lines[0] if finished.lines else "the decoder gave up"
    return "" if frames >= len(pieces) - 1 else f"{frames} of {len(pieces) - 1} pictures came"
