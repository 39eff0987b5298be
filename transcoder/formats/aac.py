"""AAC-LC: read ADTS frames (14496-3 §1.A.2) from a stream, describe them in an init segment. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import boxes, find, make_full_box
from transcoder.formats.fmp4_sound import make_sound_entry, make_sound_init

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_PAIR = 1
# Syntactic elements (14496-3 tables 4.71, 1.19) by channels: kind (0 single, 1 pair, 3 low frequencies), tag,
# channels.
_ELEMENTS = {
    1: ((0, 0, 1),),
    2: ((1, 0, 2),),
    6: ((0, 0, 1), (1, 0, 2), (1, 1, 2), (3, 0, 1)),
}
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 8: 7}


@dataclass(frozen=True, slots=True)
class AdtsHeader:
    """What an ADTS header says; `header` and `size` in bytes, `size` with the header."""

    rate: int
    channels: int
    header: int
    size: int


def read_header(data: bytes | bytearray) -> AdtsHeader:
    """Read the first 7 bytes of an ADTS frame; raises BadMedia for anything but AAC-LC."""
    word = int.from_bytes(data[:7], "big")
    if len(data) < 7 or word >> 44 != 0xFFF or (word >> 41) & 3:
        raise BadMedia("not an ADTS frame")
    profile, rate = (word >> 38) & 3, (word >> 34) & 15
    header = 7 if (word >> 40) & 1 else 9
    size = (word >> 13) & 0x1FFF
    if profile != 1 or rate >= len(_RATES) or size < header or word & 3:
        raise BadMedia("not AAC-LC, or more than one block in a frame")
    return AdtsHeader(_RATES[rate], (word >> 30) & 7, header, size)


class AdtsParser:
    """Cut a byte stream of `rate` Hz and `channels` into raw AAC frames, however the stream is sliced."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes; yields every raw frame they complete, without its header."""
        self._pending += data
        at = 0
        while len(self._pending) - at >= 7:
            head = read_header(self._pending[at : at + 7])
            if head.rate != self._rate or head.channels != self._channels:
                raise BadMedia("another sample rate or number of channels than was asked for")
            if len(self._pending) - at < head.size:
                break
            yield bytes(self._pending[at + head.header : at + head.size])
            at += head.size
        del self._pending[:at]

    def close(self) -> None:
        """Check that the stream ended at a frame's end; raises BadMedia."""
        if self._pending:
            raise BadMedia("the stream ended inside an ADTS frame")


def make_init(bitrate: int, rate: int, channels: int) -> bytes:
    """Write the init segment of an AAC-LC track; its timescale is `rate`. Raises BadMedia for another rate
    than those of 14496-3 table 1.18, or channels that have no configuration (table 1.19)."""
    if rate not in _RATES or channels not in _CHANNELS:
        raise BadMedia("a sample rate or number of channels that AAC has no number for")
    return make_sound_init(rate, _sample_entry(bitrate, rate, channels))


def _sample_entry(bitrate: int, rate: int, channels: int) -> bytes:
    config = _descriptor(5, _config(rate, channels))
    decoder = _descriptor(4, struct.pack(">BBHBII", 0x40, 0x15, 0, 0, bitrate, bitrate), config)
    stream = _descriptor(3, struct.pack(">HB", 1, 0), decoder, _descriptor(6, b"\x02"))
    return make_sound_entry("mp4a", rate, channels, make_full_box("esds", 0, 0, stream))


def _config(rate: int, channels: int) -> bytes:
    """AudioSpecificConfig (14496-3 §1.6.2.1): AAC-LC, numbers of rate and channels, then zeroes."""
    return (2 << 11 | _RATES.index(rate) << 7 | _CHANNELS[channels] << 3).to_bytes(2, "big")


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, 0x80, 0x80, 0x80, len(body))) + body


def is_configured(init: bytes | bytearray, rate: int, channels: int) -> bool:
    """Tell whether an init segment's track is AAC-LC of this rate, these channels and 1024 samples a frame,
    as `make_init` would say it; raises BadMedia where there is no such track."""
    stsd = find(init, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end), None)
    if entry is None or entry.kind != b"mp4a":
        raise BadMedia("no mp4a sample entry")
    esds = next((box for box in boxes(init, entry.body + 28, entry.end) if box.kind == b"esds"), None)
    if esds is None:
        raise BadMedia("no esds box")
    data = bytes(init[esds.body + 4 : esds.end])
    # One inside the other (14496-1 §7.2.6): stream, 3 bytes; decoder, 13 bytes; AudioSpecificConfig.
    for tag, head in ((3, 3), (4, 13), (5, 0)):
        data = _descriptor_body(data, tag)[head:]
    return data[:2] == _config(rate, channels)


def _descriptor_body(data: bytes, tag: int) -> bytes:
    """The payload of the descriptor at the start; its length stands in one to four bytes of seven bits."""
    size, at = 0, 1
    while at < min(5, len(data)):
        size = size << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            break
    if data[:1] != bytes((tag,)) or at + size > len(data):
        raise BadMedia("the esds box is not as expected")
    return data[at : at + size]


def silence(channels: int) -> bytes:
    """Write a raw frame (14496-3 §4.4.2.1) of silence: every channel without a single scale factor band."""
    bits = ""
    for kind, tag, streams in _ELEMENTS[channels]:
        # Of each channel: gain 0, long windows, no bands, no pulses, no noise shaping, no gain control.
        bits += f"{kind:03b}{tag:04b}" + ("0" if kind == _PAIR else "") + ("0" * 22) * streams
    bits += "111"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
