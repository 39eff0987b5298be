import pytest
from fastapi.testclient import TestClient

from streaming.accounts.principal import Role
from streaming.catalogue import store
from streaming.catalogue.values import Failure, TitleState
from streaming.clock import to_micros
from streaming.delivery import devices
from streaming.delivery.values import Device
from streaming.ids import LicenceId, TitleId
from tests.functional.conftest import WholeHouse

HTML = {"accept": "text/html"}


@pytest.mark.parametrize("path", ["/", "/studio", "/account", "/operator", "/t/ti_x", "/watch/ti_x"])
def test_nobody_is_shown_the_way_in_and_back(whole_house: WholeHouse, path: str) -> None:
    answer = whole_house.visitor().get(path, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={path}"


@pytest.mark.parametrize("path", ["/login", "/register", "/recover"])
def test_ways_in_are_open_to_everybody(whole_house: WholeHouse, path: str) -> None:
    assert whole_house.visitor().get(path, headers=HTML).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:x"])
def test_logging_in_leads_nowhere_else(whole_house: WholeHouse, elsewhere: str) -> None:
    person = whole_house.person("ben", Role.VIEWER)
    answer = person.get("/login", params={"next": elsewhere}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("role", "open_rooms", "shut_rooms"),
    [
        (Role.VIEWER, ["/", "/account"], ["/studio", "/operator"]),
        (Role.CREATOR, ["/", "/account", "/studio"], ["/operator"]),
        (Role.ADMIN, ["/", "/account", "/studio", "/operator"], []),
    ],
)
def test_each_role_has_its_rooms(
    whole_house: WholeHouse, role: Role, open_rooms: list[str], shut_rooms: list[str]
) -> None:
    person = whole_house.person("ana", role)
    assert [person.get(path, headers=HTML).status_code for path in open_rooms] == [200] * len(open_rooms)
    assert [person.get(path, headers=HTML).status_code for path in shut_rooms] == [403] * len(shut_rooms)


def test_a_film_that_is_not_there_and_one_that_is_not_mine_look_the_same(whole_house: WholeHouse) -> None:
    creator = whole_house.person("ana", Role.CREATOR)
    made = creator.post(
        "/api/v1/uploads",
        headers={
            "tus-resumable": "1.0.0",
            "upload-length": "10",
            "upload-metadata": "filename ZmlsbS5tcDQ=",
            "origin": "http://house.test",
        },
    )
    title = made.headers["matinee-title"]
    stranger = whole_house.person("eve", Role.VIEWER)
    there = stranger.get(f"/t/{title}", headers=HTML)
    absent = stranger.get("/t/ti_aaaaaaaaaaaaaaaaaaaa", headers=HTML)
    assert (there.status_code, there.text) == (absent.status_code, absent.text)
    assert there.status_code == 404


def test_the_operator_sees_everybody_and_what_is_missing(whole_house: WholeHouse) -> None:
    whole_house.person("ben", Role.VIEWER)
    page = whole_house.person("olga", Role.ADMIN).get("/operator", headers=HTML).text
    assert "ben" in page
    assert "No worker is running" in page


def test_a_link_that_opens_nothing_shows_nothing(whole_house: WholeHouse) -> None:
    answer = whole_house.visitor().get("/l/" + "a" * 43, headers=HTML)
    assert answer.status_code == 404
    assert "No door here" in answer.text


def test_openapi_describes_every_route_with_words(whole_house: WholeHouse) -> None:
    schema = whole_house.visitor().get("/openapi.json").json()
    silent = [
        f"{method} {path}"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if not operation.get("description")
    ]
    assert silent == []


def failed_film(house: WholeHouse, creator: TestClient) -> str:
    """A title whose making failed after its whole file had come."""
    made = creator.post(
        "/api/v1/uploads",
        headers={
            "tus-resumable": "1.0.0",
            "upload-length": "4",
            "upload-metadata": "filename ZmlsbS5tcDQ=",
            "content-type": "application/offset+octet-stream",
            "origin": "http://house.test",
        },
        content=b"film",
    )
    title_id = str(made.headers["matinee-title"])
    with house.services.database.write() as session:
        failure = Failure("cannot_open", "This file cannot be opened.", "")
        now = house.clock.now()
        store.set_state(
            session, TitleId(title_id), TitleState.FAILED, now, among=tuple(TitleState), failure=failure
        )
    return title_id


def test_trying_again_is_offered_only_while_the_file_is_here(whole_house: WholeHouse) -> None:
    creator = whole_house.person("ana", Role.CREATOR)
    title_id = failed_film(whole_house, creator)
    rooms = ("/studio", f"/studio/t/{title_id}")
    assert ["Try again" in creator.get(room, headers=HTML).text for room in rooms] == [True, True]
    for file in (whole_house.services.settings.data / "uploads").iterdir():
        file.unlink()
    assert ["Try again" in creator.get(room, headers=HTML).text for room in rooms] == [False, False]


def test_the_page_of_a_link_shows_who_used_it_to_its_creator_alone(whole_house: WholeHouse) -> None:
    creator = whole_house.person("ana", Role.CREATOR)
    title_id = failed_film(whole_house, creator)
    made = creator.post(f"/api/v1/titles/{title_id}/licences", json={"link": True, "max_plays": 3}).json()
    guest = whole_house.visitor()
    guest.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert guest.post(made["link_url"] + "/enter", json={"name": "Eva"}).status_code == 200
    path = f"/studio/t/{title_id}/links/{made['id']}"
    page = creator.get(path, headers=HTML).text
    assert [words in page for words in ("Used by 1 of 3 browsers", "Firefox on Linux", "Eva")] == [True] * 3
    assert path in creator.get(f"/studio/t/{title_id}", headers=HTML).text
    other = whole_house.person("eve", Role.CREATOR)
    assert other.get(path, headers=HTML).status_code == 404
    door = guest.get(made["link_url"], headers=HTML)
    assert "Eva" not in door.text


def test_the_account_shows_devices_and_the_places_they_take(whole_house: WholeHouse) -> None:
    creator, ben = whole_house.person("ana", Role.CREATOR), whole_house.person("ben", Role.VIEWER)
    assert "The first film you watch brings one." in ben.get("/account", headers=HTML).text
    title_id = failed_film(whole_house, creator)
    terms = {"to": "ben", "max_devices": 2}
    made = creator.post(f"/api/v1/titles/{title_id}/licences", json=terms).json()
    account = whole_house.services.accounts.named("ben").id
    with whole_house.services.database.write() as session:
        device = Device(account, label="Firefox on Linux", profile="p" * 43)
        devices.register(
            session.connection(), LicenceId(made["id"]), device, to_micros(whole_house.clock.now())
        )
    page = ben.get("/account", headers=HTML).text
    assert "Firefox on Linux" in page
    assert "A place on “film”: 1 of 2 taken" in page
