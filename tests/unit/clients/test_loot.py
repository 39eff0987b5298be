"""The thief's tools find what there is to find: a test that could not open anything would prove nothing."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.loot import Loot, is_plain, keys_of, kid_of, opened, sequence_of

FRAGMENT = b"\0\0\0\x08moof\0\0\0\x08mdat"


@given(st.binary(min_size=16, max_size=16), st.integers(0, 1 << 20), st.integers(0, 15))
def test_a_segment_opens_with_its_own_key_and_number_alone(key: bytes, sequence: int, more: int) -> None:
    plain = FRAGMENT + bytes(16 + more)
    padded = plain + bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    cipher = Cipher(algorithms.AES128(key), modes.CBC(sequence.to_bytes(16, "big"))).encryptor()
    body = cipher.update(padded) + cipher.finalize()
    assert is_plain(opened(body, key, sequence))
    assert not is_plain(opened(body, key, sequence + (1 << 80)))
    assert not is_plain(opened(body, bytes([key[0] ^ 1]) + key[1:], sequence))


def test_pictures_sound_words_and_stills_are_known() -> None:
    assert is_plain(FRAGMENT)
    assert is_plain(b"WEBVTT\n\n")
    assert is_plain(b"\xff\xd8\xff\xe0")
    assert not is_plain(bytes(range(64)))


def test_a_licences_key_is_told_by_the_init_segments_that_name_it() -> None:
    kid = bytes(range(16))
    init = b"\0\0\0\x28tenc\x01\0\0\0\0\x19\x01\0" + kid + b"\x10"
    assert kid_of(init) == kid
    assert kid_of(b"\0\0\0\x08moov") == b""
    loot = Loot(keys={"/play/licence AAECAwQFBgcICQoLDA0ODw to the holder": bytes(16)})
    loot.inits = {
        "/media/1.x/ti_a/ve_b/v720/init-3-abcd.mp4": init,
        "/media/1.x/ti_a/ve_b/a0/init-3-efgh.mp4": b"",
    }
    assert list(keys_of(loot)) == [("v720", 3)]


def test_the_number_of_a_segment_stands_in_its_name() -> None:
    assert sequence_of("/media/1.x/ti_a/ve_b/v720/v-000012-abcd.m4s") == 12
    assert sequence_of("/media/1.x/ti_a/ve_b/v720/init-abcd.mp4") is None
    assert sequence_of("/play/token/main.m3u8") is None
