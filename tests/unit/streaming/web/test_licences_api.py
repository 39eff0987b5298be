from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streaming.ids import token_hash
from streaming.licences.model import LicenceRow
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, House
from tests.unit.streaming.delivery.web_house import WebHouse

FILM = "/api/v1/titles/ti_film/licences"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    house = House(tmp_path)
    house.make_film(segments=9)
    web = WebHouse(house)
    yield web
    web.close()
    house.close()


def test_a_licence_is_issued_and_read_back(web: WebHouse) -> None:
    made = web.issue(
        to="ben",
        valid_until="2026-11-22T21:40:00Z",
        rental_s=1800,
        playback_s=172800,
        tier="hd",
        max_streams=1,
        zone="UTC",
    )
    assert made["holder"] == {"kind": "account", "name": "Ben"}
    assert made["state"] == "running"
    assert made["title_name"] == "The Film"
    assert made["ends_at"] == made["start_by"] == "2026-11-22T20:30:00Z"
    assert made["valid_until"] == "2026-11-22T21:40:00Z"
    assert (made["issued_by"], made["watching"], made["link_url"]) == ("Ana", 0, None)
    assert made["readback"].startswith("Ben may watch “The Film” from now on until Sunday 22 November 2026")


def test_leave_to_finish_is_given_taken_and_read_back(web: WebHouse) -> None:
    made = web.issue(to="Ben", valid_until="2026-11-22T21:40:00Z", may_finish=True)
    assert made["may_finish"] is True
    assert made["readback"].endswith("A film begun before the end date may be seen to its end.")
    ana, one = web.browser(ANA), f"/api/v1/licences/{made['id']}"
    assert ana.patch(one, json={"max_streams": 2}).json()["may_finish"] is True
    changed = ana.patch(one, json={"may_finish": False}).json()
    assert (changed["may_finish"], changed["max_streams"]) == (False, 2)


def test_a_zone_shifts_the_words_and_not_the_instants(web: WebHouse) -> None:
    made = web.issue(to="Ben", valid_until="2026-11-22T22:40:00+01:00", zone="Europe/Berlin")
    assert made["valid_until"] == "2026-11-22T21:40:00Z"
    assert "22:40" in made["readback"]


def test_an_unknown_zone_is_no_accident(web: WebHouse) -> None:
    assert web.issue(to="Ben", zone="Nowhere/Else")["readback"].startswith("Ben may watch")


def test_a_link_is_shown_once_and_kept_as_a_hash(web: WebHouse) -> None:
    made = web.issue(link=True, label="For the jury")
    token = made["link_url"].removeprefix("https://house.test/l/")
    shown = web.browser(ANA).get(f"/api/v1/licences/{made['id']}").json()
    assert shown["link_url"] is None
    assert shown["holder"] == {"kind": "link", "name": "For the jury"}
    with web.house.database.read() as session:
        assert session.get_one(LicenceRow, made["id"]).link_hash == token_hash(token)
    assert token.encode() not in web.house.path.read_bytes()


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "no_holder", "to"),
        ({"to": "  "}, "no_holder", "to"),
        ({"to": "Ben", "link": True}, "two_holders", "to"),
        ({"to": "Bem"}, "unknown_name", "to"),
        ({"to": "Ana"}, "holder_is_owner", "to"),
        ({"to": "Ben", "valid_until": "2026-11-22T19:00:00Z"}, "end_before_start", "valid_until"),
        ({"to": "Ben", "valid_from": "2026-11-20T00:00:00Z"}, "start_is_past", "valid_from"),
        (
            {"to": "Ben", "valid_from": "2026-11-22T19:55:00Z", "valid_until": "2026-11-22T20:00:00Z"},
            "end_is_past",
            "valid_until",
        ),
        ({"to": "Ben", "valid_until": "2026-11-22T23:00:00"}, "no_zone", "valid_until"),
        ({"to": "Ben", "rental_s": 0}, "bad_span", "rental_s"),
        ({"to": "Ben", "playback_s": -5}, "bad_span", "playback_s"),
        ({"to": "Ben", "max_streams": 0}, "bad_streams", "max_streams"),
        ({"to": "Ben", "max_streams": 101}, "bad_streams", "max_streams"),
        ({"link": True, "label": "x" * 101}, "label_too_long", "label"),
    ],
)
def test_terms_that_cannot_be_are_refused_in_words(
    web: WebHouse, body: dict[str, Any], code: str, field: str
) -> None:
    answer = web.browser(ANA).post(FILM, json=body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, code)
    assert told["errors"] == [{"field": field, "sentence": told["detail"]}]
    assert told["detail"][-1] in ".?"
    assert told["hint"].endswith(".")
    assert web.browser(ANA).get("/api/v1/licences").json() == {"items": []}


@pytest.mark.parametrize(
    "body", [{"to": "Ben", "tier": "8k"}, {"to": "Ben", "sneaky": 1}, {"to": "x" * 1000}]
)
def test_what_is_no_licence_at_all_is_refused(web: WebHouse, body: dict[str, Any]) -> None:
    answer = web.browser(ANA).post(FILM, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_only_the_owner_issues_lists_changes_and_revokes(web: WebHouse) -> None:
    made = web.issue(to="Ben")
    one = f"/api/v1/licences/{made['id']}"
    for account in (BEN, EVE):
        browser = web.browser(account)
        assert browser.post(FILM, json={"to": "Eve"}).status_code == 404
        assert browser.get("/api/v1/licences?title=ti_film").status_code == 404
        assert browser.patch(one, json={"max_streams": 9}).status_code == 404
        assert browser.post(f"{one}/revoke").status_code == 404
    nobody = web.browser()
    for answer in (nobody.post(FILM, json={}), nobody.get("/api/v1/licences"), nobody.get(one)):
        assert answer.status_code == 401
    assert web.browser(ANA).get(one).json()["state"] == "running"


def test_a_holder_sees_their_licence_and_a_stranger_does_not(web: WebHouse) -> None:
    made = web.issue(to="Ben")
    one = f"/api/v1/licences/{made['id']}"
    assert web.browser(BEN).get(one).json()["id"] == made["id"]
    assert web.browser(EVE).get(one).status_code == 404
    assert [it["id"] for it in web.browser(BEN).get("/api/v1/licences").json()["items"]] == [made["id"]]
    assert web.browser(ANA).get("/api/v1/licences?mine=true").json() == {"items": []}
    assert len(web.browser(ANA).get("/api/v1/licences?title=ti_film").json()["items"]) == 1
    assert web.browser(EVE).get("/api/v1/licences").json() == {"items": []}


def test_a_licence_is_extended_and_a_limit_taken_away(web: WebHouse) -> None:
    made = web.issue(to="Ben", valid_until="2026-11-22T21:00:00Z", playback_s=60)
    one = f"/api/v1/licences/{made['id']}"
    ana = web.browser(ANA)
    longer = ana.patch(one, json={"valid_until": "2026-11-23T21:00:00Z", "tier": "uhd"}).json()
    assert (longer["valid_until"], longer["playback_s"], longer["tier"]) == (
        "2026-11-23T21:00:00Z",
        60,
        "uhd",
    )
    assert ana.patch(one, json={"playback_s": None, "valid_until": None}).json()["ends_at"] is None
    assert ana.patch(one, json={"valid_until": "2026-11-22T19:00:00Z"}).json()["code"] == "end_before_start"
    assert ana.patch(one, json={"max_streams": 0}).json()["code"] == "bad_streams"
    assert ana.patch(one, json={}).json()["max_streams"] == 1


def test_revoking_is_final_and_doing_it_twice_changes_nothing(web: WebHouse) -> None:
    made = web.issue(to="Ben")
    one = f"/api/v1/licences/{made['id']}"
    ana = web.browser(ANA)
    first = ana.post(f"{one}/revoke", json={"reason": "Refunded."}).json()
    assert (first["state"], first["revoke_reason"]) == ("revoked", "Refunded.")
    web.house.wait(minutes=1)
    assert ana.post(f"{one}/revoke").json()["revoked_at"] == first["revoked_at"]
    assert ana.patch(one, json={"max_streams": 2}).status_code == 409


def test_the_list_says_how_many_are_watching(web: WebHouse) -> None:
    web.issue(to="Ben", max_streams=3)
    for _ in range(2):
        web.house.start()
    assert web.browser(ANA).get("/api/v1/licences").json()["items"][0]["watching"] == 2


def test_who_held_a_licence_still_knows_of_the_film(web: WebHouse) -> None:
    licences = web.house.licences
    film = licences.title("ti_film").id  # type: ignore[arg-type]
    assert not licences.knows_of(BEN, film)
    web.issue(to="Ben", valid_until="2026-11-22T21:00:00Z")
    assert licences.known_ids(BEN) == {film}
    web.house.wait(hours=1)
    assert licences.knows_of(BEN, film)
    assert not licences.knows_of(EVE, film)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"valid_from": "9999-06-01T00:00:00Z", "rental_s": 100 * 365 * 86400}, "valid_from"),
        ({"valid_from": "9990-01-01T00:00:00Z", "playback_s": 100 * 365 * 86400}, "valid_from"),
        ({"valid_until": "9999-12-31T23:59:59-23:59"}, "valid_until"),
        ({"valid_until": "2200-01-01T00:00:00Z"}, "valid_until"),
    ],
)
def test_a_licence_beyond_the_calendar_cannot_be_put_into_anybodys_foyer(
    web: WebHouse, body: dict[str, Any], field: str
) -> None:
    answer = web.browser(ANA).post(FILM, json={"to": "Ben"} | body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert web.browser(BEN).get("/api/v1/licences").json() == {"items": []}


def test_an_end_beyond_the_calendar_cannot_be_set_later(web: WebHouse) -> None:
    made = web.issue(to="Ben")
    late = {"valid_until": "9999-12-31T23:59:59-23:59"}
    assert web.browser(ANA).patch(f"/api/v1/licences/{made['id']}", json=late).status_code == 400
    assert web.browser(BEN).get("/api/v1/licences").status_code == 200


def test_a_label_and_a_reason_cannot_turn_a_line_around(web: WebHouse) -> None:
    made = web.issue(link=True, label="jury \u202egpj.exe\x1b[2J\n")
    assert made["holder"]["name"] == "jury gpj.exe[2J"
    revoked = web.browser(ANA).post(
        f"/api/v1/licences/{made['id']}/revoke", json={"reason": "no\u2066 more\x07"}
    )
    assert revoked.json()["revoke_reason"] == "no more"


def test_the_licence_that_counts_is_the_one_that_opens_longest_not_the_newest(web: WebHouse) -> None:
    longest = web.issue(to="ben", valid_until="2026-12-22T12:00:00Z")
    web.issue(to="ben", valid_until="2026-11-23T12:00:00Z")
    best = web.house.licences.best_of(BEN)
    assert [licence.id for licence in best.values()] == [longest["id"]]
