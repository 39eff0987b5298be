from collections.abc import Iterator
from pathlib import Path

import m3u8
import pytest
from fastapi.testclient import TestClient

from streaming.ids import AccountId
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, KEYS, House
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


def first_key(client: TestClient, playlist_url: str) -> tuple[int, bytes]:
    """Go the way a player goes: multivariant, media playlist, key."""
    main = client.get(playlist_url)
    if main.status_code != 200:
        return main.status_code, main.content
    media = client.get(m3u8.loads(main.text).playlists[0].uri)
    if media.status_code != 200:
        return media.status_code, media.content
    key = client.get(m3u8.loads(media.text).segments[0].key.uri)
    return key.status_code, key.content


def test_a_holder_plays(web: WebHouse) -> None:
    web.issue(to="Ben", valid_until="2026-11-22T21:00:00Z")
    browser = web.browser(BEN)
    told = browser.post(PLAY, json={"device": "Firefox on Linux"}).json()
    assert told["ends_at"] == "2026-11-22T21:00:00Z"
    assert told["warn_at"] == "2026-11-22T20:55:00Z"
    assert (told["title"], told["tier"], told["start_at_s"]) == ("The Film", "hd", 0)
    assert (told["protection"], told["dash_url"], told["licence_url"]) == ("aes-128", None, None)
    assert (told["lease_until"], told["renew_after_s"]) == ("2026-11-22T20:05:00Z", 180)
    assert first_key(browser, told["playlist_url"]) == (200, KEYS.content_key("v240", "sd", 0).reveal())
    assert browser.post(told["renew_url"], json={"position_s": 5, "playing": True}).status_code == 200
    running = browser.get("/api/v1/playbacks").json()["items"]
    assert [(one["playback_id"], one["device"]) for one in running] == [
        (told["playback_id"], "Firefox on Linux")
    ]
    beacon = browser.post(
        told["release_url"], content='{"position_s": 7}', headers={"content-type": "text/plain"}
    )
    assert beacon.status_code == 204
    assert browser.get("/api/v1/playbacks").json() == {"items": []}
    assert browser.post(PLAY).json()["start_at_s"] == 7


def test_an_address_is_worth_nothing_to_anybody_else(web: WebHouse) -> None:
    web.issue(to="Ben")
    url = web.browser(BEN).post(PLAY).json()["playlist_url"]
    assert first_key(web.browser(), url)[0] == 401
    assert first_key(web.browser(EVE), url)[0] == 404
    assert first_key(web.browser(ANA), url)[0] == 404
    assert first_key(web.program(BEN), url)[0] == 401


def test_nobody_and_strangers_start_nothing(web: WebHouse) -> None:
    web.issue(to="Ben")
    assert web.browser().post(PLAY).status_code == 401
    refused = web.browser(EVE).post(PLAY)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_licence")
    assert refused.json()["detail"] == "You have no licence for this film."
    assert web.browser(BEN).post("/api/v1/titles/ti_none/playback").status_code == 404


def test_the_refusals_of_a_licence_reach_the_page(web: WebHouse) -> None:
    made = web.issue(to="Ben", valid_until="2026-11-22T21:00:00Z")
    browser = web.browser(BEN)
    browser.post(PLAY)
    taken = browser.post(PLAY).json()
    assert (taken["code"], taken["detail"]) == (
        "too_many_streams",
        "This licence is for one screen at a time, and it is in use.",
    )
    assert browser.post(PLAY, json={"take_over": True}).status_code == 200
    web.house.wait(hours=1, minutes=5)
    ended = browser.post(PLAY).json()
    assert (ended["code"], ended["detail"], ended["hint"], ended["at"]) == (
        "licence_ended",
        "This licence ended 5 minutes ago.",
        "Ask Ana for more time.",
        "2026-11-22T21:00:00Z",
    )
    web.browser(ANA).post(f"/api/v1/licences/{made['id']}/revoke")
    assert browser.post(PLAY).json()["code"] == "licence_revoked"


def test_a_program_gets_an_address_that_works_by_itself(web: WebHouse) -> None:
    web.issue(to="Ben")
    told = web.program(BEN).post(PLAY).json()
    assert first_key(web.browser(), told["playlist_url"])[0] == 200


def test_a_browser_may_ask_for_a_native_address(web: WebHouse) -> None:
    web.issue(to="Ben")
    told = web.browser(BEN).post(PLAY, json={"native": True}).json()
    assert first_key(web.browser(), told["playlist_url"])[0] == 200


def test_a_viewer_stops_their_own_screens_only(web: WebHouse) -> None:
    web.issue(to="Ben")
    told = web.browser(BEN).post(PLAY).json()
    path = f"/api/v1/playbacks/{told['playback_id']}"
    assert web.browser(EVE).delete(path).status_code == 404
    assert web.browser(BEN).delete(path).status_code == 204
    assert first_key(web.browser(BEN), told["playlist_url"])[0] == 410


def test_another_site_starts_nothing(web: WebHouse) -> None:
    answer = web.browser(ANA).post(PLAY, headers={"origin": "https://evil.test"})
    assert answer.json()["code"] == "cross_site"


# --- guests ---


def entered(web: WebHouse, link: str, browser: TestClient | None = None) -> TestClient:
    browser = browser or web.browser()
    answer = browser.post(link.removeprefix("https://house.test") + "/enter")
    assert (answer.status_code, answer.headers["location"]) == (303, "/watch/ti_film")
    cookie = answer.headers["set-cookie"]
    assert all(mark in cookie for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    return browser


def test_a_guest_enters_by_a_link_and_plays(web: WebHouse) -> None:
    link = web.issue(link=True, tier="sd")["link_url"]
    guest = entered(web, link)
    told = guest.post(PLAY).json()
    assert told["tier"] == "sd"
    assert first_key(guest, told["playlist_url"])[0] == 200
    assert first_key(web.browser(), told["playlist_url"])[0] == 401
    guest.post(told["release_url"], json={"position_s": 3})
    assert guest.post(PLAY).json()["start_at_s"] == 3


def test_guests_of_different_links_do_not_open_each_others_playbacks(web: WebHouse) -> None:
    one, two = (entered(web, web.issue(link=True)["link_url"]) for _ in range(2))
    url = one.post(PLAY).json()["playlist_url"]
    assert first_key(two, url)[0] == 404


def test_a_link_shares_its_screens_among_all_who_have_it(web: WebHouse) -> None:
    link = web.issue(link=True, max_streams=1)["link_url"]
    assert entered(web, link).post(PLAY).status_code == 200
    assert entered(web, link).post(PLAY).json()["code"] == "too_many_streams"


def test_a_guest_keeps_earlier_links(web: WebHouse) -> None:
    first, second = (web.issue(link=True)["link_url"] for _ in range(2))
    guest = entered(web, second, entered(web, first))
    assert [guest.post(PLAY).status_code for _ in range(3)] == [200, 200, 403]


def test_a_revoked_link_opens_no_more(web: WebHouse) -> None:
    made = web.issue(link=True)
    guest = entered(web, made["link_url"])
    url = guest.post(PLAY).json()["playlist_url"]
    web.browser(ANA).post(f"/api/v1/licences/{made['id']}/revoke")
    assert first_key(guest, url)[0] == 403
    assert guest.post(PLAY).json()["code"] == "licence_revoked"
    again = web.browser().post(made["link_url"].removeprefix("https://house.test") + "/enter")
    assert (again.status_code, again.json()["code"]) == (403, "licence_revoked")
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("token", ["x" * 43, "short", "a.b", "x" * 500])
def test_a_made_up_link_opens_nothing(web: WebHouse, token: str) -> None:
    answer = web.browser().post(f"/l/{token}/enter")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_link")


def test_a_guest_link_never_lends_a_login_its_licence_for_other_films(web: WebHouse) -> None:
    guest = entered(web, web.issue(link=True)["link_url"])
    assert guest.post("/api/v1/titles/ti_other/playback").status_code == 404
    assert guest.get("/api/v1/licences").status_code == 401


def test_somebody_logged_in_may_use_a_link_too(web: WebHouse) -> None:
    browser = entered(web, web.issue(link=True)["link_url"], web.browser(AccountId(EVE)))
    told = browser.post(PLAY).json()
    assert first_key(browser, told["playlist_url"])[0] == 200


# --- who is playing where ---


def test_a_full_licence_says_what_plays_where_and_lets_its_holder_stop_it(web: WebHouse) -> None:
    web.issue(to="Ben", max_streams=2)
    ben = web.browser(BEN)
    first = ben.post(PLAY, json={"device": "Firefox on Linux"}).json()
    ben.post(first["renew_url"], json={"position_s": 61.5, "playing": True})
    web.house.wait(minutes=1)
    second = ben.post(PLAY, json={"device": "Safari on iPhone"}).json()
    refused = ben.post(PLAY, json={"device": "Chromium on Linux"}).json()
    assert refused["code"] == "too_many_streams"
    assert refused["playing"] == [
        {
            "playback_id": first["playback_id"],
            "device": "Firefox on Linux",
            "title": "The Film",
            "started_at": "2026-11-22T20:00:00Z",
            "position_s": 61.5,
        },
        {
            "playback_id": second["playback_id"],
            "device": "Safari on iPhone",
            "title": "The Film",
            "started_at": "2026-11-22T20:01:00Z",
            "position_s": 61.5,
        },
    ]
    assert ben.delete(f"/api/v1/playbacks/{first['playback_id']}").status_code == 204
    assert ben.post(PLAY).status_code == 200
    assert ben.post(first["renew_url"]).json()["code"] == "lease_ended"
    assert ben.post(second["renew_url"]).status_code == 200


def test_what_others_play_is_never_listed(web: WebHouse) -> None:
    web.issue(to="Ben")
    web.browser(BEN).post(PLAY, json={"device": "Bens own"})
    guest = entered(web, web.issue(link=True)["link_url"])
    guest.post(PLAY, json={"device": "A guests own"})
    assert [one["device"] for one in guest.post(PLAY).json()["playing"]] == ["A guests own"]
    assert [one["device"] for one in web.browser(BEN).post(PLAY).json()["playing"]] == ["Bens own"]
    assert "playing" not in web.browser(EVE).post(PLAY).json()


def test_guests_see_devices_alone_and_stop_only_what_their_link_plays(web: WebHouse) -> None:
    link, other = (web.issue(link=True)["link_url"] for _ in range(2))
    one, two, stranger = entered(web, link), entered(web, link), entered(web, other)
    playing = one.post(PLAY, json={"device": "Firefox on Linux"}).json()
    path = f"/api/v1/playbacks/{playing['playback_id']}"
    assert two.post(PLAY).json()["playing"] == [
        {"playback_id": playing["playback_id"], "device": "Firefox on Linux"}
    ]
    assert web.browser().delete(path).status_code == 401
    assert [who.delete(path).status_code for who in (stranger, web.browser(EVE))] == [404, 404]
    assert two.delete(path).status_code == 204
    assert two.post(PLAY).status_code == 200
    assert one.post(playing["renew_url"]).json()["code"] == "lease_ended"


def test_the_owner_of_a_film_sees_their_own_screens(web: WebHouse) -> None:
    ana = web.browser(ANA)
    for number in range(5):
        ana.post(PLAY, json={"device": f"Screen {number}"})
    refused = ana.post(PLAY).json()
    assert [one["device"] for one in refused["playing"]] == [f"Screen {number}" for number in range(5)]
