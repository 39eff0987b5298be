"""Fragmented MP4 as bytes: split a stream at `moof`, read and patch times, write audio fragments. Pure.

Box layouts: ISO/IEC 14496-12 (§8.8.12 tfdt, §8.8.7 tfhd, §8.8.8 trun), AAC in MP4: 14496-14, 14496-1.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from transcoder.errors import BadMedia
from transcoder.source.media import Light

Buffer = bytes | bytearray | memoryview

MOST_BOX = 256 << 20
"""No segment of a few seconds is larger; a box that claims more is refused, not buffered."""

_INIT_BOXES = {b"ftyp", b"moov"}
_LEAD_BOXES = {b"styp", b"sidx", b"prft", b"emsg", b"free"}


@dataclass(frozen=True, slots=True)
class Box:
    """A box inside a buffer: its type, where it starts, where its payload starts, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Walk the boxes between two offsets; raises BadMedia where they do not fit."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < 8:
            raise BadMedia("a box header is cut off")
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            if end - start < 16:
                raise BadMedia("a box header is cut off")
            size = struct.unpack_from(">Q", data, body)[0]
            body += 8
        if size < body - start or start + size > end:
            raise BadMedia("a box does not fit into its place")
        yield Box(kind, start, body, start + size)
        start += size


def find(data: Buffer, path: str) -> Box:
    """Find the first box at a path such as "moof/traf/tfdt"; raises BadMedia."""
    start, end = 0, len(data)
    box: Box | None = None
    for kind in path.split("/"):
        box = next((b for b in boxes(data, start, end) if b.kind == kind.encode()), None)
        if box is None:
            raise BadMedia(f"no {path} box")
        start, end = box.body, box.end
    if box is None:
        raise BadMedia("no path")
    return box


class Splitter:
    """Cut a byte stream into the init segment and fragments, however the stream is sliced.

    Holds at most one fragment. The first piece is the init segment (`ftyp` + `moov`), every other one is
    `moof` + `mdat`; `mfra` at the end is dropped.
    """

    def __init__(self, most: int = MOST_BOX) -> None:
        self._most = most
        self._pending = bytearray()
        self._piece = bytearray()
        self._missing = 0

    def feed(self, data: Buffer) -> Iterator[bytearray]:
        """Take the next bytes; yields every piece they complete."""
        self._pending += data
        while (size := self._next_size()) is not None and len(self._pending) >= size:
            kind = bytes(self._pending[4:8])
            if kind not in _LEAD_BOXES and kind != b"mfra":
                self._piece += self._pending[:size]
            del self._pending[:size]
            if kind in (b"moov", b"mdat"):
                piece, self._piece = self._piece, bytearray()
                yield piece

    def close(self) -> None:
        """Check that the stream ended at a piece's end; raises BadMedia."""
        if self._pending or self._piece:
            raise BadMedia("the stream ended inside a fragment")

    def _next_size(self) -> int | None:
        if len(self._pending) < 8:
            return None
        size, kind = struct.unpack_from(">I4s", self._pending, 0)
        if size == 1:
            if len(self._pending) < 16:
                return None
            size = struct.unpack_from(">Q", self._pending, 8)[0]
        if kind not in _INIT_BOXES | _LEAD_BOXES | {b"moof", b"mdat", b"mfra"}:
            raise BadMedia("an unexpected box in the stream")
        if size < 8 or size + len(self._piece) > self._most:
            raise BadMedia("a box of impossible size")
        return int(size)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one `moof` says: `start` and `durations`, `offsets` (composition) in ticks of the track."""

    number: int
    start: int
    durations: tuple[int, ...]
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def duration(self) -> int:
        """Ticks from the first sample to the end of the last."""
        return sum(self.durations)

    @property
    def shown(self) -> tuple[int, ...]:
        """Composition times of the samples in decoding order, in ticks from `start`."""
        begins = accumulate(self.durations, initial=0)
        return tuple(at + offset for at, offset in zip(begins, self.offsets, strict=False))


def read_fragment(data: Buffer) -> Fragment:
    """Read the one track of a `moof` + `mdat` piece; raises BadMedia."""
    try:
        return _read_fragment(data)
    except struct.error as fault:
        raise BadMedia("a fragment's table is cut off") from fault


def _read_fragment(data: Buffer) -> Fragment:
    number = struct.unpack_from(">I", data, find(data, "moof/mfhd").body + 4)[0]
    traf = find(data, "moof/traf")
    duration, size = _defaults(data, find(data, "moof/traf/tfhd"))
    samples: list[tuple[int, int, int]] = []
    for box in boxes(data, traf.body, traf.end):
        if box.kind == b"trun":
            samples.extend(_samples(data, box, duration, size))
    durations, sizes, offsets = zip(*samples, strict=True) if samples else ((), (), ())
    mdat = find(data, "mdat")
    if sum(sizes) != mdat.end - mdat.body:
        raise BadMedia("the samples do not fill their mdat")
    return Fragment(number, _start(data), durations, offsets, sizes)


def _start(data: Buffer) -> int:
    box = find(data, "moof/traf/tfdt")
    version = struct.unpack_from(">B", data, box.body)[0]
    return int(struct.unpack_from(">Q" if version else ">I", data, box.body + 4)[0])


def _defaults(data: Buffer, tfhd: Box) -> tuple[int, int]:
    flags = struct.unpack_from(">I", data, tfhd.body)[0] & 0xFFFFFF
    at = tfhd.body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    duration = size = 0
    if flags & 0x8:
        duration = struct.unpack_from(">I", data, at)[0]
        at += 4
    if flags & 0x10:
        size = struct.unpack_from(">I", data, at)[0]
    return duration, size


def _samples(data: Buffer, trun: Box, duration: int, size: int) -> Iterator[tuple[int, int, int]]:
    flags, count = struct.unpack_from(">II", data, trun.body)
    version, flags = flags >> 24, flags & 0xFFFFFF
    at = trun.body + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if at + count * 4 * len(fields) > trun.end:
        raise BadMedia("a trun box is cut off")
    if count > len(data):  # without fields a row takes no byte, and four thousand million of them no more
        raise BadMedia("a trun box of more samples than bytes")
    row = struct.Struct(">" + "".join("i" if bit == 0x800 and version else "I" for bit in fields))
    for _ in range(count):
        values = dict(zip(fields, row.unpack_from(data, at), strict=True))
        at += row.size
        yield values.get(0x100, duration), values.get(0x200, size), values.get(0x800, 0)


def retime(data: Buffer, number: int, start: int, delay: int) -> bytes:
    """Write a video fragment's `moof` anew: its number, its decode time, `delay` added to every offset.

    With `delay` the reorder delay no composition offset is negative; `add_edit_list` takes it off again.
    (ffmpeg's own demuxer misplaces fragments with negative offsets by that delay.) Raises BadMedia if the
    samples are of uneven length or shown before `start`.
    """
    found = read_fragment(data)
    if len(set(found.durations)) != 1:
        raise BadMedia("frames of uneven length")
    mdat = find(data, "mdat")
    rows = list(zip(found.sizes, (offset + delay for offset in found.offsets), strict=True))
    return make_video_fragment(number, start, found.durations[0], rows, data[mdat.body : mdat.end])


def make_video_fragment(
    number: int, start: int, ticks: int, rows: Sequence[tuple[int, int]], payload: Buffer
) -> bytes:
    """Write samples of `ticks` each as one `moof` + `mdat`; a row is a sample's size and composition offset.

    Only the first sample is a sync sample. Raises BadMedia for a negative offset.
    """
    if min(offset for _, offset in rows) < 0:
        raise BadMedia("a frame is shown before its segment")
    table = b"".join(struct.pack(">II", *row) for row in rows)
    moof_size = 8 + 16 + 8 + 24 + 20 + 24 + len(table)
    traf = make_box(
        "traf",
        # default-base-is-moof; default duration and flags (not a sync sample)
        make_full_box("tfhd", 0, 0x020028, struct.pack(">III", 1, ticks, 0x01010000)),
        make_full_box("tfdt", 1, 0, struct.pack(">Q", start)),
        make_full_box("trun", 0, 0xA05, struct.pack(">IiI", len(rows), moof_size + 8, 0x02000000), table),
    )
    moof = make_box("moof", make_full_box("mfhd", 0, 0, struct.pack(">I", number)), traf)
    return b"".join((moof, struct.pack(">I4s", 8 + len(payload), b"mdat"), payload))


def add_edit_list(init: Buffer, delay: int) -> bytes:
    """Put an edit list into the one track of an init segment: media time `delay` is presented at 0."""
    elst = make_full_box("elst", 0, 0, struct.pack(">IIiHH", 1, 0, delay, 1, 0))
    edts = make_box("edts", elst)
    moov, trak, tkhd = (find(init, path) for path in ("moov", "moov/trak", "moov/trak/tkhd"))
    out = bytearray(init[: tkhd.end]) + edts + init[tkhd.end :]
    for box in (moov, trak):
        struct.pack_into(">I", out, box.start, box.end - box.start + len(edts))
    return bytes(out)


_ENTRY = ("moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", "moov/trak/mdia/minf/stbl")


def add_light(init: Buffer, light: Light) -> bytes:
    """Put what is known of an HDR film's light into its init segment's sample entry: `mdcv`, `clli`
    (14496-12 §12.1.6)."""
    extra = b""
    if light.display:
        extra += make_box("mdcv", struct.pack(">8H2I", *light.display))
    if light.brightest or light.average:
        extra += make_box("clli", struct.pack(">HH", light.brightest, light.average))
    return append_to_entry(init, extra)


def sample_entry(init: Buffer) -> Box:
    """Find the first sample entry of an init segment's track; raises BadMedia."""
    stsd = find(init, f"{_ENTRY[-1]}/stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end), None)
    if entry is None:
        raise BadMedia("no sample entry")
    return entry


def append_to_entry(init: Buffer, extra: bytes, kind: bytes = b"", less: int = 0) -> bytes:
    """Put boxes at the end of an init segment's sample entry, `less` bytes of which are taken away first.

    It is called `kind` then, if that is given.
    """
    stsd, entry = find(init, f"{_ENTRY[-1]}/stsd"), sample_entry(init)
    out = bytearray(init[: entry.end - less]) + extra + init[entry.end :]
    for box in (*(find(init, path) for path in _ENTRY), stsd, entry):
        struct.pack_into(">I", out, box.start, box.end - box.start + len(extra) - less)
    out[entry.start + 4 : entry.start + 8] = kind or entry.kind
    return bytes(out)


def make_box(kind: str, *parts: bytes) -> bytes:
    """Join the parts into a box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def make_full_box(kind: str, version: int, flags: int, *parts: bytes) -> bytes:
    """Join the parts into a box with version and flags."""
    return make_box(kind, struct.pack(">I", version << 24 | flags), *parts)
