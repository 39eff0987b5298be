"""Whether a file's index is in front is seen from its boxes alone."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.studying.arriving import Shape, shape_of


def box(kind: bytes, size: int, large: bool = False) -> bytes:
    head = (
        (1).to_bytes(4, "big") + kind + size.to_bytes(8, "big") if large else size.to_bytes(4, "big") + kind
    )
    return head.ljust(size, b"\0")


FTYP, MOOV, FREE, MDAT = box(b"ftyp", 24), box(b"moov", 300), box(b"free", 40), box(b"mdat", 500)


@pytest.mark.parametrize(
    ("data", "arrived", "shape"),
    [
        (b"", 0, Shape.UNSURE),
        (FTYP, 11, Shape.UNSURE),
        (FTYP + MOOV + MDAT, 24, Shape.UNSURE),
        (FTYP + MOOV + MDAT, 323, Shape.UNSURE),
        (FTYP + MOOV + MDAT, 324, Shape.READABLE),
        (FTYP + FREE + box(b"moov", 300, large=True), 364, Shape.READABLE),
        (FTYP + FREE + box(b"moov", 300, large=True), 363, Shape.UNSURE),
        (MOOV + MDAT, 300, Shape.READABLE),
        (FTYP + MDAT + MOOV, 32, Shape.WAITS),
        (FTYP + box(b"free", 40)[:4] + b"\0\0\0\0" + MOOV, 24, Shape.UNSURE),
        (FTYP + (0).to_bytes(4, "big") + b"free" + MOOV, 100, Shape.WAITS),
        (FTYP + (7).to_bytes(4, "big") + b"free" + MOOV, 100, Shape.WAITS),
        (FTYP + box(b"free", 8) * 100 + MOOV, 2000, Shape.WAITS),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 60, 12, Shape.READABLE),
        (b"\x47" + b"\0" * 187, 188, Shape.WAITS),
        (b"RIFF" + b"\0" * 4 + b"AVI ", 12, Shape.WAITS),
    ],
)
def test_an_index_in_front_is_found(data: bytes, arrived: int, shape: Shape) -> None:
    assert shape_of(BytesIO(data), arrived) is shape


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 400))
def test_what_lies_behind_the_arrived_bytes_is_not_looked_at(head: bytes, tail: bytes, arrived: int) -> None:
    data = FTYP + head
    arrived = min(arrived, len(data))
    assert shape_of(BytesIO(data[:arrived]), arrived) is shape_of(BytesIO(data + tail), arrived)
