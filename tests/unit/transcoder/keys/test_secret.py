import pickle

import pytest

from transcoder.keys.secret import SecretBytes


def test_a_secret_never_shows_itself() -> None:
    secret = SecretBytes(b"matinee")
    assert "matinee" not in f"{secret} {secret!r} {secret!s} {[secret]}"


def test_secrets_are_equal_by_content() -> None:
    assert SecretBytes(b"a") == SecretBytes(b"a")
    assert SecretBytes(b"a") != SecretBytes(b"b")
    assert SecretBytes(b"a") != b"a"


def test_a_secret_cannot_be_pickled_hashed_or_changed() -> None:
    secret = SecretBytes(b"a")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(AttributeError):
        secret._value = b"b"
