"""Devices through the API: a cookie of their own, limits at the start, removal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.streaming.delivery.house import ANA, BEN, EVE, House
from tests.unit.streaming.delivery.web_house import WebHouse

PLAY = "/api/v1/titles/ti_film/playback"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    house = House(tmp_path)
    house.make_film(segments=9)
    web = WebHouse(house)
    yield web
    web.close()
    house.close()


def test_a_browser_is_known_again_by_a_cookie_that_scripts_and_other_sites_do_not_get(web: WebHouse) -> None:
    web.issue(to="Ben", max_devices=1)
    browser = web.browser(BEN)
    first = browser.post(PLAY, json={"take_over": True, "device": "Firefox on Linux"})
    assert first.status_code == 200
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("matinee_device=")
    assert all(mark in cookie for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert browser.cookies["matinee_device"].encode() not in web.house.path.read_bytes()
    assert browser.post(PLAY, json={"take_over": True}).status_code == 200
    refused = web.browser(BEN).post(PLAY, json={"take_over": True}).json()
    assert (refused["code"], [one["device"] for one in refused["devices"]]) == (
        "too_many_devices",
        ["Firefox on Linux"],
    )
    assert "account page" in refused["hint"]


def test_a_program_is_a_device_by_its_token(web: WebHouse) -> None:
    web.issue(to="Ben", max_devices=1)
    program = web.program(BEN)
    answers = [program.post(PLAY, json={"take_over": True}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert "set-cookie" not in answers[0].headers
    assert web.browser(BEN).post(PLAY).json()["code"] == "too_many_devices"


def test_a_holder_lists_renames_and_removes_their_devices(web: WebHouse) -> None:
    made = web.issue(to="Ben", max_devices=1)
    ben = web.browser(BEN)
    playing = ben.post(PLAY).json()
    (device,) = ben.get("/api/v1/devices").json()["items"]
    assert (device["current"], device["licences"]) == (True, [made["id"]])
    path = f"/api/v1/devices/{device['id']}"
    assert ben.patch(path, json={"name": "Living \u202eroom"}).status_code == 204
    assert ben.get("/api/v1/devices").json()["items"][0]["name"] == "Living room"
    shown = web.browser(ANA).get(f"/api/v1/licences/{made['id']}").json()
    assert (shown["max_devices"], shown["devices"]) == (1, 1)
    assert [web.browser(EVE).delete(path).status_code, web.browser().delete(path).status_code] == [404, 401]
    assert ben.delete(path).status_code == 204
    assert ben.post(playing["renew_url"]).json()["code"] == "lease_ended"
    assert web.browser(BEN).post(PLAY).status_code == 200
    told = web.browser(ANA).get(f"/api/v1/licences/{made['id']}/history").json()["items"]
    assert "device_removed" in {one["what"] for one in told}
    assert "Living room" not in str(told)
    (other,) = ben.get("/api/v1/devices").json()["items"]
    refused = ben.delete(f"/api/v1/devices/{other['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_removals")


def test_the_number_of_devices_can_be_changed_and_taken_away(web: WebHouse) -> None:
    made = web.issue(to="Ben", max_devices=1, max_streams=3)
    ana, path = web.browser(ANA), f"/api/v1/licences/{made['id']}"
    assert "It plays on one device, the first." in made["readback"]
    assert web.browser(BEN).post(PLAY).status_code == 200
    assert web.browser(BEN).post(PLAY).status_code == 403
    assert ana.patch(path, json={"max_devices": 2}).json()["max_devices"] == 2
    assert web.browser(BEN).post(PLAY).status_code == 200
    assert ana.patch(path, json={"max_devices": None}).json()["max_devices"] is None
    assert web.browser(BEN).post(PLAY).status_code == 200
    assert ana.patch(path, json={"max_devices": 0}).json()["code"] == "bad_devices"


def test_a_link_has_no_number_of_devices(web: WebHouse) -> None:
    ana = web.browser(ANA)
    asked = {"link": True, "max_devices": 2}
    assert ana.post("/api/v1/titles/ti_film/licences", json=asked).json()["code"] == "devices_of_a_link"
    made = web.issue(link=True)
    changed = ana.patch(f"/api/v1/licences/{made['id']}", json={"max_devices": 2})
    assert changed.json()["code"] == "devices_of_a_link"
