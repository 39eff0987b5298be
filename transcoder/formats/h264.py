"""H.264 inside MP4: which parameter sets a track names, and what the pictures of a sample are. Pure.

Decoder configuration: ISO/IEC 14496-15 §5.3.3.1; NAL units: ITU-T H.264 §7.4.1, table 7-1.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import Buffer, boxes, find

_SLICES = range(1, 6)
_IDR, _SPS, _PPS = 5, 7, 8


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """What `avcC` says: bytes of a NAL unit's length, and the sequence and picture parameter sets."""

    length_size: int
    sps: frozenset[bytes]
    pps: frozenset[bytes]


def read_avcc(init: Buffer) -> AvcConfig:
    """Read the configuration of an init segment's one H.264 track; raises BadMedia."""
    stsd = find(init, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end), None)
    if entry is None or entry.kind != b"avc1" or entry.end - entry.body < 78:
        raise BadMedia("no avc1 sample entry")
    avcc = next((b for b in boxes(init, entry.body + 78, entry.end) if b.kind == b"avcC"), None)
    if avcc is None:
        raise BadMedia("no avcC box")
    try:
        return _config(bytes(init[avcc.body : avcc.end]))
    except (IndexError, struct.error) as fault:
        raise BadMedia("the avcC box is cut off") from fault


def _config(data: bytes) -> AvcConfig:
    at, sets = 5, []
    for mask in (0x1F, 0xFF):
        found = set()
        count = data[at] & mask
        at += 1
        for _ in range(count):
            size = struct.unpack_from(">H", data, at)[0]
            found.add(data[at + 2 : at + 2 + size])
            at += 2 + size
        sets.append(frozenset(found))
    return AvcConfig((data[4] & 3) + 1, sets[0], sets[1])


def nal_units(data: Buffer, start: int, end: int, length_size: int) -> Iterator[tuple[int, int, int]]:
    """Walk the NAL units of a sample: type, first byte, byte after the last; raises BadMedia."""
    while start < end:
        begin = start + length_size
        size = int.from_bytes(data[start:begin], "big")
        if not size or begin + size > end:
            raise BadMedia("a NAL unit does not fit into its sample")
        yield data[begin] & 0x1F, begin, begin + size
        start = begin + size


def is_idr(data: Buffer, start: int, end: int, config: AvcConfig) -> bool:
    """Tell whether decoding can begin at this sample: every slice is of an IDR picture.

    Raises BadMedia where the sample brings parameter sets that the track's configuration does not name: a
    player that begins after it would never see them.
    """
    slices = set()
    for kind, begin, stop in nal_units(data, start, end, config.length_size):
        if kind in _SLICES:
            slices.add(kind)
        elif kind in (_SPS, _PPS):
            known = config.sps if kind == _SPS else config.pps
            if bytes(data[begin:stop]) not in known:
                raise BadMedia("the picture's parameters change within the film")
    return slices == {_IDR}
