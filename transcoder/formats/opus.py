"""Opus (RFC 6716): take packets from ffmpeg's fragmented MP4, describe them in an init segment. Pure.

Boxes: "Encapsulation of Opus in ISO Base Media File Format" 0.8.1; channel mapping: RFC 7845 §5.1.1.
"""

import struct
from collections.abc import Iterator

from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import Splitter, find, make_box, read_fragment
from transcoder.formats.fmp4_sound import make_sound_entry, make_sound_init
from transcoder.planning.grid import AUDIO_RATE, OPUS_SAMPLES

_MAPPINGS = {
    1: struct.pack(">B", 0),
    2: struct.pack(">B", 0),
    6: struct.pack(">BBB6B", 1, 4, 2, 0, 4, 1, 2, 3, 5),
}
"""By channels: the mapping family, and for 5.1 four streams, two of them stereo, in Vorbis order."""


class PacketParser:
    """Take packets of 20 ms out of a stream of fragmented MP4, however the stream is sliced."""

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes; yields every packet they complete."""
        for piece in self._splitter.feed(data):
            if self._begun:
                yield from _packets(piece)
            self._begun = True

    def close(self) -> None:
        """Check that the stream ended at a fragment's end; raises BadMedia."""
        self._splitter.close()


def _packets(piece: bytearray) -> Iterator[bytes]:
    fragment, at = read_fragment(piece), find(piece, "mdat").body
    for size, duration in zip(fragment.sizes, fragment.durations, strict=True):
        if duration != OPUS_SAMPLES:
            raise BadMedia("an Opus packet of another length than 20 ms")
        yield bytes(piece[at : at + size])
        at += size


def make_init(channels: int) -> bytes:
    """Write the init segment of an Opus track; its timescale is 48000. Raises BadMedia for other channels
    than mono, stereo and 5.1.

    The pre-skip is 0: the priming is gone already, and frame 0 begins with the film's first picture.
    """
    if channels not in _MAPPINGS:
        raise BadMedia("a number of channels that is not written as Opus here")
    head = struct.pack(">BBHIh", 0, channels, 0, AUDIO_RATE, 0)
    entry = make_sound_entry("Opus", AUDIO_RATE, channels, make_box("dOps", head, _MAPPINGS[channels]))
    return make_sound_init(AUDIO_RATE, entry)
