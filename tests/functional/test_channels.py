"""Channels through the whole application: filling, offering, subscribing, and licences issued by hand."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from streaming.accounts.principal import Role
from tests.functional.conftest import FILM, WholeHouse, statements

HTML = {"accept": "text/html"}


@pytest.fixture
def noir(ana: TestClient) -> str:
    """The id of Ana's channel, which her film lies in."""
    channel = str(ana.post("/api/v1/channels", json={"name": "Noir"}).json()["id"])
    ana.put(f"/api/v1/channels/{channel}/titles/{FILM}")
    return channel


def test_a_channel_is_filled_offered_subscribed_to_and_shows_in_the_foyer(
    ana: TestClient, ben: TestClient
) -> None:
    channel = ana.post("/api/v1/channels", json={"name": "Noir"}).json()["id"]
    made = ana.post(
        f"/api/v1/channels/{channel}/offers", json={"kind": "subscription", "state": "open", "lasts_s": 86400}
    ).json()
    ana.put(f"/api/v1/channels/{channel}/titles/{FILM}")
    assert "every film of “Noir”" in ben.get(f"/t/{FILM}", headers=HTML).text.replace("Every", "every")
    licence = ben.post(f"/api/v1/offers/{made['id']}/take").json()["licence"]
    assert (licence["title_id"], licence["title_name"], licence["channel_id"]) == (None, "Noir", channel)
    assert licence["readback"].startswith("ben may watch every film of the channel “Noir”")
    ana.patch(f"/api/v1/offers/{made['id']}", json={"state": "closed"})
    assert "The Kept Film" in ben.get("/", headers=HTML).text
    assert "1 subscriber" in ana.get("/studio/channels", headers=HTML).text
    ana.delete(f"/api/v1/channels/{channel}/titles/{FILM}")
    assert ben.get(f"/t/{FILM}", headers=HTML).status_code == 404
    told = [one["what"] for one in ana.get(f"/api/v1/channels/{channel}/history").json()["items"]]
    assert told == ["channel_changed", "offer_changed", "taken", "channel_changed", "offer_made"]


def test_the_page_of_channels_asks_for_no_channel_by_itself(whole_house: WholeHouse, ana: TestClient) -> None:
    def make_channel(name: str) -> None:
        whole_house.clock.advance(timedelta(minutes=1))
        made = ana.post("/api/v1/channels", json={"name": name}).json()["id"]
        body = {"kind": "subscription", "label": f"A month of {name}"}
        assert ana.post(f"/api/v1/channels/{made}/offers", json=body).status_code == 201

    make_channel("Noir")
    one = statements(whole_house, lambda: ana.get("/studio/channels", headers=HTML))
    for name in ("Shorts", "Silent", "Sea"):
        make_channel(name)
    assert statements(whole_house, lambda: ana.get("/studio/channels", headers=HTML)) == one
    page = ana.get("/studio/channels", headers=HTML).text
    assert page.index("A month of Sea") < page.index("A month of Silent") < page.index("A month of Noir")


def test_a_licence_on_a_channel_is_issued_by_hand_and_taken_back(
    whole_house: WholeHouse, ana: TestClient, ben: TestClient, noir: str
) -> None:
    form = f"/studio/channels/{noir}/licences/new"
    assert form in ana.get("/studio/channels", headers=HTML).text
    page = ana.get(form, headers=HTML).text
    assert f'data-url="/api/v1/channels/{noir}/licences"' in page
    assert 'name="link_password"' not in page
    assert ben.get(f"/t/{FILM}", headers=HTML).status_code == 404
    asked = {"to": " ben ", "valid_until": "2026-12-01T20:40:00Z", "tier": "sd", "zone": "Europe/Madrid"}
    answer = ana.post(f"/api/v1/channels/{noir}/licences", json=asked)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["title_id"], made["channel_id"], made["offer_id"]) == (None, noir, None)
    assert made["readback"] == (
        "ben may watch every film of the channel “Noir” from now on until Tuesday 1 December 2026, 21:40 CET,"
        " in standard definition (up to 576p), on one screen at a time."
    )
    assert "The Kept Film" in ben.get("/", headers=HTML).text
    held = ana.get("/studio/channels", headers=HTML).text
    assert "1 subscriber" in held
    assert f'data-url="/api/v1/licences/{made["id"]}/revoke"' in held
    history = ana.get(f"/api/v1/channels/{noir}/history").json()["items"]
    assert (history[0]["what"], history[0]["licence_id"]) == ("issued", made["id"])
    ana.post(f"/api/v1/licences/{made['id']}/revoke", json={})
    assert f"lic-{made['id']}" not in ana.get("/studio/channels", headers=HTML).text
    assert "Withdrawn" in ben.get(f"/t/{FILM}", headers=HTML).text


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"to": "ana"}, "holder_is_owner"),
        ({"to": "nobody"}, "unknown_name"),
        ({"to": " "}, "no_account"),
        ({}, "invalid_input"),
        ({"to": "ben", "link": True}, "invalid_input"),
        ({"to": "ben", "valid_until": "2026-11-22T11:00:00Z"}, "end_before_start"),
        ({"to": "ben", "max_streams": 0}, "bad_streams"),
    ],
    ids=["its owner", "nobody", "blank", "nobody named", "a link", "ended", "no screen"],
)
def test_a_licence_on_a_channel_that_cannot_be_is_refused_in_words(
    ana: TestClient, ben: TestClient, noir: str, asked: dict[str, object], name: str
) -> None:
    refused = ana.post(f"/api/v1/channels/{noir}/licences", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (400, name)
    assert ana.get(f"/api/v1/channels/{noir}/licences").json()["items"] == []


def test_nobody_else_issues_licences_on_a_channel(
    whole_house: WholeHouse, ana: TestClient, ben: TestClient, noir: str
) -> None:
    eve = whole_house.person("eve", Role.CREATOR)
    for somebody, refused in ((ben, 403), (eve, 404)):
        asked = somebody.post(f"/api/v1/channels/{noir}/licences", json={"to": "ben"})
        assert asked.status_code == refused
        form = somebody.get(f"/studio/channels/{noir}/licences/new", headers=HTML)
        assert form.status_code == refused
    admin = whole_house.person("root", Role.ADMIN)
    made = admin.post(f"/api/v1/channels/{noir}/licences", json={"to": "eve"})
    assert (made.status_code, made.json()["issued_by"]) == (201, "root")
