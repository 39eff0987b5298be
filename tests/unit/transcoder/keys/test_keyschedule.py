"""Every key equals the known answers and an HKDF written anew with the standard library."""

import hashlib
import hmac
import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.secret import SecretBytes

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "keyschedule.json").read_text())


def hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with nothing but hmac."""
    prk = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    out, block, number = b"", b"", 0
    while len(out) < length:
        number += 1
        block = hmac.new(prk, block + info + bytes((number,)), hashlib.sha256).digest()
        out += block
    return out[:length]


def cbor(value: object) -> bytes:
    """Canonical CBOR of the few kinds that `info` has: text, small integers and one map (RFC 8949 §4.2.1)."""

    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes((major << 5 | number,))
        size = 1 if number < 256 else 2 if number < 65_536 else 4
        return bytes((major << 5 | {1: 24, 2: 25, 4: 26}[size],)) + number.to_bytes(size, "big")

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    assert isinstance(value, dict)
    pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
    return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)


def info(title: str, version: int, purpose: str, tier: str, rendition: str, period: int) -> bytes:
    fields = {"v": 1, "purpose": purpose, "title": title, "version": version}
    return cbor(fields | {"tier": tier, "rendition": rendition, "period": period})


def keys_of(vector: dict[str, str | int]) -> TitleKeys:
    secret, share = bytes.fromhex(str(vector["T"])), bytes.fromhex(str(vector["S"]))
    return TitleKeys(str(vector["title"]), int(vector["version"]), SecretBytes(secret), SecretBytes(share))


@pytest.mark.parametrize("vector", VECTORS["content"], ids=lambda v: f"{v['rendition']}-{v['period']}")
def test_content_keys_equal_the_known_answers(vector: dict[str, str | int]) -> None:
    keys, tier, period = keys_of(vector), str(vector["tier"]), int(vector["period"])
    assert keys.period_share(tier, period).reveal().hex() == vector["share"]
    assert keys.content_key(str(vector["rendition"]), tier, period).reveal().hex() == vector["key"]
    assert keys.tier_key(tier, period).reveal().hex() == vector["tier_key"]
    assert str(keys.kid(tier, period)) == vector["kid"]


@pytest.mark.parametrize("vector", VECTORS["whole"])
def test_keys_of_the_whole_title_equal_the_known_answers(vector: dict[str, str | int]) -> None:
    keys = keys_of(vector)
    assert keys.poster_key().reveal().hex() == vector["poster"]
    assert keys.manifest_key().reveal().hex() == vector["manifest"]


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.text(max_size=30),
    st.integers(0, 70_000),
    st.sampled_from(["v240", "v1080", "a0"]),
    st.sampled_from(["sd", "hd"]),
    st.integers(0, 70_000),
)
def test_the_schedule_is_what_its_page_says(
    secret: bytes, share: bytes, title: str, version: int, rendition: str, tier: str, period: int
) -> None:
    keys = TitleKeys(title, version, SecretBytes(secret), SecretBytes(share))
    salt = hkdf(share, b"", info(title, version, "share", tier, "", period), 32)
    assert keys.period_share(tier, period) == SecretBytes(salt)
    wanted = hkdf(secret, salt, info(title, version, "content", tier, rendition, period), 16)
    assert keys.content_key(rendition, tier, period) == SecretBytes(wanted)
    wanted = hkdf(secret, salt, info(title, version, "tier", tier, "", period), 16)
    assert keys.tier_key(tier, period) == SecretBytes(wanted)
    salt = hkdf(share, b"", info(title, version, "share", "sd", "", -1), 32)
    wanted = hkdf(secret, salt, info(title, version, "poster", "sd", "", -1), 32)
    assert keys.poster_key() == SecretBytes(wanted)


@given(st.text(max_size=30), st.integers(0, 70_000), st.sampled_from(["sd", "hd"]), st.integers(0, 70_000))
def test_a_kid_is_made_of_no_secret_and_is_a_uuid_of_version_8(
    title: str, version: int, tier: str, period: int
) -> None:
    one = TitleKeys(title, version, SecretBytes(b"a" * 32), SecretBytes(b"b" * 32))
    other = TitleKeys(title, version, SecretBytes(b"c" * 32), SecretBytes(b"d" * 32))
    kid = one.kid(tier, period)
    assert kid == other.kid(tier, period)
    assert (kid.version, kid.variant) == (8, uuid.RFC_4122)
    wanted = hashlib.sha256(info(title, version, "kid", tier, "", period)).digest()[:16]
    told = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
    assert kid.int & told == int.from_bytes(wanted, "big") & told
    assert one.constant_iv(tier, period) == other.constant_iv(tier, period)
    assert (
        one.constant_iv(tier, period)
        == (hashlib.sha256(info(title, version, "iv", tier, "", period)).digest()[:16])
    )
    given = one.common_key(tier, period)
    assert (given.kid, given.iv) == (kid, one.constant_iv(tier, period))
    assert given.key == one.tier_key(tier, period)
    assert len({one.kid(name, number) for name in ("sd", "hd", "uhd") for number in range(50)}) == 150


def test_every_use_has_a_key_of_its_own() -> None:
    keys = TitleKeys("ti_a", 1, SecretBytes(bytes(32)), SecretBytes(bytes(32)))
    other = TitleKeys("ti_a", 2, SecretBytes(bytes(32)), SecretBytes(bytes(32)))
    all_keys = [
        holder.content_key(rendition, tier, period).reveal()
        for holder in (keys, other)
        for rendition in ("v240", "v360", "a0")
        for tier in ("sd", "hd")
        for period in range(3)
    ]
    all_keys += [keys.tier_key(tier, period).reveal() for tier in ("sd", "hd") for period in range(3)]
    all_keys += [keys.poster_key().reveal()[:16], keys.manifest_key().reveal()[:16]]
    assert len(set(all_keys)) == len(all_keys)


def test_short_secrets_are_refused_and_nothing_is_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TitleKeys("ti_a", 1, SecretBytes(b"short"), SecretBytes(bytes(32)))
    assert "\\x" not in repr(TitleKeys("ti_a", 1, SecretBytes(b"s" * 32), SecretBytes(b"s" * 32)))
    assert "sss" not in repr(TitleKeys("ti_a", 1, SecretBytes(b"s" * 32), SecretBytes(b"s" * 32)))
