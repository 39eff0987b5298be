"""What `cbcs` puts into a fragment is what it takes off again; what is not whole is refused."""

import struct
from itertools import accumulate, pairwise
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadMedia
from transcoder.formats import aac
from transcoder.formats.cbcs import (
    Packaged,
    Protection,
    Subsamples,
    first_protected,
    protect_fragment,
    protect_fragments,
    protect_init,
    protected_bytes,
    read_packaged,
    read_protection,
    unprotect_fragment,
    unprotect_init,
)
from transcoder.formats.fmp4 import boxes, find, make_box, make_full_box, make_video_fragment, read_fragment
from transcoder.formats.fmp4_sound import make_fragment
from transcoder.formats.iframes import first_picture
from transcoder.keys.secret import SecretBytes

KEY, IV, KID = SecretBytes(bytes(range(16))), bytes(range(16, 32)), UUID(int=7)
PICTURE, SOUND = Protection(KID, IV, 1, 9), Protection(KID, IV, 0, 0)
INIT = aac.make_init(128_000, 48_000, 2)


def encrypted(data: bytes, said: Protection) -> bytes:
    """ISO/IEC 23001-7 §9.6 and §10.4, block by block."""
    cipher, out = Cipher(AES128(KEY.reveal()), CBC(said.iv)).encryptor(), bytearray(data)
    for number, at in enumerate(range(0, len(data) - 15, 16)):
        if not said.skip or number % (said.crypt + said.skip) < said.crypt:
            out[at : at + 16] = cipher.update(data[at : at + 16])
    return bytes(out)


def sample(pieces: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes, Subsamples]:
    """A picture in clear, encrypted, and what is said of it."""
    clear = b"".join(head + body for head, body in pieces)
    hidden = b"".join(head + encrypted(body, PICTURE) for head, body in pieces)
    return clear, hidden, tuple((len(head), len(body)) for head, body in pieces)


SLICES = st.tuples(st.binary(min_size=1, max_size=40), st.binary(max_size=700))
PICTURES = st.lists(st.lists(SLICES, min_size=1, max_size=3).map(sample), min_size=1, max_size=5)


def fragment(pictures: list[bytes], number: int = 3) -> bytes:
    rows = [(len(one), 2000) for one in pictures]
    return make_video_fragment(number, 123_000, 1000, rows, b"".join(pictures))


@given(PICTURES)
def test_a_fragment_of_pictures_comes_back_byte_for_byte(
    pictures: list[tuple[bytes, bytes, Subsamples]],
) -> None:
    clear = fragment([shown for shown, _, _ in pictures])
    payload, rows = b"".join(hidden for _, hidden, _ in pictures), [row for _, _, row in pictures]
    stored = protect_fragment(clear, rows, payload)
    before, after = read_fragment(clear), read_fragment(stored)
    assert (after.start, after.durations, after.offsets) == (before.start, before.durations, before.offsets)
    assert struct.unpack_from(">i", stored, find(stored, "moof/traf/trun").body + 8)[0] == (
        find(stored, "mdat").body
    )
    assert protected_bytes(stored) == tuple(sum(body for _, body in row) for row in rows)
    assert unprotect_fragment(stored, PICTURE, KEY) == clear


@given(PICTURES)
def test_auxiliary_information_is_where_saio_says_and_as_long_as_saiz_says(
    pictures: list[tuple[bytes, bytes, Subsamples]],
) -> None:
    rows = [row for _, _, row in pictures]
    clear = fragment([shown for shown, _, _ in pictures])
    stored = protect_fragment(clear, rows, b"".join(hidden for _, hidden, _ in pictures))
    at = struct.unpack_from(">I", stored, find(stored, "moof/traf/saio").body + 8)[0]
    saiz = find(stored, "moof/traf/saiz").body + 4
    one, count = struct.unpack_from(">BI", stored, saiz)
    sizes = [one] * count if one else list(stored[saiz + 5 : saiz + 5 + count])
    assert sizes == [2 + 6 * len(row) for row in rows]
    for (begin, _), row in zip(pairwise(accumulate(sizes, initial=at)), rows, strict=True):
        assert struct.unpack_from(">H", stored, begin)[0] == len(row)


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=6))
def test_sound_is_protected_whole_and_comes_back(frames: list[bytes]) -> None:
    clear = make_fragment(1, 4096, frames, 1024)
    payload = b"".join(encrypted(frame, SOUND) for frame in frames)
    stored = protect_fragment(clear, [()] * len(frames), payload)
    assert len(stored) == len(clear)
    assert protected_bytes(stored) == tuple(map(len, frames))
    assert unprotect_fragment(stored, SOUND, KEY) == clear


def test_the_first_picture_cut_out_is_protected_as_its_segment_is() -> None:
    one, two = (sample([(b"head", bytes([value]) * 500)]) for value in (1, 2))
    clear = fragment([one[0], two[0]])
    stored = protect_fragment(clear, [one[2], two[2]], one[1] + two[1])
    cut = first_protected(stored, first_picture(stored))
    assert unprotect_fragment(cut, PICTURE, KEY) == first_picture(clear)


def sinf(kind: bytes = b"mp4a", scheme: bytes = b"cbcs", pattern: int = 0) -> bytes:
    said = struct.pack(">BBBB16sB16s", 0, pattern, 1, 0, KID.bytes, 16, IV)
    schm = make_full_box("schm", 0, 0, scheme + struct.pack(">I", 0x10000))
    return make_box("sinf", make_box("frma", kind), schm, make_box("schi", make_full_box("tenc", 1, 0, said)))


def packaged(*frames: bytes) -> Packaged:
    sizes = tuple(map(len, frames))
    return Packaged(sinf(), make_box("pssh", b"x"), sizes, ((),) * len(sizes), b"".join(frames))


def test_an_init_segment_says_key_and_iv_and_is_the_clear_one_otherwise() -> None:
    init = protect_init(INIT, packaged())
    assert read_protection(init) == SOUND
    pssh = find(init, "moov/pssh")
    assert init[pssh.body : pssh.end] == b"x"
    assert b"mp4a" not in init.replace(b"frmamp4a", b"").replace(b"mp41", b"")
    assert unprotect_init(init) == INIT


def test_another_scheme_another_codec_and_no_protection_are_bad_media() -> None:
    with pytest.raises(BadMedia, match="something else"):
        protect_init(INIT, Packaged(sinf(b"avc1"), b"", (), (), b""))
    with pytest.raises(BadMedia, match="not protected by cbcs"):
        read_protection(protect_init(INIT, Packaged(sinf(scheme=b"cenc"), b"", (), (), b"")))
    with pytest.raises(BadMedia, match="not protected"):
        read_protection(INIT)


def test_other_samples_than_were_given_are_bad_media() -> None:
    clear = [make_fragment(1, 0, [b"abc", b"de"], 1024)]
    assert len(list(protect_fragments(clear, packaged(b"ABC", b"DE")))) == 1
    for other in ((b"ABC",), (b"ABCD", b"E"), (b"ABC", b"DE", b"F")):
        with pytest.raises(BadMedia, match="other samples"):
            list(protect_fragments(clear, packaged(*other)))


def test_what_the_packager_cut_otherwise_is_joined_again() -> None:
    stream = protect_init(INIT, packaged())
    stream += b"".join(make_fragment(n, n, [bytes([n]) * 9], 1024) for n in range(1, 5))
    found = read_packaged(stream)
    clear = [make_fragment(1, 0, [b"a" * 9] * 3, 1024), make_fragment(2, 3072, [b"b" * 9], 1024)]
    stored = list(protect_fragments(clear, found))
    assert [read_fragment(piece).start for piece in stored] == [0, 3072]
    assert stored[0].endswith(bytes([1]) * 9 + bytes([2]) * 9 + bytes([3]) * 9)


def test_a_picture_of_too_many_slices_cannot_be_said_to_be_protected() -> None:
    row = ((1, 1),) * 43
    with pytest.raises(BadMedia, match="too many slices"):
        protect_fragment(fragment([b"x" * 86]), [row], b"x" * 86)


@given(st.data())
def test_a_damaged_fragment_is_bad_media_or_a_clear_fragment_of_samples_as_long(
    data: st.DataObject,
) -> None:
    shown, hidden, row = sample([(b"head", b"body" * 60)])
    stored = bytearray(protect_fragment(fragment([shown]), [row], hidden))
    place = data.draw(st.integers(0, find(stored, "mdat").body - 1))
    stored[place] ^= data.draw(st.integers(1, 255))
    cut = bytes(stored[: data.draw(st.integers(0, len(stored)))])
    for piece in (bytes(stored), cut):
        try:
            clear = unprotect_fragment(piece, PICTURE, KEY)
        except BadMedia:
            continue
        assert read_fragment(clear).sizes == read_fragment(piece).sizes
        assert len(clear) - find(clear, "mdat").body == sum(read_fragment(piece).sizes)
        traf = find(clear, "moof/traf")
        assert not {box.kind for box in boxes(clear, traf.body, traf.end)} & {b"saiz", b"saio", b"senc"}
