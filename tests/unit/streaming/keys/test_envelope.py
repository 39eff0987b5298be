from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.keys.envelope import Binding, BrokenEnvelope, WrongKey, derive, seal, unseal
from transcoder.keys.secret import SecretBytes

KEY = SecretBytes(bytes(range(32)))
BINDING = Binding("title-secret", "ac_1", "ti_1", 1)


@given(st.binary(min_size=1, max_size=200))
def test_what_was_sealed_opens_again(secret: bytes) -> None:
    assert unseal(KEY, BINDING, seal(KEY, BINDING, SecretBytes(secret))).reveal() == secret


@given(st.integers(0, 1 + 32 + 12 + 32 + 16 - 1), st.integers(1, 255))
def test_an_envelope_with_one_changed_byte_does_not_open(place: int, change: int) -> None:
    envelope = bytearray(seal(KEY, BINDING, SecretBytes(bytes(32))))
    envelope[place] ^= change
    with pytest.raises(BrokenEnvelope):
        unseal(KEY, BINDING, bytes(envelope))


@pytest.mark.parametrize(
    "moved",
    [
        replace(BINDING, purpose="server-share"),
        replace(BINDING, owner="ac_2"),
        replace(BINDING, object="ti_2"),
        replace(BINDING, version=2),
    ],
)
def test_an_envelope_moved_to_another_row_does_not_open(moved: Binding) -> None:
    envelope = seal(KEY, BINDING, SecretBytes(b"film"))
    with pytest.raises(BrokenEnvelope):
        unseal(KEY, moved, envelope)


def test_another_key_is_told_from_a_broken_envelope() -> None:
    envelope = seal(KEY, BINDING, SecretBytes(b"film"))
    with pytest.raises(WrongKey):
        unseal(SecretBytes(bytes(32)), BINDING, envelope)


def test_the_same_secret_never_seals_to_the_same_bytes() -> None:
    assert seal(KEY, BINDING, SecretBytes(b"film")) != seal(KEY, BINDING, SecretBytes(b"film"))


def test_each_purpose_derives_its_own_key() -> None:
    assert derive(KEY, "a") != derive(KEY, "b")


def test_no_fault_says_a_secret() -> None:
    with pytest.raises(BrokenEnvelope) as caught:
        unseal(KEY, BINDING, b"short")
    assert KEY.reveal().hex() not in repr(caught.value)
