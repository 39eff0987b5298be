"""The MPD and the words of a `cbcs` film, at their doors."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from streaming.delivery.values import Started
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import BEN, EVE, KEYS, PERIODS, START, House, Reply, ask, login

NAMES = {
    "m": "urn:mpeg:dash:schema:mpd:2011",
    "cenc": "urn:mpeg:cenc:2013",
    "dashif": "https://dashif.org/CPS",
}
WORDS = (
    "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nBonjour <b>vous</b>\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Iterable[House]:
    made = House(tmp_path)
    made.make_film(protection="cbcs")
    made.add_words(WORDS)
    yield made
    made.close()


def get(house: House, started: Started, path: str, account: object = BEN) -> Reply:
    return ask(house.doors, "GET", f"/play/{started.token}/{path}", cookies=login(account))  # type: ignore[arg-type]


def film(house: House, started: Started) -> ET.Element:
    reply = get(house, started, "main.mpd")
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/dash+xml"
    assert reply.headers["cache-control"] == "no-store"
    return ET.fromstring(reply.body)


def test_every_crypto_period_is_a_period_whose_keys_are_named(house: House) -> None:
    house.licence(tier=Tier.HD)
    periods = film(house, house.start()).findall("m:Period", NAMES)
    assert len(periods) == PERIODS
    for number in (0, 7, PERIODS - 1):
        kids = {
            one.get(f"{{{NAMES['cenc']}}}default_KID")
            for one in periods[number].iterfind(".//m:ContentProtection[@value='cbcs']", NAMES)
        }
        assert kids == {str(KEYS.kid("sd", number)), str(KEYS.kid("hd", number))}


def test_clear_key_is_told_where_to_ask(house: House) -> None:
    house.licence()
    started = house.start()
    where = film(house, started).findall(
        ".//m:ContentProtection[@schemeIdUri='urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e']/dashif:Laurl",
        NAMES,
    )
    assert {one.text for one in where} == {f"https://house.test/play/{started.token}/licence"}


def test_an_mpd_names_no_quality_above_the_licence(house: House) -> None:
    house.licence(tier=Tier.SD)
    tree = film(house, house.start())
    assert {one.get("id") for one in tree.iterfind(".//m:Representation", NAMES)} == {"v240", "a0", "t0"}


def test_the_segments_of_an_mpd_are_served(house: House) -> None:
    house.licence()
    first = film(house, house.start()).find(".//m:Representation[@id='v240']", NAMES)
    assert first is not None
    base = first.findtext("m:BaseURL", "", NAMES)
    for path in ("m:SegmentList/m:Initialization", "m:SegmentList/m:SegmentURL"):
        found = first.find(path, NAMES)
        assert found is not None
        name = found.get("sourceURL") or found.get("media")
        assert ask(house.doors, "GET", f"{base}{name}").status == 200


def test_words_are_given_in_clear_with_the_times_of_the_film(house: House) -> None:
    house.licence()
    reply = get(house, house.start(), "text/t0/0.vtt")
    assert reply.body.decode() == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nBonjour <b>vous</b>\n"
    assert reply.headers["content-type"] == "text/vtt; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"


def test_words_end_with_the_licence(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=1))
    started = house.start()
    assert get(house, started, "text/t0/0.vtt").status == 200
    house.wait(minutes=1)
    assert get(house, started, "text/t0/0.vtt").code == "licence_ended"
    assert get(house, started, "main.mpd").code == "licence_ended"


def test_words_spend_the_budget_of_their_crypto_period(house: House) -> None:
    house.licence()
    started = house.start()
    for period in range(1, 13):
        assert house.key(started, period).status == 200
    assert get(house, started, "text/t0/0.vtt").code == "budget_spent"


@pytest.mark.parametrize(
    "path", ["text/t0/7.vtt", "text/t1/0.vtt", "text/a0/0.vtt", "text/t0/00.vtt", "text/t0"]
)
def test_there_are_no_other_words(house: House, path: str) -> None:
    house.licence()
    assert get(house, house.start(), path).code == "bad_address"


@pytest.mark.parametrize("path", ["main.mpd", "text/t0/0.vtt"])
def test_they_are_the_sessions_that_began_the_playback(house: House, path: str) -> None:
    house.licence()
    assert get(house, house.start(), path, EVE).code == "unknown_playback"


def test_a_film_in_the_making_has_no_mpd_yet(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.make_film(segments=6, complete=False, protection="cbcs")
    house.licence()
    reply = get(house, house.start(), "main.mpd")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "no_mpd_yet", "60")
    house.close()


@pytest.mark.parametrize("path", ["main.mpd", "text/t0/0.vtt"])
def test_a_film_under_aes_128_says_that_dash_needs_cbcs(tmp_path: Path, path: str) -> None:
    house = House(tmp_path)
    house.make_film()
    house.licence()
    reply = get(house, house.start(), path)
    assert (reply.status, reply.code) == (409, "not_common_encryption")
    assert "main.m3u8" in reply.json["hint"]
    house.close()
