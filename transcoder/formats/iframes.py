"""One picture a segment for winding: the first frame of every segment of the lowest rung, cut out. Pure.

A segment is encrypted whole, so a byte range into it (as I-frame playlists usually have it) could not be
decrypted. A fragment of its own can be: the key frame alone, shown for as long as its segment lasts. That
costs no decoding and no encoding. HLS: `EXT-X-I-FRAMES-ONLY` (RFC 8216 §4.3.3.6).
"""

import struct

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import Buffer, find, make_box, make_full_box, read_fragment

_SYNC = 0x02000000
"""Sample flags of a frame that depends on no other (ISO/IEC 14496-12 §8.8.3.1)."""


def first_picture(segment: Buffer) -> bytes:
    """Cut the first frame out of a clear video segment; number and times stay those of the segment.

    Raises BadMedia if the first frame in decoding order is not the first that is shown.
    """
    found = read_fragment(segment)
    if not found.sizes or found.shown[0] != min(found.shown):
        raise BadMedia("a segment does not begin with its first picture")
    size, duration, offset = found.sizes[0], found.duration, found.offsets[0]
    moof_size = 8 + 16 + 8 + 24 + 20 + 28
    traf = make_box(
        "traf",
        make_full_box("tfhd", 0, 0x020028, struct.pack(">III", 1, duration, _SYNC)),
        make_full_box("tfdt", 1, 0, struct.pack(">Q", found.start)),
        make_full_box("trun", 0, 0xA01, struct.pack(">IiII", 1, moof_size + 8, size, offset)),
    )
    mdat = find(segment, "mdat")
    moof = make_box("moof", make_full_box("mfhd", 0, 0, struct.pack(">I", found.number)), traf)
    return moof + make_box("mdat", bytes(segment[mdat.body : mdat.body + size]))
