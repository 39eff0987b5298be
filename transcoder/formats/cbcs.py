"""Common encryption `cbcs` (ISO/IEC 23001-7) in our own fragments: put in, and taken off again. Pure.

The packager writes other boxes than ours around the samples: other times, other fragments, other edit lists.
So only what it alone knows is taken from it: the encrypted bytes of each sample, and which bytes of it are
clear (subsamples). Both go into our own fragments, whose grid, times and composition offsets stay.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import (
    Buffer,
    append_to_entry,
    boxes,
    find,
    make_box,
    make_full_box,
    read_fragment,
    sample_entry,
)
from transcoder.keys.secret import SecretBytes

Subsamples = tuple[tuple[int, int], ...]
"""What a sample is made of: (clear bytes, then protected bytes), again and again. Empty: all is protected."""

_BLOCK = 16
_HEADS = {b"encv": 78, b"enca": 28}
"""Bytes of a sample entry before its boxes (14496-12 §12.1.3, §12.2.3)."""
_SUBSAMPLES = 2
_MOST_AUXILIARY = 255
"""`saiz` has a byte for the size of what is said of a sample: two, and six for each subsample."""
_PROTECTION = {b"saiz", b"saio", b"senc"}


@dataclass(frozen=True, slots=True)
class Protection:
    """What an init segment says of its samples (`tenc` §8.2): key name, IV, pattern in blocks."""

    kid: UUID
    iv: bytes
    crypt: int
    skip: int


@dataclass(frozen=True, slots=True)
class Packaged:
    """What the packager made of a track: `sinf` and `pssh` boxes, and its samples in decoding order."""

    sinf: bytes
    pssh: bytes
    sizes: tuple[int, ...]
    subsamples: tuple[Subsamples, ...]
    payload: bytes


def read_packaged(data: bytes) -> Packaged:
    """Read an init segment and the fragments after it, as the packager writes them; raises BadMedia."""
    sizes: list[int] = []
    subsamples: list[Subsamples] = []
    payload = bytearray()
    begin = 0
    for box in boxes(data):
        if box.kind == b"moof":
            begin = box.start
        elif box.kind == b"mdat":
            piece = memoryview(data)[begin : box.end]
            found = read_fragment(piece).sizes
            sizes += found
            subsamples += _read_subsamples(piece, len(found))
            payload += piece[box.body - begin :]
    moov = find(data, "moov")
    pssh = b"".join(data[b.start : b.end] for b in boxes(data, moov.body, moov.end) if b.kind == b"pssh")
    return Packaged(_sinf(data), pssh, tuple(sizes), tuple(subsamples), bytes(payload))


def protect_init(init: bytes, packaged: Packaged) -> bytes:
    """Say in our clear init segment what the packager says in its own; raises BadMedia for another codec."""
    kind = sample_entry(init).kind
    if packaged.sinf[8:20] != make_box("frma", kind):
        raise BadMedia("the packager took the track for something else")
    handler = find(init, "moov/trak/mdia/hdlr").body + 8
    encrypted = b"enca" if init[handler : handler + 4] == b"soun" else b"encv"
    out = bytearray(append_to_entry(init, packaged.sinf, encrypted))
    moov = find(out, "moov")
    struct.pack_into(">I", out, moov.start, moov.end - moov.start + len(packaged.pssh))
    return bytes(out[: moov.end] + packaged.pssh + out[moov.end :])


def protect_fragments(clear: Sequence[bytes], packaged: Packaged) -> Iterator[bytes]:
    """Put the packager's samples in place of our own; raises BadMedia unless they are the same ones."""
    wanted = [read_fragment(piece).sizes for piece in clear]
    if tuple(size for sizes in wanted for size in sizes) != packaged.sizes:
        raise BadMedia("the packager gave other samples than it was given")
    at = first = 0
    for piece, sizes in zip(clear, wanted, strict=True):
        rows = packaged.subsamples[first : first + len(sizes)]
        yield protect_fragment(piece, rows, packaged.payload[at : at + sum(sizes)])
        first, at = first + len(sizes), at + sum(sizes)


def protect_fragment(clear: Buffer, rows: Sequence[Subsamples], payload: Buffer) -> bytes:
    """Write a clear fragment of ours with encrypted samples. `rows` says what is clear of each sample.

    Where all of every sample is protected, as sound is, there is nothing to be said (§7.3). Raises BadMedia.
    """
    moof, traf, trun = (find(clear, path) for path in ("moof", "moof/traf", "moof/traf/trun"))
    extra = _auxiliary(rows, traf.end - moof.start)
    out = bytearray(clear[: traf.end]) + extra + clear[traf.end : moof.end]
    _resize(out, (moof.start, traf.start), trun.body + 8, len(extra))
    return bytes(out) + struct.pack(">I4s", 8 + len(payload), b"mdat") + payload


def first_protected(segment: bytes, cut: bytes) -> bytes:
    """Give `cut`, the first picture of an encrypted segment, what is said of it there."""
    rows = _read_subsamples(segment, len(read_fragment(segment).sizes))
    return protect_fragment(cut, rows[:1], cut[find(cut, "mdat").body :])


def read_protection(init: Buffer) -> Protection:
    """Read what a protected init segment says; raises BadMedia unless it is `cbcs` with one IV for all."""
    sinf = _sinf(init)
    schm = find(sinf, "sinf/schm").body
    body = sinf[find(sinf, "sinf/schi/tenc").body :]
    if (
        sinf[schm + 4 : schm + 8] != b"cbcs"
        or len(body) < 41
        or body[6:8] != b"\x01\x00"
        or body[24] != _BLOCK
    ):
        raise BadMedia("it is not protected by cbcs")
    return Protection(UUID(bytes=bytes(body[8:24])), bytes(body[25:41]), body[5] >> 4, body[5] & 0xF)


def unprotect_init(init: bytes) -> bytes:
    """Take off what `protect_init` put in."""
    sinf, moov = _sinf(init), find(init, "moov")
    kind = bytes(sinf[16:20])
    pssh = [box for box in boxes(init, moov.body, moov.end) if box.kind == b"pssh"]
    end = pssh[0].start if pssh else moov.end
    out = bytearray(init[:end] + init[moov.end :])
    struct.pack_into(">I", out, moov.start, end - moov.start)
    entry = sample_entry(out)
    if out[entry.end - len(sinf) : entry.end] != sinf:
        raise BadMedia("its protection is not said where it should be")
    return append_to_entry(out, b"", kind, less=len(sinf))


def unprotect_fragment(stored: Buffer, said: Protection, key: SecretBytes) -> bytes:
    """Decrypt a fragment, and give the clear one it was made of; raises BadMedia.

    Nothing in `cbcs` tells a wrong key or a changed byte: what comes out is then no film.
    """
    moof, traf, trun = (find(stored, path) for path in ("moof", "moof/traf", "moof/traf/trun"))
    sizes = read_fragment(stored).sizes
    rows = _read_subsamples(stored, len(sizes))
    kept = [box for box in boxes(stored, traf.body, traf.end) if box.kind not in _PROTECTION]
    end = kept[-1].end  # all of it stands at the end
    if [box.end for box in kept[:-1]] != [box.start for box in kept[1:]]:
        raise BadMedia("its protection is not said where it should be")
    out = bytearray(stored[:end]) + stored[traf.end : moof.end]
    _resize(out, (moof.start, traf.start), trun.body + 8, end - traf.end)
    body = bytearray(memoryview(stored)[(at := find(stored, "mdat").body) : at + sum(sizes)])
    begins = accumulate(sizes, initial=0)
    for (first, past), row in zip(pairwise(begins), rows, strict=True):
        _decrypt(memoryview(body)[first:past], row, said, key)
    return bytes(out) + struct.pack(">I4s", 8 + len(body), b"mdat") + body


def protected_bytes(stored: Buffer) -> tuple[int, ...]:
    """How many bytes of each sample of a fragment are protected."""
    sizes = read_fragment(stored).sizes
    rows = _read_subsamples(stored, len(sizes))
    return tuple(
        sum(hidden for _, hidden in row) if row else size for row, size in zip(rows, sizes, strict=True)
    )


def _sinf(init: Buffer) -> bytes:
    entry = sample_entry(init)
    if bytes(entry.kind) not in _HEADS:
        raise BadMedia("it is not protected")
    for box in boxes(init, entry.body + _HEADS[bytes(entry.kind)], entry.end):
        if box.kind == b"sinf":
            return bytes(init[box.start : box.end])
    raise BadMedia("it does not say how it is protected")


def _read_subsamples(piece: Buffer, samples: int) -> list[Subsamples]:
    traf = find(piece, "moof/traf")
    senc = next((box for box in boxes(piece, traf.body, traf.end) if box.kind == b"senc"), None)
    if senc is None or not piece[senc.body + 3] & _SUBSAMPLES:
        return [()] * samples
    try:
        return list(_rows(piece, senc.body + 8, samples))
    except struct.error as fault:
        raise BadMedia("a senc box is cut off") from fault


def _rows(piece: Buffer, at: int, samples: int) -> Iterator[Subsamples]:
    for _ in range(samples):
        count = struct.unpack_from(">H", piece, at)[0]
        numbers = struct.unpack_from(">" + "HI" * count, piece, at + 2)
        at += 2 + 6 * count
        yield tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _auxiliary(rows: Sequence[Subsamples], offset: int) -> bytes:
    """`saiz`, `saio` and `senc` (§7), which begin `offset` bytes after the `moof` does."""
    if not any(rows):
        return b""
    sizes = [2 + 6 * len(row) for row in rows]
    if max(sizes) > _MOST_AUXILIARY:
        raise BadMedia("a picture has too many slices to be protected")
    table = b"".join(
        struct.pack(">H" + "HI" * len(row), len(row), *(n for pair in row for n in pair)) for row in rows
    )
    one = sizes[0] if len(set(sizes)) == 1 else 0
    saiz = make_full_box("saiz", 0, 0, struct.pack(">BI", one, len(rows)), b"" if one else bytes(sizes))
    senc = make_full_box("senc", 0, _SUBSAMPLES, struct.pack(">I", len(rows)), table)
    saio_size = 20
    saio = make_full_box("saio", 0, 0, struct.pack(">II", 1, offset + len(saiz) + saio_size + 16))
    return saiz + saio + senc


def _resize(out: bytearray, places: Sequence[int], offset: int, by: int) -> None:
    """Let boxes at `places` be longer `by` bytes, and the samples begin later (`data_offset` of `trun`)."""
    for place in (*places, offset):
        struct.pack_into(">I", out, place, struct.unpack_from(">I", out, place)[0] + by)


def _decrypt(sample: memoryview, row: Subsamples, said: Protection, key: SecretBytes) -> None:
    at = 0
    for clear, hidden in row or ((0, len(sample)),):
        at += clear
        if at + hidden > len(sample):
            raise BadMedia("its subsamples are longer than the sample")
        _decrypt_range(sample[at : at + hidden], said, key)
        at += hidden
    if at != len(sample):
        raise BadMedia("its subsamples are not the whole sample")


def _decrypt_range(data: memoryview, said: Protection, key: SecretBytes) -> None:
    """Decrypt whole blocks by the pattern; what is none stays. The chain begins anew each time (§10.4.2)."""
    cipher = Cipher(AES128(key.reveal()), CBC(said.iv)).decryptor()
    if not said.skip:
        whole = len(data) - len(data) % _BLOCK
        data[:whole] = cipher.update(data[:whole])
        return
    if said.crypt != 1:
        raise BadMedia("an unusual pattern of protection")
    stride = _BLOCK * (1 + said.skip)
    count = (len(data) - _BLOCK) // stride + 1 if len(data) >= _BLOCK else 0
    hidden = bytearray(_BLOCK * count)
    for place in range(_BLOCK):  # sixteen long steps instead of one short one for each block
        hidden[place::_BLOCK] = data[place::stride][:count]
    clear = cipher.update(bytes(hidden))
    last = (count - 1) * stride
    for place in range(_BLOCK if count else 0):
        data[place : last + place + 1 : stride] = clear[place::_BLOCK]
