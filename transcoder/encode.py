"""Encode one chunk: one ffmpeg process, one decode, all rungs; split, encrypt and hand over each segment."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from transcoder.plan import Chunk, Plan
from transcoder.sandbox import DEFAULT_LIMITS, Limits
from transcoder.secret import SecretBytes

KeySource = Callable[[str, str, int], SecretBytes]
"""(rendition, tier, crypto period) -> the 16-byte content key."""


@dataclass(frozen=True, slots=True)
class InitSegment:
    """The clear init segment of a rendition; `codecs` as in RFC 6381. `data` is what to store."""

    rendition: str
    codecs: str
    size: int
    sha256: bytes
    data: bytes = field(repr=False)


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
) -> ChunkResult:
    """Encode `renditions` of `chunk` and hand every segment, encrypted, to `sink`; blocks until done.

    Raises EncodeFailed, Cancelled, or what `sink` raised. Call it in a thread that lives until it returns:
    ffmpeg is tied to the life of the thread that started it.
    """
    raise NotImplementedError
