"""Invented salts look like real ones."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts.credentials import invented_salt
from transcoder.keys.secret import SecretBytes

HOUSE = SecretBytes(b"h" * 32)


@given(st.text())
def test_an_invented_salt_is_stable_and_belongs_to_house_and_name(name: str) -> None:
    salt = invented_salt(HOUSE, name.encode(errors="replace").decode())
    assert salt == invented_salt(HOUSE, name.encode(errors="replace").decode())
    assert len(salt) == 16
    assert salt != invented_salt(SecretBytes(b"g" * 32), name.encode(errors="replace").decode())


def test_invented_salts_have_the_spread_of_random_ones() -> None:
    def ones(salts: list[bytes]) -> float:
        return sum(byte.bit_count() for salt in salts for byte in salt) / (len(salts) * 128)

    invented = [invented_salt(HOUSE, f"name{n}") for n in range(2000)]
    drawn = [secrets.token_bytes(16) for _ in range(2000)]
    assert len(set(invented)) == 2000
    assert abs(ones(invented) - ones(drawn)) < 0.01
