"""Auth keys are kept as salted hashes."""

from streaming.keys.proofs import StoredKey
from transcoder.keys.secret import SecretBytes

KEY = SecretBytes(bytes(range(32)))


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
