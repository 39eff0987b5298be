"""The first film, as a new person does it: register, upload, watch while it is made, license, see it end."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.support.browser import Visitor, Visitors, overlay, stand_still, watch_moving
from tests.support.cinema import (
    DOORS,
    QUICK,
    choose_file,
    issue_licence,
    long_film,
    register,
    shorten,
    title_of_upload,
)
from tests.support.house import PASSWORD, House, running, wait_for_title

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on which nobody has an account yet."""
    with running(tmp_path_factory.mktemp("first") / "data", **QUICK) as found:
        yield found


def test_a_new_person_shows_somebody_a_film_until_the_licence_ends(
    house: House, visitors: Visitors, tmp_path: Path
) -> None:
    film, story = long_film(tmp_path)
    print(f"The film is {story}.")
    ana, ben = visitors.arrive("ana", house.url), visitors.arrive("ben", house.url)
    register(ben, "ben", PASSWORD)

    register(ana, "ana", PASSWORD)
    title = upload(ana, film)
    token = house.run("token", "ana").stdout.strip()
    with one_rung_at_first(ana) as heights:
        watch_while_it_is_made(ana, house, token, title)
    see_better_when_there_is_better(ana, heights)
    with house.client(token) as client:
        wait_for_title(client, title, "ready", seconds=240)

    refuse_without_licence(ben, title)
    issue_licence(ana, title, to="ben", minutes=2)
    watch_to_the_end(ben, house, token, title)


def upload(ana: Visitor, film: Path) -> str:
    """Bring the film in at the studio; gives the title's id."""
    ana.go("/studio")
    choose_file(ana, film)
    title = title_of_upload(ana)
    expect(ana.find("li.upload").first).to_have_attribute("data-state", "done")
    return title


def watch_while_it_is_made(ana: Visitor, house: House, token: str, title: str) -> None:
    """From the film's page to the screen, where frames and sound advance while encoding goes on."""
    begun = time.monotonic()
    page = ana.go(f"/studio/t/{title}")
    page.get_by_role("link", name="Watch now").click()
    page.wait_for_url(f"{house.url}/watch/{title}")
    before, after = watch_moving(ana)
    with house.client(token) as client:
        told = client.get(f"/api/v1/titles/{title}").raise_for_status().json()
    assert told["state"] == "encoding", f"after {time.monotonic() - begun:.1f} s it was {told['state']}"
    assert after.frames > before.frames
    assert after.sound > before.sound
    assert after.width > 0
    print(f"Watched at {after.time:.1f} s of film while {told['progress']['percent']:.0f} % were encoded.")


def lines_of(rung: str) -> int:
    """Height of a rung's picture, from its line in the multivariant playlist (RFC 8216 §4.3.4.2)."""
    found = re.search(r"^#EXT-X-STREAM-INF:.*RESOLUTION=\d+x(\d+)", rung)
    assert found is not None, rung
    return int(found[1])


@contextmanager
def one_rung_at_first(visitor: Visitor) -> Iterator[list[int]]:
    """Let the page read a playlist such as a film has in its first moments: the lowest rung alone.

    Gives a list that holds the lines of that rung's picture once the playlist was read.
    """
    heights: list[int] = []

    def first(text: str) -> str:
        if heights:
            return text
        head, *rungs = re.split(r"(?=^#EXT-X-STREAM-INF)", text, flags=re.M)
        lowest = min(rungs, key=lines_of)
        heights.append(lines_of(lowest))
        return head + lowest

    def asked(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=first(answer.text()))

    def brought(route: Route) -> None:
        """The playlist that comes along with the start of a playback."""
        answer = route.fetch()
        told = answer.json()
        playlists = (told.get("bootstrap") or {}).get("playlists", {})
        for one in filter(address.search, playlists):
            playlists[one] = first(playlists[one])
        route.fulfill(response=answer, json=told)

    address, start = re.compile(r"/play/[^/]+/main\.m3u8$"), re.compile(r"/playback$")
    visitor.page.route(start, brought)
    visitor.page.route(address, asked)
    yield heights
    visitor.page.unroute(address)
    visitor.page.unroute(start)


def see_better_when_there_is_better(visitor: Visitor, lowest: list[int]) -> None:
    """The page finds the other rungs by itself, and goes on where it was."""
    assert len(lowest) == 1
    at = visitor.page.evaluate("document.querySelector('video').currentTime")
    better = "lines => document.querySelector('video').videoHeight > lines"
    visitor.page.wait_for_function(better, arg=lowest[0], timeout=120_000)
    _, after = watch_moving(visitor)
    assert after.time > at
    assert after.width > 0


def refuse_without_licence(ben: Visitor, title: str) -> None:
    """A stranger learns nothing of the film, not even its name."""
    ben.allow(f"/t/{title}|/watch/{title}", 404)
    for path in (f"/t/{title}", f"/watch/{title}"):
        ben.go(path)
        assert "First Film" not in ben.page.content()


def watch_to_the_end(ben: Visitor, house: House, token: str, title: str) -> None:
    """Watch with a licence, be stopped by its end with a sentence, and find the same on the film's page."""
    ben.go("/")
    ben.page.get_by_role("link", name=re.compile("First Film")).first.click()
    ben.page.wait_for_url(f"{house.url}/t/{title}")
    ben.page.get_by_role("link", name=re.compile("Watch")).first.click()
    _, after = watch_moving(ben)
    assert after.width > 0
    ben.allow(DOORS, 403, 410)
    shorten(house, token, title, "ben", 12)
    place = overlay(ben, "ended")
    expect(place).to_contain_text("ended")
    expect(place).to_contain_text("Ask ana for more time.")
    stand_still(ben)
    ben.page.reload()
    place = overlay(ben, "ended")
    expect(place).to_contain_text("This licence ended")
    place.get_by_role("link", name="Back to the film").click()
    ben.page.wait_for_url(f"{house.url}/t/{title}")
    expect(ben.find("main")).to_contain_text("Your licence has ended. Ask ana for more time.")
    expect(ben.page.get_by_role("link", name=re.compile("Watch"))).to_have_count(0)
