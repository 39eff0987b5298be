"""The MPD and the words of a `cbcs` film, at their doors."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from streaming.delivery.signing import AddressSigner
from streaming.delivery.values import Started
from streaming.hosts import DeliveryHost, Form
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import BEN, EVE, KEYS, PERIODS, START, House, Reply, ask, login
from transcoder.keys.secret import SecretBytes

NEAR = DeliveryHost("near", "https://near.test")
FAR = DeliveryHost("far", "https://far.test/films", Form.NGINX, priority=2)
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


def address_of(house: House, started: Started, rendition: str) -> str:
    main = get(house, started, "main.m3u8").body.decode()
    found: list[str] = re.findall(r'[^"\s]+\.m3u8', main)
    return next(one for one in found if f"/{rendition}/" in one)


def listed(house: House, started: Started, rendition: str) -> str:
    reply = ask(house.doors, "GET", address_of(house, started, rendition), cookies=login(BEN))
    assert reply.status == 200, reply.body
    return reply.body.decode()


def test_init_segments_of_crypto_periods_are_served_beside_their_playlist(house: House) -> None:
    house.licence()
    folder = address_of(house, house.start(), "v240").rpartition("/")[0]
    reply = ask(house.doors, "GET", f"{folder}/init-7-abcdefgh.mp4")
    assert (reply.status, reply.body) == (200, b"init 7 of v240")


def test_hls_names_the_licence_door_and_the_key_of_each_crypto_period_before_its_init_segment(
    house: House,
) -> None:
    house.licence(tier=Tier.HD)
    started = house.start()
    for rendition, tier in (("v240", "sd"), ("v720", "hd")):
        lines = listed(house, started, rendition).splitlines()
        keys = [place for place, line in enumerate(lines) if line.startswith("#EXT-X-KEY")]
        assert [lines[place] for place in keys] == [
            f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://house.test/play/{started.token}/licence?kid={kid.hex}",'
            f'KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1",KEYID=0x{kid.hex.upper()}'
            for kid in (KEYS.kid(tier, period) for period in range(PERIODS))
        ]
        inits = [lines[place + 1] for place in keys]
        assert inits == [f'#EXT-X-MAP:URI="init-{n}-abcdefgh.mp4"' for n in range(PERIODS)]
        assert not any("DISCONTINUITY" in line or "AES-128" in line for line in lines)


def test_words_stay_encrypted_whole_in_hls(house: House) -> None:
    house.licence()
    text = listed(house, house.start(), "t0")
    assert "METHOD=AES-128" in text
    assert "SAMPLE-AES" not in text


def test_a_multivariant_playlist_names_first_keys_of_the_tiers_it_lists_and_no_others(house: House) -> None:
    house.licence(tier=Tier.SD)
    main = get(house, house.start(), "main.m3u8").body.decode()
    named = re.findall(r"#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,.*KEYID=0x([0-9A-F]{32})", main)
    assert named == [KEYS.kid("sd", 0).hex.upper()]


def hosted(house: House, *hosts: DeliveryHost) -> House:
    house.signer = AddressSigner([SecretBytes(b"k" * 32)], [Form.HMAC, Form.NGINX])
    house.doors.close()
    house.doors = house.open(hosts=hosts)
    return house


def test_an_mpd_names_every_delivery_host_in_the_order_of_the_steering_door(house: House) -> None:
    hosted(house, FAR, NEAR).licence(tier=Tier.HD)
    started = house.start()
    tree = film(house, started)
    steered = tree.find("m:ContentSteering", NAMES)
    assert steered is not None
    assert (steered.text, steered.attrib) == (
        f"/play/{started.token}/steering.json",
        {"defaultServiceLocation": "near", "queryBeforeStart": "false"},
    )
    bases = get(house, started, "steering.json").json["X-MATINEE-BASES"]
    media = [one for one in tree.iterfind(".//m:AdaptationSet", NAMES) if one.get("contentType") != "text"]
    assert len(media) == 3 * PERIODS
    for one in media:
        named = [(base.get("serviceLocation"), base.text) for base in one.findall("m:BaseURL", NAMES)]
        assert named == [(name, f"{base}/") for name, base in bases.items()]


def test_segments_come_from_the_hosts_and_words_licences_and_steering_from_the_house(house: House) -> None:
    hosted(house, NEAR).licence()
    started = house.start()
    tree = film(house, started)
    first = tree.find(".//m:AdaptationSet[@contentType='video']", NAMES)
    assert first is not None
    shown = first.find("m:Representation", NAMES)
    assert shown is not None
    name = shown.find("m:SegmentList/m:SegmentURL", NAMES)
    assert name is not None
    address = (
        f"{first.findtext('m:BaseURL', '', NAMES)}{shown.findtext('m:BaseURL', '', NAMES)}{name.get('media')}"
    )
    assert address.startswith("https://near.test/media/")
    assert ask(house.doors, "GET", address.removeprefix("https://near.test")).status == 200
    said = [one.text or "" for one in tree.iter() if "near.test" in (one.text or "")]
    assert all("/media/" in one for one in said)
    words = tree.findtext(".//m:AdaptationSet[@contentType='text']/m:Representation/m:BaseURL", "", NAMES)
    assert words.startswith(f"/play/{started.token}/text/")


def test_hosts_that_no_base_url_can_name_leave_the_segments_with_the_house(house: House) -> None:
    hosted(house, DeliveryHost("cdn", "https://cdn.test", Form.CAT)).licence()
    tree = film(house, house.start())
    assert tree.find("m:ContentSteering", NAMES) is None
    assert "cdn.test" not in ET.tostring(tree, encoding="unicode")
    base = tree.findtext(".//m:Representation[@id='v240']/m:BaseURL", "", NAMES)
    assert base.startswith("/media/")
