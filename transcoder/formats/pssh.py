"""Protection system specific headers, `pssh` (ISO/IEC 23001-7 §8.1): which keys a piece of media needs. Pure.

Version 0 holds what one DRM system alone understands, version 1 names the keys as well. The one that every
Clear Key implementation reads is the W3C's common format ("cenc" Initialization Data Format, §4).
"""

import struct
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import Buffer, boxes, make_full_box

COMMON_SYSTEM = uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
"""The system whose box lists key ids and nothing else."""
MOST_KEYS = 4096
"""Bound on the key ids of one box from outside."""


@dataclass(frozen=True, slots=True)
class Pssh:
    """One box: the DRM system it is for, the keys it names (version 1), and what only that system reads."""

    system: uuid.UUID
    kids: tuple[uuid.UUID, ...] = ()
    data: bytes = b""

    @property
    def version(self) -> int:
        """1 where keys are named, else 0."""
        return 1 if self.kids else 0


def make_pssh(box: Pssh) -> bytes:
    """Write one box."""
    named = b""
    if box.kids:
        named = struct.pack(">I", len(box.kids)) + b"".join(kid.bytes for kid in box.kids)
    return make_full_box(
        "pssh", box.version, 0, box.system.bytes, named, struct.pack(">I", len(box.data)), box.data
    )


def common_pssh(kids: Iterable[uuid.UUID]) -> bytes:
    """Write the W3C's common box for some keys; each is named once. Raises ValueError for none."""
    distinct = tuple(dict.fromkeys(kids))
    if not distinct:
        raise ValueError("a pssh box of the common system names at least one key")
    return make_pssh(Pssh(COMMON_SYSTEM, distinct))


def read_pssh(data: Buffer) -> tuple[Pssh, ...]:
    """Read `cenc` initialization data: one box after another and nothing else. Raises BadMedia."""
    found = []
    for box in boxes(data):
        if box.kind != b"pssh":
            raise BadMedia("initialization data that is not a pssh box")
        found.append(_read(bytes(data[box.body : box.end])))
    if not found:
        raise BadMedia("no pssh box")
    return tuple(found)


def _read(body: bytes) -> Pssh:
    try:
        version, at = body[0], 20
        kids: tuple[uuid.UUID, ...] = ()
        if version > 1:
            raise BadMedia("a pssh box of an unknown version")
        system = uuid.UUID(bytes=body[4:20])
        if version:
            kids, at = _kids(body)
        (size,) = struct.unpack_from(">I", body, at)
    except (struct.error, ValueError, IndexError) as fault:
        raise BadMedia("a pssh box is cut off") from fault
    if at + 4 + size != len(body):
        raise BadMedia("a pssh box does not hold what it says")
    return Pssh(system, kids, body[at + 4 :])


def _kids(body: bytes) -> tuple[tuple[uuid.UUID, ...], int]:
    (count,) = struct.unpack_from(">I", body, 20)
    if count > MOST_KEYS:
        raise BadMedia("a pssh box of too many keys")
    end = 24 + 16 * count
    return tuple(uuid.UUID(bytes=body[at : at + 16]) for at in range(24, end, 16)), end
