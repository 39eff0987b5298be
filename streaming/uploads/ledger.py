"""How many bytes of an upload are durable: a tiny file beside it, updated in place with one fdatasync."""

import os
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streaming.clock import from_micros, to_micros

_RECORD = struct.Struct("<QQQ")  # sequence, offset in bytes, microseconds since 1970
_CHECK = struct.Struct("<I")  # CRC-32 of the record
_SLOT = 512
"""Two slots, each in a sector of its own: a write torn by a power cut leaves the other one whole."""


@dataclass(frozen=True)
class Mark:
    """`offset` bytes were durable at `at`; `sequence` orders marks."""

    sequence: int
    offset: int
    at: datetime


class Ledger:
    """The acknowledged offset of one upload.

    Why not a database row: a PATCH acknowledges every 16 MB, and on SQLite each commit would hold the
    house's one write lock across an fsync that queues behind the film's own bytes. This file is written
    in place (its size never changes), so fdatasync has no journal to commit and nobody to wait for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, at: datetime) -> None:
        """Write the first mark, offset 0, durably; the caller syncs the folder."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, _pack(Mark(0, 0, at)).ljust(2 * _SLOT, b"\0"), 0)
            os.fsync(fd)
        finally:
            os.close(fd)

    def read(self) -> Mark:
        """Give the newest whole mark. Raises FileNotFoundError, or ValueError if neither slot is whole."""
        data = self._path.read_bytes()
        marks = [mark for slot in (0, _SLOT) if (mark := _unpack(data[slot : slot + _SLOT])) is not None]
        if not marks:
            raise ValueError(f"the ledger {self._path.name} is damaged")
        return max(marks, key=lambda mark: mark.sequence)

    def record(self, offset: int, at: datetime) -> None:
        """Make `offset` the acknowledged one; durable when this returns. One writer at a time."""
        mark = Mark(self.read().sequence + 1, offset, at)
        fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(fd, _pack(mark), mark.sequence % 2 * _SLOT)
            os.fdatasync(fd)
        finally:
            os.close(fd)


def _pack(mark: Mark) -> bytes:
    record = _RECORD.pack(mark.sequence, mark.offset, to_micros(mark.at))
    return record + _CHECK.pack(zlib.crc32(record))


def _unpack(slot: bytes) -> Mark | None:
    size = _RECORD.size
    if len(slot) < size + _CHECK.size or slot[size : size + _CHECK.size] != _CHECK.pack(
        zlib.crc32(slot[:size])
    ):
        return None
    sequence, offset, micros = _RECORD.unpack(slot[:size])
    return Mark(sequence, offset, from_micros(micros))
