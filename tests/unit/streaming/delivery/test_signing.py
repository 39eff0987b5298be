import hashlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.delivery.signing import AddressSigner, Check, nginx_secret
from streaming.hosts import Form
from transcoder.keys.secret import SecretBytes

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SIGNER = AddressSigner([SecretBytes(b"k" * 32)])
PREFIX = SIGNER.prefix("ti_film", "ve_one", NOW + timedelta(hours=1))


def check(prefix: str, title: str = "ti_film", version: str = "ve_one", at: datetime = NOW) -> Check:
    return SIGNER.check(prefix, title, version, at.timestamp())


def test_a_signed_prefix_is_good_until_it_expires() -> None:
    assert check(PREFIX) is Check.GOOD
    assert check(PREFIX, at=NOW + timedelta(minutes=59, seconds=59)) is Check.GOOD
    assert check(PREFIX, at=NOW + timedelta(hours=1)) is Check.EXPIRED


def test_a_prefix_belongs_to_its_title_and_version() -> None:
    assert check(PREFIX, title="ti_other") is Check.BAD
    assert check(PREFIX, version="ve_two") is Check.BAD


def test_parts_cannot_be_moved_between_title_and_version() -> None:
    assert check(PREFIX, title="ti_filmve", version="_one") is Check.BAD


def test_another_house_cannot_sign() -> None:
    other = AddressSigner([SecretBytes(b"j" * 32)]).prefix("ti_film", "ve_one", NOW + timedelta(hours=1))
    assert check(other) is Check.BAD


def test_an_old_key_still_opens_while_it_is_kept() -> None:
    rotated = AddressSigner([SecretBytes(b"n" * 32), SecretBytes(b"k" * 32)])
    assert rotated.check(PREFIX, "ti_film", "ve_one", NOW.timestamp()) is Check.GOOD


@settings(deadline=None)
@given(st.integers(0, len(PREFIX) - 1), st.characters())
def test_any_changed_character_is_refused(place: int, character: str) -> None:
    changed = PREFIX[:place] + character + PREFIX[place + 1 :]
    if changed != PREFIX:
        assert check(changed) is Check.BAD


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_passes_for_a_prefix(text: str) -> None:
    assert check(text) is Check.BAD


@settings(deadline=None)
@given(st.integers(0, len(PREFIX)), st.text(min_size=1, max_size=3))
def test_nothing_can_be_put_in(place: int, extra: str) -> None:
    assert check(PREFIX[:place] + extra + PREFIX[place:]) is Check.BAD


@pytest.mark.parametrize("stamp", ["0", "9999999999999", "-1", "٣٣٣٣٣٣٣٣٣٣", "1e10"])
def test_an_expiry_is_plain_digits(stamp: str) -> None:
    assert check(f"{stamp}.{PREFIX.partition('.')[2]}") is Check.BAD


KEY = SecretBytes(b"k" * 32)
BOTH = AddressSigner([KEY], [Form.NGINX])


def test_the_form_for_nginx_is_what_secure_link_md5_computes() -> None:
    expiry = NOW + timedelta(hours=1)
    stamp, tag = BOTH.prefix("ti_film", "ve_one", expiry).split(".")
    secret = nginx_secret(KEY).reveal().decode()
    said = f"{secret} matinee/v1/segment-address {stamp} ti_film ve_one {secret}"
    assert tag == urlsafe_b64encode(hashlib.md5(said.encode()).digest()).decode().rstrip("=")


def test_the_secret_for_nginx_is_not_the_signing_key() -> None:
    assert nginx_secret(KEY).reveal() not in {KEY.reveal(), b""}
    assert b"k" * 8 not in nginx_secret(KEY).reveal()


def test_the_form_for_nginx_opens_only_where_it_was_chosen() -> None:
    prefix = BOTH.prefix("ti_film", "ve_one", NOW + timedelta(hours=1))
    assert BOTH.check(prefix, "ti_film", "ve_one", NOW.timestamp()) is Check.GOOD
    assert BOTH.check(prefix, "ti_other", "ve_one", NOW.timestamp()) is Check.BAD
    assert check(prefix) is Check.BAD


def test_addresses_from_before_the_form_was_chosen_stay_good() -> None:
    assert BOTH.check(PREFIX, "ti_film", "ve_one", NOW.timestamp()) is Check.GOOD


def test_one_signer_writes_in_each_form_that_is_asked_for() -> None:
    expiry = NOW + timedelta(hours=1)
    assert BOTH.prefix("ti_film", "ve_one", expiry, Form.HMAC) == PREFIX
    assert BOTH.prefix("ti_film", "ve_one", expiry) != PREFIX
