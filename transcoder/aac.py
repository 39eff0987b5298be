"""AAC-LC: read ADTS frames (14496-3 §1.A.2) from a stream, write them as fragmented MP4. Pure."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcoder.errors import BadMedia
from transcoder.fmp4 import make_box, make_full_box
from transcoder.grid import AAC_SAMPLES

CODECS = "mp4a.40.2"
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
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


def make_fragment(number: int, start: int, frames: Sequence[bytes], samples: int = AAC_SAMPLES) -> bytes:
    """Write frames of `samples` samples each, the first of them at `start`, as one `moof` + `mdat`."""
    sizes = struct.pack(f">{len(frames)}I", *map(len, frames))
    moof_size = 8 + 16 + 8 + 24 + 20 + 20 + len(sizes)
    traf = make_box(
        "traf",
        # default-base-is-moof, default sample duration and flags (every sample is a sync sample)
        make_full_box("tfhd", 0, 0x020028, struct.pack(">III", 1, samples, 0x02000000)),
        make_full_box("tfdt", 1, 0, struct.pack(">Q", start)),
        make_full_box("trun", 0, 0x000201, struct.pack(">Ii", len(frames), moof_size + 8), sizes),
    )
    moof = make_box("moof", make_full_box("mfhd", 0, 0, struct.pack(">I", number)), traf)
    if len(moof) != moof_size:
        raise BadMedia("the audio fragment's data offset is wrong")
    return moof + make_box("mdat", *frames)


def make_init(bitrate: int, rate: int, channels: int) -> bytes:
    """Write the init segment of an AAC-LC track; its timescale is `rate`. Raises BadMedia for another rate
    than those of 14496-3 table 1.18, or channels that have no configuration (table 1.19)."""
    if rate not in _RATES or channels not in _CHANNELS:
        raise BadMedia("a sample rate or number of channels that AAC has no number for")
    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = make_full_box(
        "mvhd", 0, 0, struct.pack(">IIIIIHxx8x", 0, 0, rate, 0, 0x10000, 0x100), matrix, bytes(24),
        struct.pack(">I", 2),
    )  # fmt: skip
    tkhd = make_full_box(
        "tkhd", 0, 3, struct.pack(">IIIII8xHHHxx", 0, 0, 1, 0, 0, 0, 1, 0x100), matrix, bytes(8)
    )
    trak = make_box("trak", tkhd, _media(bitrate, rate, channels))
    mvex = make_box("mvex", make_full_box("trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    ftyp = make_box("ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"mp41")
    return ftyp + make_box("moov", mvhd, trak, mvex)


def _media(bitrate: int, rate: int, channels: int) -> bytes:
    mdhd = make_full_box("mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, rate, 0, 0x55C4, 0))
    hdlr = make_full_box("hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0")
    dinf = make_box("dinf", make_full_box("dref", 0, 0, struct.pack(">I", 1), make_full_box("url ", 0, 1)))
    empty = struct.pack(">I", 0)
    stbl = make_box(
        "stbl",
        make_full_box("stsd", 0, 0, struct.pack(">I", 1), _sample_entry(bitrate, rate, channels)),
        make_full_box("stts", 0, 0, empty),
        make_full_box("stsc", 0, 0, empty),
        make_full_box("stsz", 0, 0, empty, empty),
        make_full_box("stco", 0, 0, empty),
    )
    return make_box("mdia", mdhd, hdlr, make_box("minf", make_full_box("smhd", 0, 0, bytes(4)), dinf, stbl))


def _sample_entry(bitrate: int, rate: int, channels: int) -> bytes:
    # AudioSpecificConfig (14496-3 §1.6.2.1): AAC-LC, the rate's number, the channels' number, then zeroes.
    config = _descriptor(5, (2 << 11 | _RATES.index(rate) << 7 | _CHANNELS[channels] << 3).to_bytes(2, "big"))
    decoder = _descriptor(4, struct.pack(">BBHBII", 0x40, 0x15, 0, 0, bitrate, bitrate), config)
    stream = _descriptor(3, struct.pack(">HB", 1, 0), decoder, _descriptor(6, b"\x02"))
    head = struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, min(rate, 0xFFFF) << 16)
    return make_box("mp4a", head, make_full_box("esds", 0, 0, stream))


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, 0x80, 0x80, 0x80, len(body))) + body
