"""A manifest is one sequence of bytes, and only its own key vouches for it."""

from dataclasses import replace
from fractions import Fraction

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadManifest
from transcoder.keys.manifest import (
    Kind,
    Manifest,
    ManifestObject,
    decode_manifest,
    encode_manifest,
    sign_manifest,
    verify_manifest,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OBJECTS = (
    ManifestObject("a/init.mp4", Kind.INIT, "v240", "sd", -1, -1, 700, bytes(32)),
    ManifestObject("a/seg-0.m4s", Kind.SEGMENT, "v240", "sd", 0, 0, 9_000, b"h" * 32, Fraction(1001, 1000)),
)
MANIFEST = Manifest("ti_a", 1, "aes-128", Fraction(24_000, 1001), 24, OBJECTS)
BLOB = sign_manifest(MANIFEST, KEY)


def test_what_was_signed_is_what_is_read() -> None:
    assert verify_manifest(BLOB, KEY.public_key()) == MANIFEST


def test_the_order_of_objects_does_not_matter() -> None:
    turned = replace(MANIFEST, objects=OBJECTS[::-1])
    assert encode_manifest(turned) == encode_manifest(MANIFEST)
    assert sign_manifest(turned, KEY) == BLOB


@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_noticed(place: int, change: int) -> None:
    spoilt = bytearray(BLOB)
    spoilt[place] ^= change
    with pytest.raises(BadManifest):
        verify_manifest(bytes(spoilt), KEY.public_key())


def test_another_key_does_not_vouch() -> None:
    with pytest.raises(BadManifest, match="expected key"):
        verify_manifest(BLOB, Ed25519PrivateKey.generate().public_key())


def test_a_signature_over_the_bare_body_does_not_count() -> None:
    body = encode_manifest(MANIFEST)
    blob = cbor2.dumps({"v": 1, "manifest": body, "signature": KEY.sign(body)}, canonical=True)
    with pytest.raises(BadManifest, match="expected key"):
        verify_manifest(blob, KEY.public_key())


@given(st.binary(max_size=200))
def test_noise_is_no_manifest(noise: bytes) -> None:
    with pytest.raises(BadManifest):
        verify_manifest(noise, KEY.public_key())
    with pytest.raises(BadManifest):
        decode_manifest(noise)


@pytest.mark.parametrize("tail", [b"\0", BLOB])
def test_bytes_after_the_end_are_refused(tail: bytes) -> None:
    with pytest.raises(BadManifest):
        verify_manifest(BLOB + tail, KEY.public_key())


def resigned(**changes: object) -> bytes:
    raw = cbor2.loads(encode_manifest(MANIFEST)) | changes
    body = cbor2.dumps(raw, canonical=True)
    signature = KEY.sign(b"matinee/v1/title-manifest\0" + body)
    return cbor2.dumps({"v": 1, "manifest": body, "signature": signature}, canonical=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"extra": 1},
        {"rate": [0, 0]},
        {"rate": [24]},
        {"frames": True},
        {"title": 3},
        {"objects": [["short"]]},
        {"objects": [["n", "init", "v240", "sd", -1, -1, 7, b"short", 0, 1]]},
        {"objects": [["n", "strange", "v240", "sd", -1, -1, 7, bytes(32), 0, 1]]},
        {"objects": [["n", "init", "v240", "sd", -1, -1, 7, bytes(32), 2, 2]]},
        {"objects": [["n", "init", "v240", "sd", -1, -1, 7, bytes(32), 0, 1]] * 2},
    ],
    ids=str,
)
def test_a_signed_manifest_of_another_form_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadManifest):
        verify_manifest(resigned(**changes), KEY.public_key())
