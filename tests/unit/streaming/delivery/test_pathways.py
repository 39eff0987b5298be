import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery import pathways
from streaming.delivery.doors import DoorSettings
from streaming.delivery.signing import AddressSigner, Check
from streaming.hosts import DeliveryHost, Form
from streaming.licences.policy import Tier
from tests.unit.streaming.delivery.house import BEN, EVE, START, TITLE, VERSION, House, ask, login
from transcoder.keys.secret import SecretBytes

NEAR = DeliveryHost("near", "https://near.test")
FAR = DeliveryHost("far", "https://far.test/films", Form.NGINX, priority=2)
SIGNER = AddressSigner([SecretBytes(b"k" * 32)], [Form.HMAC, Form.NGINX])
HOSTS = st.lists(
    st.builds(
        DeliveryHost,
        st.sampled_from("abcdefgh"),
        st.just("https://x.test"),
        priority=st.integers(1, 3),
        weight=st.integers(1, 9),
    ),
    unique_by=lambda one: one.name,
)


@given(HOSTS, st.text(max_size=20))
def test_every_host_has_its_place_by_priority(hosts: list[DeliveryHost], playback: str) -> None:
    ordered = pathways.in_order(hosts, playback)
    assert sorted(one.name for one in ordered) == sorted(one.name for one in hosts)
    assert [one.priority for one in ordered] == sorted(one.priority for one in hosts)


@given(HOSTS, st.text(max_size=20))
def test_the_order_is_the_playbacks_own_and_survives_the_loss_of_a_host(
    hosts: list[DeliveryHost], playback: str
) -> None:
    ordered = pathways.in_order(hosts, playback)
    assert pathways.in_order(hosts[::-1], playback) == ordered
    for gone in hosts:
        left = [one for one in hosts if one is not gone]
        assert pathways.in_order(left, playback) == tuple(one for one in ordered if one is not gone)


def test_weights_are_shares() -> None:
    hosts = [replace(NEAR, weight=3), replace(FAR, priority=1)]
    first = Counter(pathways.in_order(hosts, f"pb_{n}")[0].name for n in range(4000))
    assert 2800 < first["near"] < 3200


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_addresses_last_a_day_and_end_at_a_full_hour(now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    until = pathways.expiry(now)
    assert timedelta(hours=24) <= until - now < timedelta(hours=25)
    assert (until.minute, until.second, until.microsecond) == (0, 0, 0)


def test_a_base_is_signed_in_the_form_its_host_checks() -> None:
    until = START + timedelta(hours=24)
    found = re.fullmatch(
        r"https://far\.test/films/media/([^/]+)/ti_film/ve_one",
        pathways.base(FAR, SIGNER, TITLE, VERSION, until),
    )
    assert found is not None
    assert found[1] == SIGNER.prefix(TITLE, VERSION, until, Form.NGINX)
    assert SIGNER.check(found[1], TITLE, VERSION, START.timestamp()) is Check.GOOD


def hosted(house: House) -> House:
    house.signer = SIGNER
    house.doors.close()
    house.doors = house.open(hosts=(FAR, NEAR))
    return house


def test_playlists_steer_between_the_hosts(house: House) -> None:
    hosted(house).licence(tier=Tier.HD)
    token = house.start().token
    text = ask(house.doors, "GET", f"/play/{token}/main.m3u8", cookies=login(BEN)).body.decode()
    assert f'#EXT-X-CONTENT-STEERING:SERVER-URI="/play/{token}/steering.json",PATHWAY-ID="near"' in text
    variants = re.findall(r"#EXT-X-STREAM-INF:.*PATHWAY-ID=\"(\w+)\"\n(\S+)", text)
    assert [way for way, _ in variants] == ["near", "near", "far", "far"]
    for way, address in variants:
        playlist = ask(house.doors, "GET", address, cookies=login(BEN)).body.decode()
        lines = [line for line in playlist.splitlines() if line and not line.startswith("#")]
        base = {"near": "https://near.test/media/", "far": "https://far.test/films/media/"}[way]
        assert all(line.startswith(base) for line in lines)
        assert f'#EXT-X-MAP:URI="{base}' in playlist
        path = lines[0][len(base) - len("/media/") :]
        assert ask(house.doors, "GET", path).status == 200


def test_an_unknown_host_is_the_first(house: House) -> None:
    hosted(house).licence()
    token = house.start().token
    text = ask(house.doors, "GET", f"/play/{token}/main.m3u8", cookies=login(BEN)).body.decode()
    address = text.splitlines()[-1].partition("?")[0]
    for query in ("", "?via=nowhere", "?CMCD=bl%3D1", "?via=near&CMCD=bl"):
        assert (
            "https://near.test/media/"
            in ask(house.doors, "GET", address + query, cookies=login(BEN)).body.decode()
        )
    assert (
        "https://far.test/"
        in ask(house.doors, "GET", address + "?CMCD=x&via=far", cookies=login(BEN)).body.decode()
    )


def test_the_steering_door_says_the_order_to_whoever_watches(house: House) -> None:
    hosted(house).licence()
    token = house.start().token
    path = f"/play/{token}/steering.json"
    reply = ask(house.doors, "GET", path + "?_HLS_pathway=near&_HLS_throughput=5", cookies=login(BEN))
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.json["VERSION"] == 1
    assert reply.json["TTL"] == pathways.TTL
    assert reply.json["RELOAD-URI"] == path
    assert reply.json["PATHWAY-PRIORITY"] == ["near", "far"]
    assert list(reply.json["X-MATINEE-BASES"]) == ["near", "far"]
    assert ask(house.doors, "GET", path, cookies=login(EVE)).status == 404
    assert ask(house.doors, "GET", path).status == 401
    assert ask(house.doors, "POST", path, cookies=login(BEN)).status == 405


def test_a_stopped_player_is_steered_no_more(house: House) -> None:
    hosted(house).licence()
    started = house.start()
    house.release(started)
    reply = ask(house.doors, "GET", f"/play/{started.token}/steering.json", cookies=login(BEN))
    assert reply.status == 410


def test_a_house_without_hosts_steers_nobody(house: House) -> None:
    house.licence()
    token = house.start().token
    text = ask(house.doors, "GET", f"/play/{token}/main.m3u8", cookies=login(BEN)).body.decode()
    assert "STEERING" not in text
    assert "PATHWAY" not in text
    assert ask(house.doors, "GET", f"/play/{token}/steering.json", cookies=login(BEN)).status == 404
    assert DoorSettings().hosts == ()
