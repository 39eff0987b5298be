"""The client's derivation, held to the same known answers as the browser's."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts import vault
from streaming.accounts.values import KDF, WRAPPED_BYTES
from streaming.errors import Fault
from transcoder.keys.secret import SecretBytes

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "vault.json").read_text(encoding="utf-8")
)
PRIVATE = vault.PrivateKeys(SecretBytes(bytes(range(32))), SecretBytes(bytes(range(32, 64))))


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def vector_keys() -> bytes:
    keys = VECTORS["account_keys"]
    return raw(keys["x25519_private"]) + raw(keys["ed25519_private"])


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def opened(private: vault.PrivateKeys) -> bytes:
    return private.x25519.reveal() + private.ed25519.reveal()


def test_the_suite_of_the_vectors_is_the_suite_told_to_clients() -> None:
    assert dict(KDF) == VECTORS["kdf"]


@pytest.mark.parametrize("vector", VECTORS["passwords"], ids=named)
def test_passwords_give_the_known_keys(vector: dict[str, Any]) -> None:
    keys = vault.from_password(SecretBytes(vector["password"].encode()), raw(vector["salt"]))
    assert keys.auth_key.reveal() == raw(vector["auth_key"])
    assert keys.wrapping_key.reveal() == raw(vector["wrapping_key"])
    private = vault.unwrap(keys.wrapping_key, raw(vector["wrapped_private"]))
    assert opened(private) == vector_keys()
    wrapped = vault._wrap_with(keys.wrapping_key, private, raw(vector["nonce"]))
    assert wrapped == raw(vector["wrapped_private"])


@pytest.mark.parametrize("vector", VECTORS["recovery"], ids=named)
def test_recovery_codes_give_the_known_keys(vector: dict[str, Any]) -> None:
    assert vault._write_code(raw(vector["code"])) == vector["text"]
    keys = vault.from_recovery_code(SecretBytes(vector["text"].encode()))
    assert keys.auth_key.reveal() == raw(vector["auth_key"])
    assert keys.wrapping_key.reveal() == raw(vector["wrapping_key"])
    assert opened(vault.unwrap(keys.wrapping_key, raw(vector["wrapped_private"]))) == vector_keys()


@pytest.mark.parametrize("vector", VECTORS["must_fail"], ids=named)
def test_altered_private_keys_do_not_open(vector: dict[str, Any]) -> None:
    with pytest.raises(Fault, match="do not open"):
        vault.unwrap(SecretBytes(raw(vector["wrapping_key"])), raw(vector["wrapped_private"]))


def test_a_new_account_opens_with_its_password_and_with_its_code() -> None:
    password = SecretBytes(b"a long enough password")
    new = vault.new_account(password)
    by_password = vault.from_password(password, new.registration.password.salt)
    by_code = vault.from_recovery_code(new.recovery_code)
    assert by_password.auth_key == new.registration.password.auth_key
    assert by_code.auth_key == new.registration.recovery.auth_key
    one = vault.unwrap(by_password.wrapping_key, new.registration.password.wrapped_private)
    other = vault.unwrap(by_code.wrapping_key, new.registration.recovery.wrapped_private)
    assert opened(one) == opened(other)
    assert len(new.registration.password.wrapped_private) == WRAPPED_BYTES


def test_nothing_secret_shows_in_the_face_of_a_new_account() -> None:
    new = vault.new_account(SecretBytes(b"a long enough password"))
    shown = repr(new) + str(new)
    assert new.recovery_code.reveal().decode() not in shown
    assert repr(new.registration.password.auth_key.reveal()) not in shown
    assert repr(new.registration.recovery.auth_key.reveal()) not in shown


def test_a_short_password_is_refused_before_any_work() -> None:
    with pytest.raises(Fault, match="fewer than 10"):
        vault.new_password(SecretBytes(b"short"), PRIVATE)


@given(st.binary(min_size=20, max_size=20), st.data())
def test_codes_are_read_as_sloppily_as_people_type_them(code: bytes, data: st.DataObject) -> None:
    text = vault._write_code(code)
    slips = {"0": "0Oo", "1": "1IiLl", "-": ["-", " ", "", " - "]}
    typed = "".join(data.draw(st.sampled_from([*slips.get(c, c), *slips.get(c, c.lower())])) for c in text)
    assert vault._parse_code(typed) == code


@given(st.text(max_size=60))
def test_any_other_text_is_refused_as_a_code(text: str) -> None:
    try:
        code = vault._parse_code(text)
    except Fault:
        return
    assert len(code) == 20
