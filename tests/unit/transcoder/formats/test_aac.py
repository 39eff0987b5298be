"""ADTS frames are found however the bytes arrive."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadMedia
from transcoder.formats.aac import AdtsParser, read_header

PAYLOADS = [b"", b"a", b"hello" * 40, bytes(range(256)) * 8]


def adts(payload: bytes, *, rate: int = 3, channels: int = 2, profile: int = 1, blocks: int = 0) -> bytes:
    size = len(payload) + 7
    word = (
        0xFFF << 44 | 1 << 40 | profile << 38 | rate << 34 | channels << 30 | size << 13 | 0x7FF << 2 | blocks
    )
    return word.to_bytes(7, "big") + payload


STREAM = b"".join(map(adts, PAYLOADS))


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_any_slicing_gives_the_same_frames(cuts: list[int]) -> None:
    parser = AdtsParser(48_000, 2)
    frames: list[bytes] = []
    marks = [0, *sorted(cuts), len(STREAM)]
    for begin, end in itertools.pairwise(marks):
        frames.extend(parser.feed(STREAM[begin:end]))
    parser.close()
    assert frames == PAYLOADS


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 7,
        adts(b"x", profile=0),
        adts(b"x", rate=15),
        adts(b"x", blocks=1),
        adts(b"x", rate=4),
        adts(b"x", channels=1),
    ],
)
def test_anything_but_the_lc_that_was_asked_for_is_refused(data: bytes) -> None:
    with pytest.raises(BadMedia):
        list(AdtsParser(48_000, 2).feed(data))


def test_a_cut_frame_at_the_end_is_refused() -> None:
    parser = AdtsParser(48_000, 2)
    list(parser.feed(STREAM[:-1]))
    with pytest.raises(BadMedia):
        parser.close()


@given(st.binary(min_size=7, max_size=7))
def test_a_header_is_read_or_refused(data: bytes) -> None:
    try:
        header = read_header(data)
    except BadMedia:
        return
    assert header.size >= header.header
