"""The segment cipher is AES-128-CBC with PKCS#7 as HLS wants it; the poster is bound to its place."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadMedia
from transcoder.keys.encrypt import decrypt_segment, encrypt_segment, open_poster, seal_poster
from transcoder.keys.secret import SecretBytes

KEY = SecretBytes(bytes(range(16)))


@given(st.binary(max_size=300), st.integers(0, 2**40))
def test_it_equals_the_plain_way_of_doing_it(clear: bytes, sequence: int) -> None:
    padder = PKCS7(128).padder()
    padded = padder.update(clear) + padder.finalize()
    encryptor = Cipher(AES128(KEY.reveal()), CBC(sequence.to_bytes(16, "big"))).encryptor()
    stored = encrypt_segment(bytearray(clear), KEY, sequence)
    assert stored == encryptor.update(padded) + encryptor.finalize()
    assert decrypt_segment(stored, KEY, sequence) == clear


def test_another_key_is_refused_with_overwhelming_likelihood() -> None:
    stored = encrypt_segment(b"x" * 1000, KEY, 3)
    refused = 0
    for number in range(20):
        try:
            assert decrypt_segment(stored, SecretBytes(bytes([number] * 16)), 3) != b"x" * 1000
        except BadMedia:
            refused += 1
    assert refused >= 15


@pytest.mark.parametrize("stored", [b"", b"x", b"x" * 17])
def test_anything_but_whole_blocks_is_refused(stored: bytes) -> None:
    with pytest.raises(BadMedia):
        decrypt_segment(stored, KEY, 0)


def test_a_poster_opens_only_with_its_key_in_its_place_and_whole() -> None:
    key = SecretBytes(bytes(32))
    sealed = seal_poster(b"picture", key, b"ti_a/1/poster")
    assert open_poster(sealed, key, b"ti_a/1/poster") == b"picture"
    flipped = sealed[:-1] + bytes((sealed[-1] ^ 1,))
    for stored, other, place in (
        (sealed, SecretBytes(b"k" * 32), b"ti_a/1/poster"),
        (sealed, key, b"ti_b/1/poster"),
        (flipped, key, b"ti_a/1/poster"),
        (b"", key, b"ti_a/1/poster"),
    ):
        with pytest.raises(BadMedia):
            open_poster(stored, other, place)
    assert seal_poster(b"picture", key, b"") != seal_poster(b"picture", key, b"")
