"""The Clear Key protocol as text: what W3C's own tests ask of it, and any bytes at all.

Modelled on web-platform-tests `encrypted-media/clearkey-…`: `invalid-license`, `update-disallowed-input`,
`keystatuses`, `mp4-playback-temporary-multikey`, `check-initdata-type`, `generate-request-disallowed-input`.
"""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery.clearkey import MAX_KID, read_kid, read_request, write_licence, write_octets
from streaming.errors import Code, Fault
from transcoder.keys.secret import SecretBytes

KID = b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
OTHER = b"0123456789012345"


def asked(*kids: object, **members: object) -> bytes:
    return json.dumps({"kids": list(kids), "type": "temporary", **members}).encode()


def test_the_standards_example_request_is_read() -> None:
    # EME §9.1.3.1
    body = b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":"temporary"}'
    assert read_request(body) == (bytes.fromhex("2f05477fc24bb4faefd86517156daffc"),)


def test_the_standards_example_licence_is_written() -> None:
    # EME §9.1.4.1, with the members in another order
    kid, key = (
        bytes.fromhex("2f05477fc24bb4faefd86517156daffc"),
        base64.urlsafe_b64decode("tQ0bJVWb6b0KPL6KtZIy_A=="),
    )
    document = json.loads(write_licence({kid: SecretBytes(key)}))
    assert document == {
        "keys": [{"kty": "oct", "k": "tQ0bJVWb6b0KPL6KtZIy_A", "kid": "LwVHf8JLtPrv2GUXFW2v_A"}],
        "type": "temporary",
    }


def test_several_keys_are_asked_for_and_given_in_their_order() -> None:
    assert read_request(asked(write_octets(OTHER), write_octets(KID))) == (OTHER, KID)
    written = json.loads(write_licence({OTHER: SecretBytes(b"k" * 16), KID: SecretBytes(b"l" * 16)}))
    assert [row["kid"] for row in written["keys"]] == [write_octets(OTHER), write_octets(KID)]


def test_a_key_that_is_asked_for_twice_is_given_once() -> None:
    assert read_request(asked(write_octets(KID), write_octets(OTHER), write_octets(KID))) == (KID, OTHER)


def test_a_request_without_a_type_is_for_a_temporary_licence() -> None:
    assert read_request(json.dumps({"kids": [write_octets(KID)]}).encode()) == (KID,)


def test_members_that_the_format_lacks_do_not_count() -> None:
    assert read_request(asked(write_octets(KID), session="x")) == (KID,)


def test_a_key_id_may_have_any_length_up_to_the_bound() -> None:
    for length in (1, 15, 16, 17, MAX_KID):
        assert read_request(asked(write_octets(b"k" * length))) == (b"k" * length,)


def test_a_licence_that_would_be_kept_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        read_request(asked(write_octets(KID), type="persistent-license"))
    assert (refused.value.code, refused.value.name) == (Code.FORBIDDEN, "no_persistent_licence")


BROKEN = {
    "nothing": b"",
    "no JSON": b"This is an invalid license.",
    "binary": b"\xff\xfe\x00",
    "JSON cut off": b'{"kids":["AAECAwQFBgcICQoLDA0ODw"]',
    "an array": b"[]",
    "a word": b'"kids"',
    "a number": b"1",
    "null": b"null",
    "no kids": b'{"type":"temporary"}',
    "empty kids": asked(),
    "kids that are no list": b'{"kids":"AAECAwQFBgcICQoLDA0ODw"}',
    "kids as an object": b'{"kids":{"0":"AAECAwQFBgcICQoLDA0ODw"}}',
    "a kid that is a number": asked(7),
    "a kid that is null": asked(None),
    "a kid that is a list": asked(["AAECAwQFBgcICQoLDA0ODw"]),
    "an empty kid": asked(""),
    "padding": asked("AAECAwQFBgcICQoLDA0ODw=="),
    "letters of plain base64": asked("ab+/AwQFBgcICQoLDA0ODw"),
    "a space within": asked("AAECAwQFBgcI CQoLDA0ODw"),
    "a letter of no alphabet": asked("AAECAwQFBgcICQoLDA0OD\u00e9"),
    "a letter too many": asked("AAECAwQFBgcICQoLDA0ODwAAA"),
    "bits left over": asked("AAECAwQFBgcICQoLDA0ODx"),
    "hexadecimal with dashes, as in MPDs": asked("00010203-0405-0607-0809-0a0b0c0d0e0f{"),
    "a kid too long": asked(write_octets(b"k" * (MAX_KID + 1))),
    "a broken kid beside a good one": asked(write_octets(KID), "="),
    "an unknown type": asked(write_octets(KID), type="forever"),
    "a type that is no word": asked(write_octets(KID), type=1),
    "deep nesting": b'{"kids":' + b"[" * 2000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_request_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(Fault) as refused:
        read_request(body)
    assert (refused.value.code, refused.value.name) == (Code.INVALID, "bad_licence_request")
    assert refused.value.sentence.startswith("This licence request cannot be read.")


def test_keyids_initialization_data_asks_for_the_same_keys() -> None:
    # "keyids" Initialization Data Format §2: what a player that has no pssh box begins with
    init_data = b'{"kids":["AAECAwQFBgcICQoLDA0ODw"]}'
    assert read_request(init_data) == (KID,)


def test_webm_initialization_data_is_a_key_id_and_no_request() -> None:
    # "webm" Initialization Data Format §2: one key id, as it is
    with pytest.raises(Fault):
        read_request(KID)


def test_no_key_is_shown_but_in_the_licence() -> None:
    key = SecretBytes(b"very secret key!")
    assert "secret" not in repr({KID: key})
    assert write_octets(key.reveal()) in write_licence({KID: key}).decode()


@given(st.binary(min_size=1, max_size=MAX_KID))
def test_any_key_id_is_read_as_it_was_written(kid: bytes) -> None:
    text = write_octets(kid)
    assert "=" not in text
    assert read_kid(text) == kid


@given(st.text(max_size=40))
def test_a_key_id_has_one_spelling(text: str) -> None:
    try:
        kid = read_kid(text)
    except Fault:
        return
    assert write_octets(kid) == text


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda v: json.dumps({"kids": v}).encode()
    )
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        kids = read_request(body)
    except Fault:
        return
    assert all(0 < len(kid) <= MAX_KID for kid in kids)
