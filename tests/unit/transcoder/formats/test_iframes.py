"""The first picture of a segment is a fragment of its own that lasts as long as the segment."""

import struct

import pytest

from tests.unit.transcoder.formats.test_fmp4 import video_fragment
from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import boxes, find, make_box, read_fragment, retime
from transcoder.formats.iframes import first_picture


def test_the_first_picture_keeps_its_number_and_time_and_lasts_as_long_as_its_segment() -> None:
    segment = retime(video_fragment([0, 2000, -1000, -2000]), 5, 123_000, 2000)
    cut = first_picture(segment)
    found = read_fragment(cut)
    assert (found.number, found.start, found.durations) == (5, 123_000, (4000,))
    assert (found.sizes, found.offsets) == ((10,), (2000,))
    assert [box.kind for box in boxes(cut)] == [b"moof", b"mdat"]
    trun = find(cut, "moof/traf/trun")
    assert struct.unpack_from(">i", cut, trun.body + 8)[0] == find(cut, "mdat").body


def test_it_is_the_first_bytes_of_its_segment() -> None:
    data = video_fragment([0, 0])
    mdat = find(data, "mdat")
    data[mdat.body : mdat.end] = b"0123456789abcdefghij"
    assert first_picture(data).endswith(b"0123456789")


def test_a_segment_that_shows_another_frame_first_is_bad_media() -> None:
    with pytest.raises(BadMedia, match="first picture"):
        first_picture(retime(video_fragment([2000, -1000]), 5, 123_000, 2000))


def test_a_segment_without_frames_is_bad_media() -> None:
    empty = video_fragment([])
    with pytest.raises(BadMedia):
        first_picture(empty)
    with pytest.raises(BadMedia):
        first_picture(make_box("moof") + make_box("mdat"))
