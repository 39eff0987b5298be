"""Sound as fragmented MP4: fragments of whole frames, init segments around a sample entry. Pure.

Box layouts: ISO/IEC 14496-12 (§8.8 movie fragments, §12.2 sound).
"""

import struct
from collections.abc import Sequence

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import make_box, make_full_box


def make_fragment(number: int, start: int, frames: Sequence[bytes], samples: int) -> bytes:
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


def make_sound_init(rate: int, entry: bytes) -> bytes:
    """Write the init segment of a sound track with one sample entry; its timescale is `rate`."""
    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = make_full_box(
        "mvhd", 0, 0, struct.pack(">IIIIIHxx8x", 0, 0, rate, 0, 0x10000, 0x100), matrix, bytes(24),
        struct.pack(">I", 2),
    )  # fmt: skip
    tkhd = make_full_box(
        "tkhd", 0, 3, struct.pack(">IIIII8xHHHxx", 0, 0, 1, 0, 0, 0, 1, 0x100), matrix, bytes(8)
    )
    trak = make_box("trak", tkhd, _media(rate, entry))
    mvex = make_box("mvex", make_full_box("trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    ftyp = make_box("ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"mp41")
    return ftyp + make_box("moov", mvhd, trak, mvex)


def make_sound_entry(kind: str, rate: int, channels: int, *parts: bytes) -> bytes:
    """Write an AudioSampleEntry of samples of 16 bits (14496-12 §12.2.3) with the codec's own boxes."""
    head = struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, min(rate, 0xFFFF) << 16)
    return make_box(kind, head, *parts)


def _media(rate: int, entry: bytes) -> bytes:
    mdhd = make_full_box("mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, rate, 0, 0x55C4, 0))
    hdlr = make_full_box("hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0")
    dinf = make_box("dinf", make_full_box("dref", 0, 0, struct.pack(">I", 1), make_full_box("url ", 0, 1)))
    empty = struct.pack(">I", 0)
    stbl = make_box(
        "stbl",
        make_full_box("stsd", 0, 0, struct.pack(">I", 1), entry),
        make_full_box("stts", 0, 0, empty),
        make_full_box("stsc", 0, 0, empty),
        make_full_box("stsz", 0, 0, empty, empty),
        make_full_box("stco", 0, 0, empty),
    )
    return make_box("mdia", mdhd, hdlr, make_box("minf", make_full_box("smhd", 0, 0, bytes(4)), dinf, stbl))
