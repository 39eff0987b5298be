"""`pssh` boxes: the W3C's own example, boxes of systems that name no key, and what is broken."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadMedia
from transcoder.formats.pssh import COMMON_SYSTEM, MOST_KEYS, Pssh, common_pssh, make_pssh, read_pssh

# W3C, "cenc" Initialization Data Format, §4.2: a box that names two keys.
W3C_KIDS = (uuid.UUID(bytes=b"0123456789012345"), uuid.UUID(bytes=b"ABCDEFGHIJKLMNOP"))
W3C_BOX = bytes.fromhex(
    "0000004470737368010000001077efecc0b24d02ace33c1e52e2fb4b00000002"
    "303132333435363738393031323334354142434445464748494a4b4c4d4e4f5000000000"
)
# web-platform-tests, encrypted-media/util/utils.js: a box of version 0 without data.
EMPTY_BOX = bytes.fromhex("0000002070737368000000001077efecc0b24d02ace33c1e52e2fb4b00000000")

boxes = st.builds(Pssh, st.uuids(), st.lists(st.uuids(), max_size=5).map(tuple), st.binary(max_size=40))


def test_the_w3cs_example_is_written_byte_for_byte() -> None:
    assert common_pssh(W3C_KIDS) == W3C_BOX


def test_the_w3cs_example_is_read() -> None:
    assert read_pssh(W3C_BOX) == (Pssh(COMMON_SYSTEM, W3C_KIDS),)


def test_a_box_of_version_0_names_no_key() -> None:
    assert read_pssh(EMPTY_BOX) == (Pssh(COMMON_SYSTEM),)
    assert make_pssh(Pssh(COMMON_SYSTEM)) == EMPTY_BOX


def test_each_key_is_named_once() -> None:
    assert common_pssh([*W3C_KIDS, W3C_KIDS[0]]) == W3C_BOX


def test_a_common_box_names_at_least_one_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        common_pssh([])


@given(st.lists(boxes, min_size=1, max_size=4))
def test_boxes_one_after_another_are_read_as_they_were_written(some: list[Pssh]) -> None:
    assert read_pssh(b"".join(make_pssh(box) for box in some)) == tuple(some)


@given(boxes, st.data())
def test_a_box_that_is_cut_off_is_refused(box: Pssh, data: st.DataObject) -> None:
    written = make_pssh(box)
    with pytest.raises(BadMedia):
        read_pssh(written[: data.draw(st.integers(0, len(written) - 1))])


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = read_pssh(data)
    except BadMedia:
        return
    assert all(isinstance(one, Pssh) for one in found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        W3C_BOX + b"\0",
        W3C_BOX.replace(b"pssh", b"moov"),
        W3C_BOX[:8] + b"\x02" + W3C_BOX[9:],
        W3C_BOX[:28] + (MOST_KEYS + 1).to_bytes(4, "big") + W3C_BOX[32:],
        W3C_BOX[:-4] + b"\0\0\0\x07",
    ],
    ids=["nothing", "a byte too many", "another box", "version 2", "too many keys", "data that is not there"],
)
def test_what_is_not_a_pssh_box_is_refused(data: bytes) -> None:
    with pytest.raises(BadMedia):
        read_pssh(data)
