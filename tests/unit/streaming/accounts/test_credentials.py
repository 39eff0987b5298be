"""Auth keys are kept as salted hashes, and invented salts look like real ones."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts.credentials import StoredKey, invented_salt
from transcoder.keys.secret import SecretBytes

KEY = SecretBytes(bytes(range(32)))
HOUSE = SecretBytes(b"h" * 32)


def test_a_stored_key_matches_its_auth_key_alone() -> None:
    stored = StoredKey.of(KEY)
    assert stored.matches(KEY)
    assert not stored.matches(SecretBytes(bytes(32)))
    assert not StoredKey.decoy().matches(KEY)


def test_the_same_auth_key_is_stored_differently_each_time_and_never_as_it_is() -> None:
    one, other = StoredKey.of(KEY), StoredKey.of(KEY)
    assert one.salt != other.salt
    assert one.digest != other.digest
    assert KEY.reveal() not in one.salt + one.digest


def test_a_stored_key_shows_nothing() -> None:
    assert repr(StoredKey.of(KEY)) == "StoredKey()"


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
