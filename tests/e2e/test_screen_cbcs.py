"""The house's own page on a film under `cbcs`: to its last frame, and to the end of its licence."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.media.films import picture_film
from tests.support.browser import Visitor, Visitors, log_in, overlay, stand_still, watch_moving
from tests.support.cinema import DOORS, QUICK
from tests.support.house import PASSWORD, House, running

pytestmark = pytest.mark.e2e
PERIODS, PERIOD, RATE = 6, 6, 12
SECONDS = PERIODS * PERIOD
"""A film of six keys; the page reads 25 s ahead, so that the last is asked for in the middle of it."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str, str]]:
    """A house with one film under `cbcs`; gives it with its owner's token and the title."""
    folder = tmp_path_factory.mktemp("cbcs")
    film = picture_film(folder, SECONDS, "320x180", str(RATE))
    with running(folder / "data", **QUICK) as opened:
        token = opened.add_user("ana", "creator")
        for name in ("ben", "cleo"):
            opened.add_user(name, "viewer")
        done = opened.run("publish", str(film), "--protection", "cbcs", "--wait", token=token)
        assert done.returncode == 0, done.stderr
        with opened.client(token) as client:
            (title,) = client.get("/api/v1/titles").json()["items"]
        yield opened, token, title["id"]


def watching(house: tuple[House, str, str], visitors: Visitors, name: str) -> tuple[Visitor, str, list[str]]:
    """Give somebody in front of the film, their licence, and what they ask at its licence door."""
    opened, token, title = house
    with opened.client(token) as client:
        licence = client.post(f"/api/v1/titles/{title}/licences", json={"to": name}).raise_for_status().json()
    visitor = visitors.arrive(name, opened.url)
    log_in(visitor, name, PASSWORD)
    asked: list[str] = []
    visitor.page.on(
        "request", lambda one: asked.append(one.post_data or "") if "/licence" in one.url else None
    )
    visitor.go(f"/watch/{title}")
    watch_moving(visitor)
    return visitor, licence["id"], asked


def test_the_page_plays_every_period_and_asks_for_each_key_once(
    house: tuple[House, str, str], visitors: Visitors
) -> None:
    ben, _, asked = watching(house, visitors, "ben")
    assert len(asked) < PERIODS, "the keys of a period that is not read yet were asked for"
    ben.page.evaluate("() => { document.querySelector('video').playbackRate = 4; }")
    ben.wait("() => document.querySelector('video').ended")
    seen = ben.picture()
    assert seen.time == pytest.approx(SECONDS, abs=0.1)
    assert seen.frames >= SECONDS * RATE - PERIODS
    assert len(asked) == len(set(asked)) == PERIODS


def test_a_licence_taken_back_ends_the_film_with_its_sentence(
    house: tuple[House, str, str], visitors: Visitors
) -> None:
    cleo, licence, _ = watching(house, visitors, "cleo")
    opened, token, _ = house
    cleo.allow(DOORS, 403, 410)
    with opened.client(token) as client:
        client.post(f"/api/v1/licences/{licence}/revoke", json={"reason": ""}).raise_for_status()
    place = overlay(cleo, "revoked", 20)
    expect(place).to_contain_text("Your licence was withdrawn")
    stand_still(cleo)


def test_players_that_know_no_clear_key_are_refused_with_a_way_out(house: tuple[House, str, str]) -> None:
    opened, token, title = house
    for words in (("play", title), ("play", title, "--print-url")):
        done = opened.run(*words, token=token)
        assert done.returncode == 1
        assert "(for_browsers_alone)" in done.stderr
        assert re.search(rf"in a browser: {re.escape(opened.url)}/t/{title}", " ".join(done.stderr.split()))
        assert "/play/" not in done.stdout
    with opened.client(token) as client:
        assert client.get("/api/v1/playbacks").json() == {"items": []}
