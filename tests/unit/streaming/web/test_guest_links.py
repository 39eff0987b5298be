"""Guest links through their door and their API: ends, plays, passwords, uses and forgetting them."""

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from streaming.delivery.model import PlaybackRow
from streaming.ids import token_hash
from streaming.licences.link_model import VisitRow
from streaming.web.guest import coarse_network
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, House
from tests.unit.streaming.delivery.web_house import WebHouse

PLAY = "/api/v1/titles/ti_film/playback"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    house = House(tmp_path)
    house.make_film(segments=9)
    web = WebHouse(house)
    yield web
    web.close()
    house.close()


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


KEY = text(b"k" * 32)
PASSWORD = {"salt": text(b"s" * 16), "auth_key": KEY}


def door(made: dict[str, Any]) -> str:
    return str(made["link_url"]).removeprefix("https://house.test")


def enter(browser: TestClient, made: dict[str, Any], **sent: str) -> Any:
    return browser.post(f"{door(made)}/enter", json=sent)


def test_a_browser_plays_once_however_often_it_comes_back(web: WebHouse) -> None:
    made = web.issue(link=True, max_plays=1)
    first, second = web.browser(), web.browser()
    assert enter(first, made).json() == {"url": "/watch/ti_film"}
    kept = dict(first.cookies)
    for _ in range(3):
        assert enter(first, made).status_code == 200
    assert dict(first.cookies) == kept
    refused = enter(second, made)
    assert (refused.status_code, refused.json()["code"]) == (403, "link_used_up")
    assert "set-cookie" not in refused.headers
    assert first.post(PLAY).status_code == 200
    assert second.post(PLAY).status_code == 401
    assert web.browser(ANA).get(f"/api/v1/licences/{made['id']}").json()["link"] == {
        "redeem_until": None,
        "max_plays": 1,
        "plays": 1,
        "has_password": False,
    }


def test_the_link_itself_is_no_leave(web: WebHouse) -> None:
    made = web.issue(link=True, max_plays=1)
    forger = web.browser()
    forger.cookies.set("matinee_guest", door(made).removeprefix("/l/"))
    assert forger.post(PLAY).json()["code"] == "no_licence"


def test_a_planted_secret_gains_nothing(web: WebHouse) -> None:
    made, planted = web.issue(link=True), secrets.token_urlsafe(32)
    victim, attacker = web.browser(), web.browser()
    victim.cookies.set("matinee_guest", planted)
    attacker.cookies.set("matinee_guest", planted)
    answer = enter(victim, made)
    assert planted not in answer.headers["set-cookie"]
    assert attacker.post(PLAY).json()["code"] == "no_licence"


def test_after_its_end_a_link_admits_nobody_new(web: WebHouse) -> None:
    made = web.issue(link=True, redeem_until="2026-11-22T21:00:00Z")
    early, late = web.browser(), web.browser()
    enter(early, made)
    web.house.wait(hours=1)
    refused = enter(late, made).json()
    assert (refused["code"], refused["at"]) == ("link_expired", "2026-11-22T21:00:00Z")
    assert refused["hint"] == "Ask Ana for a new one."
    assert enter(early, made).status_code == 200
    assert early.post(PLAY).status_code == 200


def test_a_password_is_asked_for_once_and_never_leaves_the_client(web: WebHouse) -> None:
    made = web.issue(link=True, password=PASSWORD)
    guest = web.browser()
    for wrong in ({}, {"auth_key": text(b"w" * 32)}):
        refused = enter(guest, made, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
        assert "set-cookie" not in refused.headers
    assert enter(guest, made, auth_key=KEY).status_code == 200
    assert enter(guest, made).status_code == 200
    stored = web.house.path.read_bytes() + web.house.path.with_name("house.sqlite-wal").read_bytes()
    assert b"k" * 32 not in stored
    assert web.browser(ANA).get(f"/api/v1/licences/{made['id']}").json()["link"]["has_password"]


def test_a_wrong_password_takes_no_play(web: WebHouse) -> None:
    made = web.issue(link=True, password=PASSWORD, max_plays=1)
    enter(web.browser(), made, auth_key=text(b"w" * 32))
    assert enter(web.browser(), made, auth_key=KEY).status_code == 200


def test_passwords_are_tried_slowly_and_each_link_by_itself(web: WebHouse) -> None:
    made, other = (web.issue(link=True, password=PASSWORD) for _ in range(2))
    wrong = text(b"w" * 32)
    codes = [enter(web.browser(), made, auth_key=wrong).status_code for _ in range(7)]
    assert codes == [403] * 6 + [429]
    told = enter(web.browser(), made, auth_key=KEY)
    assert (told.status_code, told.headers["retry-after"]) == (429, "20")
    assert enter(web.browser(), other, auth_key=KEY).status_code == 200
    web.house.wait(seconds=20)
    assert enter(web.browser(), made, auth_key=KEY).status_code == 200


def test_each_link_is_revoked_by_itself(web: WebHouse) -> None:
    one, two = (web.issue(link=True) for _ in range(2))
    guests = [web.browser() for _ in range(2)]
    for guest, made in zip(guests, (one, two), strict=True):
        enter(guest, made)
    web.browser(ANA).post(f"/api/v1/licences/{one['id']}/revoke")
    assert [guest.post(PLAY).status_code for guest in guests] == [403, 200]
    assert enter(web.browser(), one).json()["code"] == "licence_revoked"


def test_a_form_without_script_goes_in_and_comes_back_to_its_door(web: WebHouse) -> None:
    made = web.issue(link=True, max_plays=1)
    form = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    went = web.browser().post(f"{door(made)}/enter", content="name=Eva+B.", headers=form)
    assert (went.status_code, went.headers["location"]) == (303, "/watch/ti_film")
    back = web.browser().post(f"{door(made)}/enter", headers=form)
    assert (back.status_code, back.headers["location"]) == (303, door(made))


@pytest.mark.parametrize("body", [b"{", b'{"auth_key": "short"}', b'{"other": 1}', b"[]"])
def test_what_no_door_sends_is_refused_without_repeating_it(web: WebHouse, body: bytes) -> None:
    made = web.issue(link=True)
    json = {"content-type": "application/json"}
    answer = web.browser().post(f"{door(made)}/enter", content=body, headers=json)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_the_creator_sees_who_used_a_link_and_no_more_than_needed(web: WebHouse) -> None:
    made = web.issue(link=True)
    guest = web.browser()
    guest.headers["user-agent"] = FIREFOX
    enter(guest, made, name="Eva \u202efrom the jury")
    seen = web.browser(ANA).get(f"/api/v1/licences/{made['id']}/link").json()
    assert [{**one, "id": ""} for one in seen["items"]] == [
        {
            "id": "",
            "used_at": "2026-11-22T20:00:00Z",
            "device": "Firefox on Linux",
            "network": "",
            "name": "Eva from the jury",
        }
    ]
    assert web.browser(EVE).get(f"/api/v1/licences/{made['id']}/link").status_code == 404
    assert web.browser(BEN).get(f"/api/v1/licences/{made['id']}/link").status_code == 404


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_of_an_address_the_network_alone_is_noted(host: str, network: str) -> None:
    assert coarse_network(host) == network


def test_what_was_noted_is_forgotten_and_the_play_stays_counted(web: WebHouse) -> None:
    made = web.issue(link=True, max_plays=2, max_streams=2)
    guests = [web.browser() for _ in range(2)]
    for guest in guests:
        enter(guest, made, name="Eva")
        release = guest.post(PLAY, json={"device": "Firefox on Linux"}).json()["release_url"]
        guest.post(release)
    ana = web.browser(ANA)
    path = f"/api/v1/licences/{made['id']}/link"
    first = ana.get(path).json()["items"][0]["id"]
    assert web.browser(EVE).delete(f"{path}/uses/{first}").status_code == 404
    assert [ana.delete(f"{path}/uses/{first}").status_code for _ in range(2)] == [204, 404]
    assert len(ana.get(path).json()["items"]) == 1
    assert ana.delete(f"{path}/uses").status_code == 204
    told = ana.get(path).json()
    assert (told["items"], told["link"]["plays"]) == ([], 2)
    with web.house.database.read() as session:
        assert {row.device + row.name + row.network for row in session.query(VisitRow)} == {""}
        assert {row.device for row in session.query(PlaybackRow)} == {""}
    assert [guest.post(PLAY).status_code for guest in guests] == [200, 200]
    assert enter(web.browser(), made).json()["code"] == "link_used_up"


def test_what_was_noted_is_forgotten_by_itself_after_its_days(web: WebHouse) -> None:
    made = web.issue(link=True)
    enter(web.browser(), made)
    web.house.wait(days=90)
    assert web.house.links.forget_old() == []
    web.house.wait(seconds=1)
    assert len(web.house.links.forget_old()) == 1
    assert web.browser(ANA).get(f"/api/v1/licences/{made['id']}/link").json()["items"] == []


def test_a_link_is_changed_while_it_lives(web: WebHouse) -> None:
    made = web.issue(link=True, max_plays=1, password=PASSWORD)
    enter(web.browser(), made, auth_key=KEY)
    path, ana = f"/api/v1/licences/{made['id']}/link", web.browser(ANA)
    assert ana.patch(path, json={"max_plays": 2, "password": None}).json() == {
        "redeem_until": None,
        "max_plays": 2,
        "plays": 1,
        "has_password": False,
    }
    assert enter(web.browser(), made).status_code == 200
    assert ana.patch(path, json={"redeem_until": "2020-01-01T00:00:00Z"}).json()["code"] == "end_is_past"
    assert web.browser(EVE).patch(path, json={"max_plays": 9}).status_code == 404


def test_only_links_have_plays_and_passwords(web: WebHouse) -> None:
    ana = web.browser(ANA)
    for more in ({"max_plays": 2}, {"redeem_until": "2026-12-01T00:00:00Z"}, {"password": PASSWORD}):
        answer = ana.post("/api/v1/titles/ti_film/licences", json={"to": "Ben", **more})
        assert (answer.status_code, answer.json()["code"]) == (400, "not_a_link")
    held = web.issue(to="Ben")
    assert held["link"] is None
    assert ana.get(f"/api/v1/licences/{held['id']}/link").status_code == 404


def test_a_guest_who_comes_in_may_stop_another_of_the_same_link_alone(web: WebHouse) -> None:
    made, other = web.issue(link=True, max_streams=1), web.issue(link=True)
    first, second, third = (web.browser() for _ in range(3))
    enter(first, made)
    playing = first.post(PLAY).json()
    enter(third, other, stop=playing["playback_id"])
    assert first.post(playing["renew_url"]).status_code == 200
    enter(second, made, stop=playing["playback_id"])
    assert first.post(playing["renew_url"]).json()["code"] == "lease_ended"
    assert second.post(PLAY).status_code == 200


def test_secrets_of_links_are_kept_as_hashes(web: WebHouse) -> None:
    guest = web.browser()
    enter(guest, web.issue(link=True))
    secret = guest.cookies["matinee_guest"]
    with web.house.database.read() as session:
        assert [row.token_hash for row in session.query(VisitRow)] == [token_hash(secret)]
