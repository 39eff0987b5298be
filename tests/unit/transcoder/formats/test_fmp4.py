"""The splitter gives the same pieces however the bytes arrive, and refuses what is no fragment."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadMedia
from transcoder.formats.aac import make_init
from transcoder.formats.fmp4 import (
    Splitter,
    add_edit_list,
    boxes,
    find,
    make_box,
    make_full_box,
    read_fragment,
    retime,
)
from transcoder.formats.fmp4_sound import make_fragment

INIT = make_init(128_000, 48_000, 2)
FRAGMENTS = [
    make_fragment(1, 0, [b"abc", b"de"], 1024),
    make_fragment(2, 2, [b"f" * 5000], 1024),
    make_fragment(3, 3, [b"g"], 1024),
]
STREAM = INIT + make_box("styp", b"msdh") + b"".join(FRAGMENTS) + make_box("mfra", bytes(12))


def video_fragment(offsets: list[int], version: int = 1) -> bytearray:
    rows = b"".join(struct.pack(">Ii", 10, offset) for offset in offsets)
    tfhd = make_full_box("tfhd", 0, 0x020008, struct.pack(">II", 1, 1000))
    trun = make_full_box("trun", version, 0xA01, struct.pack(">Ii", len(offsets), 0), rows)
    traf = make_box("traf", tfhd, make_full_box("tfdt", 1, 0, bytes(8)), trun)
    moof = make_box("moof", make_full_box("mfhd", 0, 0, bytes(4)), traf)
    return bytearray(moof + make_box("mdat", bytes(10 * len(offsets))))


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_any_slicing_of_the_stream_gives_the_same_pieces(cuts: list[int]) -> None:
    splitter = Splitter()
    pieces: list[bytearray] = []
    marks = [0, *sorted(cuts), len(STREAM)]
    for begin, end in itertools.pairwise(marks):
        pieces.extend(splitter.feed(STREAM[begin:end]))
    splitter.close()
    assert [bytes(piece) for piece in pieces] == [INIT, *FRAGMENTS]


@given(st.binary(max_size=400))
def test_noise_is_refused_or_waits_but_never_hangs(noise: bytes) -> None:
    splitter = Splitter()
    try:
        assert list(splitter.feed(noise)) == []
    except BadMedia:
        return
    if noise:
        with pytest.raises(BadMedia):
            splitter.close()


def test_a_box_that_claims_too_much_is_refused_before_it_is_held() -> None:
    splitter = Splitter(most=1000)
    with pytest.raises(BadMedia, match="impossible"):
        list(splitter.feed(struct.pack(">I4s", 2000, b"mdat")))


def test_a_stream_that_ends_inside_a_fragment_is_refused() -> None:
    splitter = Splitter()
    list(splitter.feed(STREAM[: len(INIT) + 60]))
    with pytest.raises(BadMedia, match="inside"):
        splitter.close()


def test_a_fragment_is_read_as_it_was_written() -> None:
    fragment = read_fragment(make_fragment(7, 94 * 1024, [b"abc", b"de"], 1024))
    assert (fragment.number, fragment.start) == (7, 94 * 1024)
    assert fragment.durations == (1024, 1024)
    assert fragment.sizes == (3, 2)
    assert fragment.duration == 2048
    assert fragment.shown == (0, 1024)


def test_retiming_moves_time_and_makes_offsets_positive() -> None:
    data = video_fragment([0, 2000, -1000, -2000])
    assert min(read_fragment(data).shown) == 0
    again = retime(data, 5, 123_000, 2000)
    fragment = read_fragment(again)
    assert (fragment.number, fragment.start) == (5, 123_000)
    assert fragment.offsets == (2000, 4000, 1000, 0)
    assert fragment.durations == (1000,) * 4
    assert min(fragment.shown) == 2000
    assert again.endswith(bytes(data[-48:]))
    trun = find(again, "moof/traf/trun")
    assert struct.unpack_from(">i", again, trun.body + 8)[0] == find(again, "mdat").body


def test_a_fragment_without_offsets_gets_them() -> None:
    fragment = read_fragment(retime(make_fragment(1, 0, [b"a", b"bc"], 1024), 1, 0, 2000))
    assert fragment.offsets == (2000, 2000)
    assert fragment.sizes == (1, 2)


def test_an_offset_below_the_delay_is_refused() -> None:
    with pytest.raises(BadMedia, match="before"):
        retime(video_fragment([0, -3000]), 1, 0, 2000)


@given(st.binary(max_size=200))
def test_broken_fragments_raise_bad_media_and_nothing_else(noise: bytes) -> None:
    good = make_fragment(1, 0, [b"abc"], 1024)
    for data in (noise, good[: len(noise)], make_box("moof", noise) + make_box("mdat")):
        with pytest.raises(BadMedia):
            read_fragment(data)


def test_the_edit_list_lands_in_the_track() -> None:
    init = add_edit_list(INIT, 2002)
    elst = find(init, "moov/trak/edts/elst")
    assert struct.unpack_from(">IIi", init, elst.body + 4) == (1, 0, 2002)
    assert [box.kind for box in boxes(init)] == [b"ftyp", b"moov"]
    assert len(init) == len(INIT) + 36


def test_a_path_that_is_not_there_is_bad_media() -> None:
    with pytest.raises(BadMedia, match="no moov/trak/nope"):
        find(INIT, "moov/trak/nope")
