"""The licence door: keys as JSON Web Keys, under the same rules as at the key door."""

import json
import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streaming.delivery.clearkey import write_octets
from streaming.delivery.values import Started
from streaming.ids import AccountId
from streaming.licences.policy import Tier
from streaming.licences.values import Actor, Changes
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, KEYS, START, House, Reply, ask, login
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.secret import SecretBytes

STRANGER = TitleKeys("ti_other", 1, SecretBytes(b"t" * 32), SecretBytes(b"s" * 32))


@pytest.fixture
def house(tmp_path: Path) -> Iterable[House]:
    made = House(tmp_path)
    made.make_film(protection="cbcs")
    yield made
    made.close()


def named(tier: str, period: int) -> str:
    return write_octets(KEYS.kid(tier, period).bytes)


def wants(*kids: str, **members: Any) -> bytes:
    return json.dumps({"kids": kids, "type": "temporary", **members}).encode()


def licence(
    house: House,
    started: Started,
    body: bytes,
    account: AccountId | None = BEN,
    headers: dict[str, str] | None = None,
) -> Reply:
    path = f"/play/{started.token}/licence"
    return ask(house.doors, "POST", path, cookies=login(account), headers=headers, body=body)


def given(reply: Reply) -> dict[str, str]:
    assert reply.status == 200, reply.body
    assert reply.json["type"] == "temporary"
    assert {key["kty"] for key in reply.json["keys"]} == {"oct"}
    return {key["kid"]: key["k"] for key in reply.json["keys"]}


def test_a_key_is_given_as_a_json_web_key(house: House) -> None:
    house.licence()
    started = house.start()
    reply = licence(house, started, wants(named("sd", 3)))
    assert given(reply) == {named("sd", 3): write_octets(KEYS.tier_key("sd", 3).reveal())}
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in reply.headers


def test_several_keys_are_given_in_one_answer(house: House) -> None:
    house.licence(tier=Tier.HD)
    kids = [named("hd", 1), named("sd", 1), named("sd", 0)]
    assert list(given(licence(house, house.start(), wants(*kids, kids[0])))) == kids


def test_the_key_door_gives_the_same_key(house: House) -> None:
    house.licence()
    started = house.start()
    for rendition in ("v240", "a0"):
        assert house.key(started, 2, rendition).body == KEYS.tier_key("sd", 2).reveal()


def test_a_licence_for_sd_never_opens_hd(house: House) -> None:
    house.licence(tier=Tier.SD)
    started = house.start()
    assert licence(house, started, wants(named("hd", 0))).code == "tier_not_covered"
    assert list(given(licence(house, started, wants(named("hd", 0), named("sd", 0))))) == [named("sd", 0)]


def test_the_qualities_of_a_crypto_period_cost_its_budget_once(house: House) -> None:
    house.licence(tier=Tier.HD)
    started = house.start()
    for period in range(12):
        assert len(given(licence(house, started, wants(named("sd", period), named("hd", period))))) == 2
    assert licence(house, started, wants(named("sd", 12))).code == "budget_spent"


def test_who_asks_for_every_key_at_once_gets_the_burst(house: House) -> None:
    house.licence()
    started = house.start()
    every = [named("sd", period) for period in range(40)]
    assert list(given(licence(house, started, wants(*every)))) == every[:12]
    late = licence(house, started, wants(*every[12:]))
    assert (late.status, late.code, late.headers["retry-after"]) == (429, "budget_spent", "15")
    assert list(given(licence(house, started, wants(*reversed(every))))) == every[11::-1]
    house.wait(seconds=15)
    assert list(given(licence(house, started, wants(*every[12:])))) == every[12:13]


def test_a_key_of_another_film_is_as_unknown_as_one_of_none(house: House) -> None:
    house.licence()
    started = house.start()
    for kid in (STRANGER.kid("sd", 0).bytes, b"0123456789012345", b"x", b"k" * 300):
        reply = licence(house, started, wants(write_octets(kid)))
        assert (reply.status, reply.code) == (404, "unknown_key")
        assert reply.json["kids"] == [write_octets(kid)]


def test_an_unknown_key_beside_known_ones_is_left_out(house: House) -> None:
    house.licence()
    unknown = write_octets(STRANGER.kid("sd", 0).bytes)
    assert list(given(licence(house, house.start(), wants(unknown, named("sd", 0))))) == [named("sd", 0)]


def test_a_key_beyond_the_films_end_is_unknown(house: House) -> None:
    house.licence()
    assert licence(house, house.start(), wants(named("sd", 4000))).code == "unknown_key"


def test_an_ended_licence_gives_no_further_key(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=2))
    started = house.start()
    given(licence(house, started, wants(named("sd", 0))))
    house.wait(minutes=2)
    for period in (0, 1):
        reply = licence(house, started, wants(named("sd", period)))
        assert (reply.status, reply.code) == (403, "licence_ended")
    assert licence(house, started, wants("AAECAwQFBgcICQoLDA0ODw")).code == "licence_ended"


def test_revoking_and_a_lowered_tier_bite_at_the_next_licence(house: House) -> None:
    issued = house.licence(tier=Tier.HD)
    started = house.start()
    given(licence(house, started, wants(named("hd", 0))))
    house.licences.amend(Actor(ANA, "Ana"), issued, Changes(frozenset({"tier"}), tier=Tier.SD))
    assert licence(house, started, wants(named("hd", 0))).code == "tier_not_covered"
    house.licences.revoke(Actor(ANA, "Ana"), issued, "Wrong film.")
    assert licence(house, started, wants(named("sd", 0))).code == "licence_revoked"


def test_a_lease_that_lapsed_gives_no_key(house: House) -> None:
    house.licence()
    started = house.start()
    house.wait(seconds=361)
    assert licence(house, started, wants(named("sd", 0))).code == "lease_stale"
    assert house.renew(started).status == 200
    given(licence(house, started, wants(named("sd", 0))))


def test_a_playback_that_was_given_back_gives_no_key(house: House) -> None:
    house.licence()
    started = house.start()
    house.release(started)
    assert licence(house, started, wants(named("sd", 0))).code == "lease_ended"


def test_a_licence_is_for_the_session_that_began_the_playback(house: House) -> None:
    house.licence()
    started = house.start()
    assert licence(house, started, wants(named("sd", 0)), EVE).code == "unknown_playback"
    assert licence(house, started, wants(named("sd", 0)), None).status == 401


def test_another_site_reads_no_licence(house: House) -> None:
    house.licence()
    started = house.start()
    for headers in ({"origin": "https://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert licence(house, started, wants(named("sd", 0)), headers=headers).code == "foreign_origin"
    given(licence(house, started, wants(named("sd", 0)), headers={"origin": "https://house.test"}))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_licence_is_posted_for(house: House, method: str) -> None:
    house.licence()
    reply = ask(house.doors, method, f"/play/{house.start().token}/licence", cookies=login(BEN))
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_licence_request"),
        (b"not JSON", 400, "bad_licence_request"),
        (b'{"kids":[]}', 400, "bad_licence_request"),
        (b'{"kids":["AAECAwQFBgcICQoLDA0ODw=="],"type":"temporary"}', 400, "bad_licence_request"),
        (b'{"kids":["AAECAwQFBgcICQoLDA0ODw"],"type":"persistent-license"}', 403, "no_persistent_licence"),
        (b'{"kids":["' + b"A" * 5000 + b'"]}', 413, "too_large"),
    ],
    ids=["nothing", "no JSON", "empty kids", "padding", "a licence to keep", "oversize"],
)
def test_what_is_no_request_is_answered_as_a_problem(
    house: House, body: bytes, status: int, code: str
) -> None:
    house.licence()
    reply = licence(house, house.start(), body)
    assert (reply.status, reply.code) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["hint"]


def test_a_film_under_aes_128_has_no_licence_door(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.make_film()
    house.licence()
    started = house.start()
    reply = licence(house, started, wants(named("sd", 0)))
    assert (reply.status, reply.code) == (409, "not_common_encryption")
    house.close()


def test_an_unknown_key_system_has_no_door(house: House) -> None:
    house.licence()
    base = f"/play/{house.start().token}/licence"
    kid = KEYS.kid("sd", 0).hex
    for path in (f"{base}/widevine", f"{base}/widevine/{kid}", f"{base}/clearkey", f"{base}/clearkey/{kid}"):
        assert (
            ask(house.doors, "POST", path, cookies=login(BEN), body=wants(named("sd", 0))).code
            == "bad_address"
        )


def test_no_key_is_written_into_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house.licence()
    key = next(iter(given(licence(house, house.start(), wants(named("sd", 0)))).values()))
    assert key not in caplog.text


def test_a_film_in_the_making_gives_the_keys_of_what_is_there(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.make_film(segments=6, complete=False, protection="cbcs")
    house.licence()
    assert len(given(licence(house, house.start(), wants(named("sd", 1))))) == 1
    house.close()
