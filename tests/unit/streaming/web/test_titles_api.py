"""The routes of titles, as their owner, a stranger and a holder of a licence meet them."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from streaming.accounts.principal import Principal, Role
from streaming.catalogue import making, queue
from streaming.catalogue.pictures import save_candidate
from streaming.catalogue.values import Asker
from streaming.ids import TitleId
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.web.api import titles
from streaming.web.problems import Problems
from tests.unit.streaming.catalogue.house import House
from transcoder.keys.encrypt import poster_aad, seal_poster
from transcoder.keys.keyschedule import TitleKeys

JPEG = b"\xff\xd8 a picture \xff\xd9"


class Web:
    """The catalogue behind its routes; who asks is told by a header."""

    def __init__(self, house: House) -> None:
        self.house = house
        problems, app = Problems(), FastAPI()
        problems.install(app)
        app.include_router(titles.router)
        app.state.services = SimpleNamespace(catalogue=house.catalogue, accounts=self)
        self.app = app
        self.people: dict[str, Principal] = {}

    def by_token(self, token: str) -> Principal | None:
        return self.people.get(token)

    def by_session(self, cookie: str) -> Principal | None:
        return None

    def person(self, role: Role = Role.CREATOR) -> tuple[TestClient, Asker]:
        """Somebody with an API token."""
        who = self.house.account()
        self.people[who.account_id] = Principal(who.account_id, "somebody", role)
        headers = {"authorization": f"Bearer {who.account_id}"}
        return TestClient(self.app, base_url="http://house.test", headers=headers), who


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    house = House.open(tmp_path)
    yield Web(house)
    house.database.close()


def give_poster(house: House, title: TitleId) -> None:
    """Seal a picture as the workflow does."""
    with house.database.write() as session:
        claim = queue.claim(session, "w1", house.clock.now(), 99)
        assert claim is not None
        facts = making.check_running(session, claim.version_id, claim.run)
        assert facts.wrapped_title_secret
        assert facts.wrapped_server_share
        wrapped = WrappedSecrets(facts.wrapped_title_secret, facts.wrapped_server_share)
        opened = unwrap_secrets(house.root, facts.owner_id, facts.title_id, facts.number, wrapped)
        keys = TitleKeys(facts.title_id, facts.number, opened.title_secret, opened.server_share)
        sealed = seal_poster(JPEG, keys.poster_key(), poster_aad(title, facts.number))
        name = f"{title}/{facts.id}/poster-abcdefgh.bin"
        house.objects.put(name, sealed)
        save_candidate(session, facts.id, 0, "film", name, sealed, chosen=True)


def test_nobody_is_asked_to_log_in(web: Web) -> None:
    answer = TestClient(web.app).get("/api/v1/titles")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_logged_in"


def test_a_title_is_shown_with_its_progress(web: Web) -> None:
    owner, who = web.person()
    title = web.house.uploaded(who, "My_Film.mp4")
    shown = owner.get(f"/api/v1/titles/{title}").json()
    assert (shown["name"], shown["state"], shown["mine"]) == ("My Film", "queued", True)
    assert shown["progress"] == {
        "stage": "queued",
        "percent": 0.0,
        "frames_done": 0,
        "frames_total": 0,
        "eta_s": None,
        "playable_s": 0.0,
        "queue_position": 1,
        "prepared_s": 0.0,
    }
    assert shown["created_at"].endswith("Z")
    assert (shown["failure"], shown["poster_url"]) == (None, None)


def test_lists_are_paged(web: Web) -> None:
    owner, who = web.person()
    for number in range(3):
        web.house.uploaded(who, f"f{number}.mp4")
    page = owner.get("/api/v1/titles", params={"limit": 2}).json()
    assert len(page["items"]) == 2
    rest = owner.get("/api/v1/titles", params={"limit": 2, "cursor": page["cursor"]}).json()
    assert (len(rest["items"]), rest["cursor"]) == (1, None)
    assert owner.get("/api/v1/titles", params={"q": "f1", "scope": "mine"}).json()["items"][0]["name"] == "f1"
    assert owner.get("/api/v1/titles", params={"cursor": "?"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("GET", "/poster"),
    ],
)
def test_strangers_get_404_everywhere(web: Web, method: str, path: str) -> None:
    _, who = web.person()
    stranger, _ = web.person()
    title = web.house.uploaded(who)
    give_poster(web.house, title)
    body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
    answer = stranger.request(method, f"/api/v1/titles/{title}{path}", **body)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_viewers_may_not_change_titles(web: Web) -> None:
    _, who = web.person()
    viewer, _ = web.person(Role.VIEWER)
    assert viewer.delete(f"/api/v1/titles/{web.house.uploaded(who)}").status_code == 403


def test_words_are_changed_and_bounded(web: Web) -> None:
    owner, who = web.person()
    address = f"/api/v1/titles/{web.house.uploaded(who)}"
    assert owner.patch(address, json={"name": "New", "year": 1999}).json()["year"] == 1999
    shown = owner.patch(address, json={"year": None}).json()
    assert (shown["name"], shown["year"]) == ("New", None)
    assert owner.patch(address, json={"name": "  "}).status_code == 400
    assert owner.patch(address, json={"state": "ready"}).status_code in (400, 422)


def test_cancel_and_retry_follow_the_state(web: Web) -> None:
    owner, who = web.person()
    address = f"/api/v1/titles/{web.house.uploaded(who)}"
    assert owner.post(f"{address}/retry").json()["code"] == "nothing_to_retry"
    assert owner.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert owner.post(f"{address}/cancel").status_code == 409
    assert owner.post(f"{address}/retry").json()["state"] == "queued"


def test_a_priority_is_set_and_shown_and_a_chunk_that_did_not_fail_is_not_retried(web: Web) -> None:
    owner, who = web.person()
    address = f"/api/v1/titles/{web.house.uploaded(who)}"
    assert owner.get(address).json()["priority"] == "normal"
    shown = owner.patch(address, json={"priority": "high"}).json()
    assert (shown["priority"], shown["priority_by_house"], shown["chunk_failures"]) == ("high", False, [])
    assert owner.patch(address, json={"priority": "highest"}).status_code in (400, 422)
    answer = owner.post(f"{address}/retry", params={"chunk": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_retry")


def test_delete_answers_204_once(web: Web) -> None:
    owner, who = web.person()
    address = f"/api/v1/titles/{web.house.uploaded(who)}"
    assert owner.delete(address).status_code == 204
    assert owner.delete(address).status_code == 404


def test_the_poster_is_decrypted_for_those_who_may_see_it_and_not_kept_by_caches(web: Web) -> None:
    owner, who = web.person()
    title = web.house.uploaded(who)
    address = f"/api/v1/titles/{title}/poster"
    assert owner.get(address).status_code == 404
    give_poster(web.house, title)
    answer = owner.get(address)
    assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
    assert answer.headers["cache-control"].startswith("private")
    again = owner.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    holder, guest = web.person(Role.VIEWER)
    assert holder.get(address).status_code == 404
    web.house.guests.held.add((guest.account_id, title))
    assert holder.get(address).content == JPEG
