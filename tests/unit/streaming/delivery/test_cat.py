import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.delivery import cat, pathways
from streaming.delivery.signing import AddressSigner, Check
from streaming.hosts import DeliveryHost, Form, read_hosts
from tests.unit.streaming.delivery.house import START, TITLE, VERSION, House, ask
from transcoder.keys.secret import SecretBytes

KEY = SecretBytes(b"c" * 32)
PATH = cat.folder(TITLE, VERSION)
FILE = PATH + "v240/v-000001-abcdefgh.m4s"
NOW = START.timestamp()
TOKEN = cat.issue(KEY, PATH, START + timedelta(hours=1))
SIGNER = AddressSigner([SecretBytes(b"k" * 32)], cat=True)
HOST = DeliveryHost("cdn", "https://cdn.test", Form.CAT)


def check(token: str, path: str = FILE, method: str = "GET", at: float = NOW) -> Check:
    return cat.check(KEY, token, method, path, at)


def forged(change: Callable[[dict[Any, Any]], object], *, key: SecretBytes = KEY, alg: int = 5) -> str:
    """A token that somebody with the key made differently."""
    claims: dict[Any, Any] = {4: int(NOW) + 60, 310: 1, 312: {3: {1: PATH}}, 313: ["GET"]}
    change(claims)
    protected, payload = cbor2.dumps({1: alg}), cbor2.dumps(claims, canonical=True)
    made = cbor2.CBORTag(17, [protected, {}, payload, cat.mac(key, protected, payload)])
    return base64.urlsafe_b64encode(cbor2.dumps(made, canonical=True)).rstrip(b"=").decode()


def test_the_tag_is_that_of_the_standards_example() -> None:
    # RFC 8392 appendix A.4: HMAC-SHA256 cut to 64 bits over the claims of appendix A.1.
    key = SecretBytes(bytes.fromhex("403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388"))
    payload = bytes.fromhex(
        "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768"
        "742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71"
    )
    assert cat.mac(key, bytes.fromhex("a10104"), payload)[:8].hex() == "093101ef6d789200"


def test_a_token_opens_its_paths_until_it_expires() -> None:
    assert check(TOKEN) is Check.GOOD
    assert check(TOKEN, method="HEAD") is Check.GOOD
    assert check(TOKEN, at=NOW + 3599) is Check.GOOD
    assert check(TOKEN, at=NOW + 3600) is Check.EXPIRED


def test_a_token_opens_nothing_else() -> None:
    assert check(TOKEN, path=FILE.replace(VERSION, "ve_two")) is Check.BAD
    assert check(TOKEN, path="/x" + FILE) is Check.BAD
    assert check(TOKEN, method="POST") is Check.BAD
    assert cat.check(SecretBytes(b"d" * 32), TOKEN, "GET", FILE, NOW) is Check.BAD


def test_tokens_of_the_same_hour_are_the_same() -> None:
    assert cat.issue(KEY, PATH, START + timedelta(hours=1)) == TOKEN


def test_its_claims_are_those_of_the_registry() -> None:
    outer = cbor2.loads(base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4)))
    assert (outer.tag, outer.value.tag) == (61, 17)
    assert cbor2.loads(outer.value.value[2]) == {
        4: int(NOW) + 3600,
        310: 1,
        312: {3: {1: PATH}},
        313: ["GET", "HEAD", "OPTIONS"],
    }


def test_a_token_of_another_maker_with_the_key_is_good_too() -> None:
    assert check(forged(lambda claims: None)) is Check.GOOD
    assert check(forged(lambda claims: claims.update({5: int(NOW) - 5}))) is Check.GOOD


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.pop(4),
        lambda claims: claims.update({4: "never"}),
        lambda claims: claims.update({5: int(NOW) + 5}),
        lambda claims: claims.pop(312),
        lambda claims: claims.update({312: {3: {1: ""}}}),
        lambda claims: claims.update({312: {3: {0: PATH}}}),
        lambda claims: claims.update({312: {3: {1: PATH}, 1: {0: "other.test"}}}),
        lambda claims: claims.update({313: ["PUT"]}),
        lambda claims: claims.update({311: [b"\x7f\0\0\1"]}),
        lambda claims: claims.update({308: 1}),
    ],
    ids=[
        "without an end",
        "an end that is no number",
        "not yet",
        "without paths",
        "every path",
        "another comparison",
        "another host",
        "another method",
        "a network we do not check",
        "a replay rule we do not keep",
    ],
)
def test_what_is_not_understood_or_not_covered_is_refused(change: Callable[[dict[Any, Any]], object]) -> None:
    assert check(forged(change)) is Check.BAD


def test_another_algorithm_is_refused() -> None:
    assert check(forged(lambda claims: None, alg=4)) is Check.BAD


def test_a_second_spelling_is_refused() -> None:
    raw = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    assert check(base64.urlsafe_b64encode(raw + b"\0").rstrip(b"=").decode()) is Check.BAD
    assert check(TOKEN + "=") is Check.BAD


@settings(deadline=None)
@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=300))
def test_any_changed_character_is_refused(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed != TOKEN:
        assert check(changed) is Check.BAD


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_pass_for_a_token(raw: bytes) -> None:
    assert check(base64.urlsafe_b64encode(raw).rstrip(b"=").decode()) is Check.BAD


def test_a_cat_host_is_named_with_its_token_last() -> None:
    base = pathways.base(HOST, SIGNER, TITLE, VERSION, START + timedelta(hours=1))
    folder, _, token = base.partition("?CAT=")
    assert folder == "https://cdn.test" + PATH.rstrip("/")
    assert pathways.below(base, "v240/x.m4s") == f"{folder}/v240/x.m4s?CAT={token}"
    assert cat.check_any(SIGNER, token, "GET", PATH + "v240/x.m4s", NOW) is Check.GOOD
    assert pathways.in_mpd({"cdn": base, "near": "https://near.test/a"}) == {"near": "https://near.test/a/"}


def test_the_segment_door_takes_tokens_where_a_host_has_them(house: House) -> None:
    until = START + timedelta(hours=1)
    token = cat.issue(cat.key_of(SecretBytes(b"k" * 32)), PATH, until)
    assert ask(house.doors, "GET", f"{FILE}?CAT={token}").status == 403
    house.signer.cat = True
    reply = ask(house.doors, "GET", f"{FILE}?CAT={token}")
    assert (reply.status, len(reply.body)) == (200, 1000)
    assert ask(house.doors, "GET", FILE, headers={"common-access-token": token}).status == 200
    assert ask(house.doors, "GET", FILE).status == 403
    assert ask(house.doors, "GET", f"{FILE}?CAT={token[:-1]}").status == 403
    house.wait(hours=2)
    assert ask(house.doors, "GET", f"{FILE}?CAT={token}").code == "address_expired"


def test_a_cat_host_ends_with_its_name() -> None:
    assert read_hosts("cdn=https://cdn.test;form=cat") == (HOST,)
    with pytest.raises(ValueError, match="must end with its host"):
        read_hosts("cdn=https://cdn.test/films;form=cat")
