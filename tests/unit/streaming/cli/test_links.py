"""What the command line sends for a link."""

import base64
import io
from datetime import datetime

import pytest

from streaming.accounts.vault import from_password
from streaming.cli.links import asked, derived
from streaming.errors import Fault
from transcoder.keys.secret import SecretBytes


def test_a_password_from_standard_input_is_derived_as_browsers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\nmore\n"))
    sent = asked(3, None, password_stdin=True)
    assert sent["max_plays"] == 3
    password = sent["password"]
    assert isinstance(password, dict)
    salt = base64.urlsafe_b64decode(password["salt"] + "==")
    keys = from_password(SecretBytes(b"open sesame"), salt)
    assert base64.urlsafe_b64decode(password["auth_key"] + "=") == keys.auth_key.reveal()
    assert "sesame" not in str(sent)


def test_an_end_is_said_as_people_say_it_and_what_is_not_said_is_not_sent() -> None:
    assert asked(None, None, password_stdin=False) == {}
    until = asked(None, "in 2d", password_stdin=False)["redeem_until"]
    assert isinstance(until, str)
    assert datetime.fromisoformat(until).tzinfo is not None


def test_a_short_password_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        derived(SecretBytes(b"short"))
    assert refused.value.name == "short_password"
