"""Opus packets come whole out of fragments; the init segment says what they are."""

import pytest

from transcoder.errors import BadMedia
from transcoder.formats import opus
from transcoder.formats.fmp4 import boxes, find
from transcoder.formats.fmp4_sound import make_fragment

PACKETS = [b"a" * 40, b"b" * 3, b"c" * 200]
STREAM = opus.make_init(2) + make_fragment(1, 0, PACKETS[:2], 960) + make_fragment(2, 1920, PACKETS[2:], 960)


@pytest.mark.parametrize("step", [1, 7, len(STREAM)])
def test_packets_come_whole_however_the_stream_is_sliced(step: int) -> None:
    parser = opus.PacketParser()
    found: list[bytes] = []
    for at in range(0, len(STREAM), step):
        found += parser.feed(STREAM[at : at + step])
    parser.close()
    assert found == PACKETS


def test_packets_of_another_length_are_refused() -> None:
    with pytest.raises(BadMedia, match="20 ms"):
        list(opus.PacketParser().feed(opus.make_init(2) + make_fragment(1, 0, PACKETS, 480)))


def test_a_stream_that_is_cut_off_is_refused() -> None:
    parser = opus.PacketParser()
    list(parser.feed(STREAM[:-1]))
    with pytest.raises(BadMedia):
        parser.close()


def test_surround_says_its_streams_and_order() -> None:
    init = opus.make_init(6)
    stsd = find(init, "moov/trak/mdia/minf/stbl/stsd")
    (entry,) = boxes(init, stsd.body + 8, stsd.end)
    (dops,) = boxes(init, entry.body + 28, entry.end)
    assert (entry.kind, dops.kind) == (b"Opus", b"dOps")
    body = init[dops.body : dops.end]
    assert body[:2] == bytes((0, 6))
    assert body[2:4] == bytes(2)  # pre-skip: the priming is gone
    assert body[10:] == bytes((1, 4, 2, 0, 4, 1, 2, 3, 5))


def test_strange_channels_are_refused() -> None:
    with pytest.raises(BadMedia):
        opus.make_init(5)
