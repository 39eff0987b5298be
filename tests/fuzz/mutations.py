"""Damages a film's bytes in the ways that files get damaged, and as an attacker would. Pure, by seed."""

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], bytearray]

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_BOXES = (
    *(b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"stsz", b"stts", b"stsc", b"stco", b"ctts", b"elst"),
    *(b"mdhd", b"dref", b"avcC", b"hvcC", b"esds", b"mdat", b"moof", b"trun", b"LIST", b"movi", b"idx1"),
    *(b"strf", b"strh"),
)
_HEAD = 4096
"""Most of what a demuxer believes stands in the first bytes, or in the last."""


def mutate(seed: int, films: Sequence[bytes], donors: Sequence[bytes]) -> tuple[int, bytes]:
    """Damage one of `films`, also with pieces of `donors`; gives its number and what is left of it.

    The same seed does the same damage.
    """
    chance = random.Random(seed)
    number = chance.randrange(len(films))
    data = bytearray(films[number])
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_MUTATIONS)(chance, data, donors)
    return number, bytes(data)


def _at(chance: random.Random, data: bytearray) -> int:
    if not data:
        return 0
    near = min(len(data), _HEAD)
    places = (chance.randrange(near), len(data) - 1 - chance.randrange(near), chance.randrange(len(data)))
    return chance.choice(places)


def flip_bits(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Flip some bits anywhere."""
    for _ in range(chance.choice((1, 2, 8, 64, 512))):
        if data:
            data[_at(chance, data)] ^= 1 << chance.randrange(8)
    return data


def overwrite_run(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Overwrite a run of bytes with zeros, ones, noise or one letter."""
    at, length = _at(chance, data), chance.choice((1, 4, 16, 256, 4096))
    filler = chance.choice((b"\0", b"\xff", b"A", b"\x1b", b"%"))
    run = chance.choice((filler * length, chance.randbytes(length)))
    data[at : at + length] = run[: len(data[at : at + length])]
    return data


def truncate(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Cut the end off."""
    return data[: chance.randrange(len(data) + 1)]


def remove(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Take a piece out of the middle."""
    at = _at(chance, data)
    del data[at : at + chance.choice((1, 2, 7, 188, 1000))]
    return data


def repeat(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Say a piece again, often."""
    at = _at(chance, data)
    piece = data[at : at + chance.choice((1, 8, 100, 2000))]
    data[at:at] = piece * chance.choice((1, 10, 100))
    return data


def splice(chance: random.Random, data: bytearray, films: Sequence[bytes]) -> bytearray:
    """Write a piece of another film over this one, or between its bytes."""
    other = chance.choice(films)
    begin = chance.randrange(len(other))
    piece = other[begin : begin + chance.choice((16, 512, 8192))]
    at = _at(chance, data)
    return data[:at] + piece + data[at + chance.choice((0, len(piece))) :]


def lead_in(chance: random.Random, data: bytearray, films: Sequence[bytes]) -> bytearray:
    """Put another file, or the beginning of one, before this one."""
    other = chance.choice(films)
    return bytearray(other[: chance.choice((len(other), 64, 1000))]) + data


def edit_number(chance: random.Random, data: bytearray, _films: Sequence[bytes]) -> bytearray:
    """Write a number at the edge of what fits, in either order of bytes."""
    at, size = _at(chance, data), chance.choice((1, 2, 4, 8))
    value = chance.choice(_EDGES) & ((1 << 8 * size) - 1)
    data[at : at + size] = value.to_bytes(size, chance.choice(("big", "little")))[: len(data[at : at + size])]
    return data


def edit_size(chance: random.Random, data: bytearray, films: Sequence[bytes]) -> bytearray:
    """Change the size, the name or the first numbers of a box or chunk."""
    found = [at for kind in _BOXES if (at := data.find(kind)) >= 4]
    if not found:
        return edit_number(chance, data, films)
    at = chance.choice(found) + chance.choice((-4, -4, 0, 4, 8, 12, 16))
    value = chance.choice((*_EDGES, chance.randrange(2**32)))
    data[at : at + 4] = value.to_bytes(4)
    return data


_MUTATIONS: tuple[Mutation, ...] = (
    *(
        flip_bits,
        flip_bits,
        overwrite_run,
        truncate,
        remove,
        repeat,
        splice,
        lead_in,
        edit_number,
        edit_size,
        edit_size,
    ),
)
