"""The screen with a film in a real browser: stopped, interrupted, left and come back to, worked by keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from streaming.cli.links import derived
from tests.media.films import picture_film
from tests.support.browser import OFFLINE, Visitor, Visitors, log_in, overlay, stand_still, watch_moving
from tests.support.cinema import DOORS, QUICK, issue_licence, shorten
from tests.support.house import PASSWORD, House, running, until
from transcoder.keys.secret import SecretBytes

pytestmark = pytest.mark.e2e
SECONDS = 60
SEE_ASKED = """(() => {
  const asked = globalThis.asked = [], send = globalThis.fetch;
  globalThis.fetch = (about, options) => {
    const address = new URL(about.url ?? about, location.href);
    asked.push(`${options?.method ?? about.method ?? 'GET'} ${address.pathname}`);
    return send(about, options);
  };
  const shown = () => { globalThis.askedBeforeFrame = asked.filter((one) => !/[.]m4s$/.test(one)); };
  document.addEventListener('DOMContentLoaded', () =>
    document.querySelector('video')?.requestVideoFrameCallback(shown));
})()"""
"""Tells what scripts have asked for, and what of it but segments before the first frame was shown."""


@dataclass(frozen=True)
class Premiere:
    """A house with one published film of Ana's, and people who have accounts."""

    house: House
    token: str
    title: str


@pytest.fixture(scope="module")
def premiere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premiere]:
    """Publish a small film with the command."""
    folder = tmp_path_factory.mktemp("screen")
    film = picture_film(folder, SECONDS, "320x180")
    with running(folder / "data", **QUICK) as house:
        token = house.add_user("ana", "creator")
        for name in ("ben", "cleo", "dora", "emil"):
            house.add_user(name, "viewer")
        done = house.run("publish", str(film), "--title", "Test Card", "--wait", token=token)
        assert done.returncode == 0, done.stderr
        with house.client(token) as client:
            title = client.get("/api/v1/titles").json()["items"][0]["id"]
        yield Premiere(house, token, title)


@pytest.fixture
def ana(premiere: Premiere, visitors: Visitors) -> Visitor:
    """The film's owner, logged in."""
    visitor = visitors.arrive("ana", premiere.house.url)
    log_in(visitor, "ana", PASSWORD)
    return visitor


def test_revoking_in_the_studio_stops_whoever_watches(
    premiere: Premiere, ana: Visitor, visitors: Visitors
) -> None:
    ben = visitors.arrive("ben", premiere.house.url)
    log_in(ben, "ben", PASSWORD)
    issue_licence(ana, premiere.title, to="ben", minutes=30)
    ben.go(f"/watch/{premiere.title}")
    watch_moving(ben)
    ben.allow(DOORS, 403, 410)

    ana.go(f"/studio/t/{premiere.title}")
    expect(ana.find("#licences")).to_contain_text("1 watching")
    ana.find("#licences [data-revoke]").first.click()
    expect(ana.find("#revoke-licence")).to_contain_text("One person is watching")
    ana.find("#revoke-licence [data-ref=confirm]").click()
    expect(ana.find("#licences")).to_contain_text("Revoked")

    place = overlay(ben, "revoked", 20)
    expect(place).to_contain_text("Your licence was withdrawn")
    expect(place).to_contain_text("This licence was taken back")
    expect(place).to_contain_text("Ask ana")
    stand_still(ben)
    place.get_by_role("link", name="Back to the film").click()
    expect(ben.find("main")).to_contain_text("ana withdrew it.")


@pytest.mark.parametrize("start", [0, 31])
def test_the_first_frame_needs_one_answer_alone(premiere: Premiere, ana: Visitor, start: int) -> None:
    """Playlists, init segments, keys and first segments come along with the playback, wherever it begins."""
    ana.page.add_init_script(SEE_ASKED)
    with ana.page.expect_response("**/playback") as told:
        if start:
            ana.go(f"/watch/{premiere.title}?t={start}")
        else:
            ana.go(f"/t/{premiere.title}")
            ana.find(".hero__act a.button--primary").click()
    bootstrap = told.value.json()["bootstrap"]
    came = {*bootstrap["playlists"], *bootstrap["objects"]}
    assert [len([one for one in came if kind in one]) for kind in ("/key/", ".mp4", ".m4s")] == [2, 2, 2]
    ana.wait("() => globalThis.askedBeforeFrame")
    asked = ana.page.evaluate("() => globalThis.askedBeforeFrame")
    assert asked[0] == f"POST /api/v1/titles/{premiere.title}/playback"
    # A slow machine may have asked for the next period by then, or looked for better qualities.
    paths = {one.partition(" ")[2] for one in asked} - {told.value.json()["playlist_url"]}
    assert came.isdisjoint(paths)
    assert not any(path.endswith((".m3u8", ".mp4")) for path in paths)
    _, later = watch_moving(ana)
    assert start <= later.time < start + 20
    # Nothing is left of what came along: the next key is asked for at its door.
    ana.wait("() => globalThis.asked.some((one) => one.includes('/key/'))")


def test_a_guest_watches_by_a_link_until_it_ends(
    premiere: Premiere, ana: Visitor, visitors: Visitors
) -> None:
    link = issue_licence(ana, premiere.title, minutes=30)
    guest = visitors.arrive("guest", premiere.house.url)
    guest.page.goto(link)
    expect(guest.find("main")).to_contain_text("ana invites you to watch")
    guest.page.get_by_role("button", name="Watch").click()
    guest.page.wait_for_url(f"{premiere.house.url}/watch/{premiere.title}")
    watch_moving(guest)
    guest.allow(DOORS, 403, 410)
    shorten(premiere.house, premiere.token, premiere.title, "Press", 8)
    place = overlay(guest, "ended")
    expect(place).to_contain_text("This licence ended")
    expect(place).to_contain_text("Ask ana for more time.")
    stand_still(guest)
    guest.allow("/l/.*", 403)
    guest.page.goto(link)
    expect(guest.find("main")).to_contain_text("This link has ended")
    expect(guest.page.get_by_role("button", name="Watch")).to_have_count(0)


def test_the_place_is_kept_where_somebody_left(premiere: Premiere, ana: Visitor) -> None:
    ana.go(f"/watch/{premiere.title}")
    watch_moving(ana)
    ana.page.keyboard.press("5")
    ana.wait("at => document.querySelector('video').currentTime > at", about=SECONDS / 2)
    watch_moving(ana)
    left = ana.picture().time
    ana.page.mouse.move(300, 300)
    ana.find("[data-ref=top] a").click()
    ana.page.wait_for_url(f"{premiere.house.url}/t/{premiere.title}")
    # The beacon that keeps the place may arrive after the page was asked for.
    continued = ana.page.get_by_role("link", name=re.compile(r"Continue at 0?0?:?3\d"))
    ana.wait(
        """async () => /Continue at/.test(document.body.innerText)
          || (location.reload(), new Promise(() => undefined))"""
    )
    continued.click()
    ana.page.wait_for_url(f"{premiere.house.url}/watch/{premiere.title}")
    before, _ = watch_moving(ana)
    assert left - 3 <= before.time <= left + 15


def test_keys_work_the_screen(premiere: Premiere, ana: Visitor) -> None:
    ana.go(f"/watch/{premiere.title}")
    watch_moving(ana)
    press = ana.page.keyboard.press
    press("0")
    watch_moving(ana)
    press("Space")
    ana.wait("() => document.querySelector('video').paused")
    at = ana.picture().time
    press("ArrowRight")
    ana.wait("at => document.querySelector('video').currentTime === at + 5", about=at)
    press("k")
    watch_moving(ana)
    for key, see in (
        ("m", "() => document.querySelector('video').muted"),
        ("m", "() => !document.querySelector('video').muted"),
        ("f", "() => document.fullscreenElement?.matches('[data-ref=container]')"),
        ("f", "() => !document.fullscreenElement"),
        (">", "() => document.querySelector('video').playbackRate === 1.25"),
        ("<", "() => document.querySelector('video').playbackRate === 1"),
        ("?", "() => document.querySelector('dialog#keys').open"),
        ("Escape", "() => !document.querySelector('dialog#keys').open"),
    ):
        press(key)
        ana.wait(see, seconds=15)
    press("c")
    expect(ana.find("#toasts")).to_contain_text("no subtitles")


def test_a_lost_connection_is_said_and_mended(premiere: Premiere, ana: Visitor) -> None:
    ana.go(f"/watch/{premiere.title}")
    watch_moving(ana)
    ana.page.keyboard.press("0")
    watch_moving(ana)
    ana.allow(".*", OFFLINE, "net::ERR_NETWORK_CHANGED")
    ana.context.set_offline(True)
    expect(overlay(ana, "offline")).to_contain_text("plays on as far as it is loaded")
    watch_moving(ana)
    ana.page.keyboard.press("9")
    expect(overlay(ana, "offline")).to_contain_text("What was loaded has been played")
    assert ana.picture().state == "offline"
    ana.context.set_offline(False)
    expect(ana.find('[data-overlay="offline"]')).to_be_hidden()
    ana.wait("at => document.querySelector('video').currentTime > at", about=SECONDS * 0.9 + 0.5)
    assert ana.picture().state in {"playing", "finished"}


def test_a_second_screen_may_take_over(premiere: Premiere, ana: Visitor, visitors: Visitors) -> None:
    issue_licence(ana, premiere.title, to="cleo", minutes=30)
    first, second = (visitors.arrive(name, premiere.house.url) for name in ("first", "second"))
    for one in (first, second):
        log_in(one, "cleo", PASSWORD)
        one.allow(DOORS, 403, 404, 410)
    first.go(f"/watch/{premiere.title}")
    watch_moving(first)
    second.go(f"/watch/{premiere.title}")
    place = overlay(second, "elsewhere")
    expect(place).to_contain_text("one screen at a time")
    expect(place.get_by_role("listitem")).to_contain_text(re.compile("Chromium on Linux.*Test Card, began"))
    place.get_by_role("button", name="Stop it and watch here: Chromium on Linux").click()
    watch_moving(second)
    expect(first.find("[data-blocking]:visible")).to_contain_text(
        re.compile("stopped|another screen"), timeout=20_000
    )
    stand_still(first)


def test_a_link_asks_its_password_once_and_does_not_stay_in_the_history(
    premiere: Premiere, visitors: Visitors
) -> None:
    made = link_of(premiere, password=derived(SecretBytes(b"open sesame")), max_plays=1)
    guest, late = (visitors.arrive(name, premiere.house.url) for name in ("guest", "late"))
    guest.allow("/l/.*/enter", 403)
    door = made["link_url"].removeprefix(premiere.house.url)
    guest.go(f"/l/{door.rsplit('/', 1)[1]}")
    guest.find("[name=password]").fill("open barley")
    guest.page.get_by_role("button", name="Watch").click()
    expect(guest.find("[data-error-for=password]")).to_contain_text("That is not the password of this link.")
    guest.find("[name=password]").fill("open sesame")
    guest.page.get_by_role("button", name="Watch").click()
    guest.page.wait_for_url(f"{premiere.house.url}/watch/{premiere.title}")
    watch_moving(guest)
    assert guest.page.evaluate("document.referrer") == ""
    guest.page.go_back(wait_until="commit")
    assert "/l/" not in guest.page.url
    guest.go(door)
    expect(guest.find("main")).to_contain_text("You have come in by this link before")
    late.allow("/l/.*", 403)
    late.page.goto(made["link_url"])
    expect(late.find("main")).to_contain_text("This link has been used as often as it may be.")


def test_a_guest_at_the_door_stops_another_and_watches(premiere: Premiere, visitors: Visitors) -> None:
    link = link_of(premiere)["link_url"]
    first, second = (visitors.arrive(name, premiere.house.url) for name in ("one", "two"))
    first.page.goto(link)
    first.page.get_by_role("button", name="Watch").click()
    watch_moving(first)
    first.allow(DOORS, 403, 404, 410)
    second.allow("/l/.*", 403)
    second.page.goto(link)
    expect(second.find("main")).to_contain_text("Chromium on Linux")
    second.page.get_by_role("button", name="Stop it and watch here: Chromium on Linux").click()
    watch_moving(second)
    expect(overlay(first, "elsewhere")).to_contain_text("Stopped on another device", timeout=20_000)
    stand_still(first)


def test_whoever_leaves_frees_their_screen_at_once(premiere: Premiere, visitors: Visitors) -> None:
    made = link_of(premiere)
    guest = visitors.arrive("leaver", premiere.house.url)
    guest.page.goto(made["link_url"])
    guest.page.get_by_role("button", name="Watch").click()
    watch_moving(guest)
    # Gone to another page, and back, from the browser's memory if it kept the page there.
    guest.go("/login")
    until(lambda: watching(premiere, made["id"]) == 0, "a free screen after going on", 8)
    guest.page.go_back()
    watch_moving(guest)
    assert watching(premiere, made["id"]) == 1
    guest.page.reload()
    watch_moving(guest)
    assert watching(premiere, made["id"]) == 1
    guest.page.close()
    until(lambda: watching(premiere, made["id"]) == 0, "a free screen after the tab was closed", 8)


MINE = "/api/v1/licences?mine=true"
DAYS_SLOW = """(() => {
  const off = -3 * 86400e3, now = Date.now.bind(Date);
  Date.now = () => now() + off;
  Object.defineProperty(performance, 'timeOrigin', {value: performance.timeOrigin + off});
})()"""


def licence_of(premiere: Premiere, to: str, **asked: Any) -> str:
    """Issue a licence as Ana, through the API; gives its id."""
    with premiere.house.client(premiere.token) as client:
        answer = client.post(f"/api/v1/titles/{premiere.title}/licences", json={"to": to, **asked})
        return str(answer.raise_for_status().json()["id"])


def change(premiere: Premiere, licence: str, seconds: int) -> None:
    """Have a licence end so many seconds from now."""
    end = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    with premiere.house.client(premiere.token) as client:
        client.patch(f"/api/v1/licences/{licence}", json={"valid_until": end}).raise_for_status()


def test_a_renewal_reaches_a_playing_page_and_so_does_an_earlier_end(
    premiere: Premiere, visitors: Visitors
) -> None:
    dora = visitors.arrive("dora", premiere.house.url)
    dora.page.add_init_script(DAYS_SLOW)
    log_in(dora, "dora", PASSWORD)
    licence = licence_of(premiere, "dora")
    dora.go(f"/watch/{premiere.title}")
    watch_moving(dora)
    dora.page.evaluate("globalThis.same = true")
    change(premiere, licence, 200)
    ending = overlay(dora, "ending")
    expect(ending).to_contain_text(re.compile(r"ends in 3 minutes|ends in 4 minutes"), timeout=15_000)
    change(premiere, licence, 7200)
    expect(ending).to_be_hidden(timeout=15_000)
    change(premiere, licence, 70)
    expect(ending).to_contain_text(re.compile(r"1 minute|seconds"), timeout=15_000)
    assert dora.page.evaluate("globalThis.same") is True
    assert dora.picture().state in ("playing", "finished")


def test_a_film_page_left_open_follows_the_licence_whatever_the_viewers_clock_says(
    premiere: Premiere, visitors: Visitors
) -> None:
    emil = visitors.arrive("emil", premiere.house.url)
    emil.page.add_init_script(DAYS_SLOW)
    log_in(emil, "emil", PASSWORD)
    licence = licence_of(premiere, "emil", rental_s=7200, playback_s=3600)
    emil.go(f"/t/{premiere.title}")
    side, act = emil.find("#standing"), emil.find("#film-act")
    expect(side).to_contain_text("Start before")
    expect(side).to_contain_text("in 2 hours")
    with premiere.house.client(premiere.token) as client:
        client.patch(
            f"/api/v1/licences/{licence}", json={"rental_s": 1, "valid_until": None}
        ).raise_for_status()
    expect(act).to_contain_text("Your licence has ended", timeout=25_000)
    with premiere.house.client(premiere.token) as client:
        client.patch(f"/api/v1/licences/{licence}", json={"rental_s": None}).raise_for_status()
    change(premiere, licence, 290)
    expect(act).to_contain_text("Watch", timeout=25_000)
    expect(side).to_contain_text(re.compile(r"in 4 minutes \d+ seconds?"))
    said = side.inner_text()
    expect(side).not_to_have_text(said, timeout=5_000)  # it counts
    asked: list[str] = []
    emil.page.on("request", lambda request: asked.append(request.url) if MINE in request.url else None)
    with emil.page.expect_response(lambda answer: MINE in answer.url):
        emil.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert len(asked) == 1  # whatever was replaced, one looks


def link_of(premiere: Premiere, **asked: Any) -> dict[str, Any]:
    """Make a link for one screen, as Ana."""
    with premiere.house.client(premiere.token) as client:
        answer = client.post(f"/api/v1/titles/{premiere.title}/licences", json={"link": True, **asked})
        made: dict[str, Any] = answer.raise_for_status().json()
    return made


def watching(premiere: Premiere, licence: str) -> int:
    """How many screens of a licence are taken."""
    with premiere.house.client(premiere.token) as client:
        return int(client.get(f"/api/v1/licences/{licence}").raise_for_status().json()["watching"])


def test_the_phone_shows_the_same(premiere: Premiere, browser: Browser, visitors: Visitors) -> None:
    ana = visitors.arrive("phone", premiere.house.url, width=390, height=844, has_touch=True, is_mobile=True)
    log_in(ana, "ana", PASSWORD)
    ana.go(f"/t/{premiere.title}")
    ana.page.get_by_role("link", name=re.compile("Watch|Continue")).first.tap()
    watch_moving(ana)
    assert ana.page.evaluate("document.documentElement.scrollWidth") <= 390
