"""Every page of a running house, as everybody, wide and narrow: a quiet console, no overflow, axe content."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.media.films import with_subtitles
from tests.support.browser import Visitor, Visitors, log_in, serious_faults, watch_moving
from tests.support.house import PASSWORD, House, running, wait_for_title

pytestmark = pytest.mark.e2e
WIDTHS = (1440, 390)
THEMES = {1440: "dark", 390: "light"}
SETTLED = "() => document.documentElement.classList.contains('js') && document.readyState === 'complete'"
WIDE = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return '';
  const out = [...document.querySelectorAll('body *')].filter(
    one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  return `${wide} px too wide: ` + out.slice(0, 3).map(one => one.outerHTML.slice(0, 120)).join(' | ');
}"""


@dataclass(frozen=True)
class Street:
    """A house with something in every room."""

    house: House
    title: str
    failed: str
    link: str
    ended_link: str


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """A film that is ready, one that failed, licences in three states, a link, an API token."""
    folder = tmp_path_factory.mktemp("pages")
    film = with_subtitles(folder)
    text = folder / "A very long name of a file that is not a film at all, but a letter to somebody.mp4"
    text.write_text("Dear Ana, this is no film.\n" * 100)
    with running(folder / "data") as house:
        token = house.add_user("ana", "creator")
        house.add_user("ben", "viewer")
        house.add_user("root", "admin")
        done = house.run("publish", str(film), "--title", "The Film", "--wait", token=token)
        assert done.returncode == 0, done.stderr
        house.run("publish", str(text), token=token)
        with house.client(token) as client:
            titles = {one["name"]: one["id"] for one in client.get("/api/v1/titles").json()["items"]}
            title = titles.pop("The Film")
            failed = next(iter(titles.values()))
            wait_for_title(client, failed, "failed")
            issue = f"/api/v1/titles/{title}/licences"

            def issued(**terms: object) -> dict[str, str]:
                made: dict[str, str] = client.post(issue, json=terms).raise_for_status().json()
                return made

            issued(to="ben", valid_until="2099-01-01T00:00:00Z", rental_s=86400, playback_s=172800)
            issued(link=True, label="Later", valid_from="2098-01-01T00:00:00Z")
            link = issued(link=True, label="Press", max_streams=9)["link_url"]
            ended = issued(link=True, label="A label that goes on for quite a while, as labels do")
            client.post(f"/api/v1/licences/{ended['id']}/revoke", json={}).raise_for_status()
        yield Street(house, title, failed, link, ended["link_url"])


def look_at(visitor: Visitor, path: str, faults: list[str]) -> Page:
    """Open one page, let it settle, and note what is wrong with it."""
    page = visitor.go(path)
    visitor.wait(SETTLED)
    name = f"{visitor.name} at {path}"
    if wide := page.evaluate(WIDE):
        faults.append(f"{name}: {wide}")
    faults += [f"{name}: {fault}" for fault in serious_faults(page)]
    assert page.title() not in {"", "Matinee"} or path.startswith("/l/"), name
    return page


def arrive(visitors: Visitors, street: Street, name: str, width: int) -> Visitor:
    """Somebody at a screen of this width, in the dark or in the light; `nobody` does not log in."""
    options = {"color_scheme": THEMES[width], "reduced_motion": "reduce"}
    visitor = visitors.arrive(name, street.house.url, width=width, height=900, **options)
    if name != "nobody":
        log_in(visitor, name, PASSWORD)
    return visitor


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_that_anybody_sees(street: Street, visitors: Visitors, width: int) -> None:
    nobody, faults = arrive(visitors, street, "nobody", width), list[str]()
    nobody.allow("/l/.*", 403, 404)
    nobody.allow("/nowhere", 404)
    led = ("/", f"/t/{street.title}", f"/watch/{street.title}", "/studio", "/account")
    for path in ("/login", "/register", "/recover", "/l/nothing-here", "/nowhere", *led):
        page = look_at(nobody, path, faults)
        assert (path in led) == page.url.startswith(f"{street.house.url}/login?next=")
    for link in (street.link, street.ended_link):
        look_at(nobody, "/l/" + link.rsplit("/", 1)[1], faults)
    assert faults == []


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_a_viewer(street: Street, visitors: Visitors, width: int) -> None:
    ben, faults = arrive(visitors, street, "ben", width), list[str]()
    ben.allow("/studio|/operator", 403)
    ben.allow(f"/t/{street.failed}", 404)
    for path in ("/", "/?q=nothing+like+it", f"/t/{street.title}", "/account"):
        look_at(ben, path, faults)
    for path in ("/studio", "/operator", f"/t/{street.failed}"):
        look_at(ben, path, faults)
    assert faults == []


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_a_creator(street: Street, visitors: Visitors, width: int) -> None:
    ana, faults = arrive(visitors, street, "ana", width), list[str]()
    studio = f"/studio/t/{street.title}"
    for path in ("/", f"/t/{street.title}", f"/t/{street.failed}", "/studio", f"/studio/t/{street.failed}"):
        look_at(ana, path, faults)
    for path in (studio, f"{studio}/licences/new", "/account"):
        look_at(ana, path, faults)
    look_at(ana, "/", faults).keyboard.press("?")
    ana.wait("() => document.querySelector('dialog#keys').open")
    faults += serious_faults(ana.page)
    assert faults == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_screen(street: Street, visitors: Visitors, width: int) -> None:
    ana, faults = arrive(visitors, street, "ana", width), list[str]()
    look_at(ana, f"/watch/{street.title}", faults)
    watch_moving(ana)
    ana.page.mouse.move(200, 200)
    faults += serious_faults(ana.page)
    assert ana.page.evaluate(WIDE) == ""
    assert faults == []


def test_a_creator_chooses_a_poster_and_brings_a_picture_along(street: Street, visitors: Visitors) -> None:
    ana, faults = arrive(visitors, street, "ana", 390), list[str]()
    page = look_at(ana, f"/studio/t/{street.title}", faults)
    picture = page.get_by_role("button", name="Picture 2, from the film")
    picture.focus()
    page.keyboard.press("Enter")
    expect(picture).to_have_attribute("aria-pressed", "true")
    expect(picture).to_be_focused()
    expect(ana.find("#toasts")).to_contain_text("This picture is the poster now.")
    page.reload()
    expect(picture).to_have_attribute("aria-pressed", "true")
    expect(picture).to_be_enabled()
    expect(page.locator("[aria-pressed=true][data-candidate]")).to_have_count(1)
    choose, field = page.locator("input[name=picture]"), page.locator("#poster-error")
    choose.set_input_files({"name": "no.jpg", "mimeType": "image/png", "buffer": b"\x89PNG and no more"})
    expect(field).to_contain_text("This file is no picture that your browser can read.")
    # The house reads no PNG: the browser makes a JPEG of it.
    choose.set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": page.screenshot()})
    mine = page.get_by_role("button", name=re.compile("uploaded$"))
    expect(mine).to_have_attribute("aria-pressed", "true")
    expect(mine).to_be_focused()
    expect(field).to_be_hidden()
    address = mine.locator("img").get_attribute("src")
    assert page.locator(".title-head__still img").get_attribute("src") == street.house.url + (address or "")
    ana.wait("() => document.querySelector('.title-head__still img').naturalWidth > 0")
    ana.go("/")
    ana.wait("() => document.querySelector('.card img').naturalWidth === 390")
    assert faults == []


def test_a_creator_adds_changes_replaces_and_removes_subtitles(street: Street, visitors: Visitors) -> None:
    ana, faults = arrive(visitors, street, "ana", 390), list[str]()
    ana.allow(f"/api/v1/titles/{street.title}/subtitles", 400)
    page = look_at(ana, f"/studio/t/{street.title}", faults)
    dialog, words = page.locator("#subtitle"), b"1\n00:00:01,000 --> 00:00:02,000\nGuten Abend.\n"
    page.get_by_role("button", name="Add subtitles").press("Enter")
    file = dialog.get_by_label("File", exact=True)
    expect(file).to_be_focused()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_contain_text("Choose a file first.")
    broken = b"1\n00:00:01,000 --> soon\nHi.\n"
    file.set_input_files({"name": "The Film.de.srt", "mimeType": "", "buffer": broken})
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#s-file-error")).to_have_text(re.compile("^Line 2: this is no time"))
    expect(file).to_have_attribute("aria-invalid", "true")
    expect(file).to_be_focused()
    faults += serious_faults(page)
    assert page.evaluate(WIDE) == ""
    file.set_input_files({"name": "The Film.de.srt", "mimeType": "", "buffer": words})
    expect(dialog.locator("#s-language")).to_have_value("de")
    dialog.get_by_label("For the deaf").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    change = page.get_by_role("button", name="Change German, SDH")
    expect(change).to_be_focused()
    change.press("Enter")
    expect(dialog.locator("#s-language")).to_have_value("de")
    dialog.get_by_label("Name in the menu").fill("Deutsch")
    dialog.get_by_label("For the deaf").uncheck()
    dialog.get_by_label("Shown by default").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".track", has_text="Deutsch")).to_contain_text("Default")
    page.get_by_role("button", name="Replace Deutsch by another file").click()
    file.set_input_files(
        {"name": "new.vtt", "mimeType": "", "buffer": b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n"}
    )
    dialog.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("button", name="Change Deutsch")).to_be_focused()
    page.get_by_role("button", name="Remove Deutsch").click()
    page.locator("#remove-subtitle").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Add subtitles")).to_be_focused()
    expect(page.locator(".track", has_text="Deutsch")).to_have_count(0)
    assert faults == []


def test_a_creator_makes_an_offer_and_changes_it(street: Street, visitors: Visitors) -> None:
    ana, faults = arrive(visitors, street, "ana", 390), list[str]()
    page = look_at(ana, f"/studio/t/{street.title}/offers/new", faults)
    page.get_by_label("Kind").select_option("rental")
    page.get_by_label("Name").fill("Late show")
    page.get_by_label("Start within", exact=True).fill("30")
    page.get_by_label("Finish within", exact=True).fill("48")
    page.get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Make this offer").click()
    page.get_by_role("link", name="Change “Late show”").click()
    save = page.get_by_role("button", name="Save changes")
    expect(save).to_be_enabled()
    faults += serious_faults(page)
    assert page.evaluate(WIDE) == ""
    length = page.get_by_label("Finish within", exact=True)
    expect(length).to_have_value("48")
    length.fill("0")
    save.click()
    expect(page.locator("#o-playback-error")).to_have_text("A whole number from 1 to 999999.")
    length.fill("3")
    page.get_by_label("Finish within, in").select_option("days")
    save.click()
    expect(page.locator("#offers")).to_contain_text("finish within 3 days")
    expect(ana.find("#toasts")).to_contain_text("The offer is saved.")
    assert faults == []


def test_a_creator_gives_a_licence_on_a_channel_and_takes_it_back(street: Street, visitors: Visitors) -> None:
    ana, faults = arrive(visitors, street, "ana", 390), list[str]()
    page = look_at(ana, "/studio/channels", faults)
    page.get_by_label("Name").fill("Noir")
    page.get_by_role("button", name="Make this channel").click()
    page.get_by_role("link", name="Issue a licence on Noir").click()
    page.get_by_label("Account name").fill("ben")
    expect(page.locator("[data-ref=readback]")).to_contain_text(
        "ben may watch every film of the channel “Noir”"
    )
    faults += serious_faults(page)
    assert page.evaluate(WIDE) == ""
    page.get_by_role("button", name="Issue this licence").click()
    expect(ana.find("#toasts")).to_contain_text("Licence issued to ben.")
    revoke = page.get_by_role("button", name="Revoke the licence of ben on Noir")
    expect(revoke).to_be_visible()
    faults += serious_faults(page)
    assert page.evaluate(WIDE) == ""
    revoke.click()
    dialog = page.locator("#revoke-licence")
    expect(dialog).to_contain_text("ben can no longer watch the films of this channel.")
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    assert faults == []


def test_the_operators_room(street: Street, visitors: Visitors) -> None:
    for width in WIDTHS:
        faults: list[str] = []
        look_at(arrive(visitors, street, "root", width), "/operator", faults)
        assert faults == []


@pytest.mark.parametrize("path", ["/login", "/register", "/recover"])
def test_pages_say_what_they_need_without_scripts(street: Street, visitors: Visitors, path: str) -> None:
    nobody = visitors.arrive("nobody", street.house.url, java_script_enabled=False)
    nobody.go(path)
    assert "needs JavaScript" in nobody.find("main").inner_text()


def test_the_watch_over_pages_sees_what_it_should(street: Street, visitors: Visitors) -> None:
    nobody, faults = visitors.arrive("nobody", street.house.url, width=390), list[str]()
    page = look_at(nobody, "/login", faults)
    page.evaluate("console.error('a complaint')")
    page.evaluate("fetch('/nowhere').then(() => true)")
    page.evaluate("fetch('http://127.0.0.2:9/').catch(() => true)")
    page.evaluate("setTimeout(() => { throw new Error('a fall') })")
    nobody.wait("() => true")
    page.evaluate("""() => {
      const wide = document.createElement('main');
      wide.style.width = '2000px';
      wide.innerHTML = '<img src="/static/favicon.svg"><button></button>';
      document.body.append(wide);
    }""")
    assert page.evaluate(WIDE).startswith("1")
    assert {fault.split(" | ")[0] for fault in serious_faults(page)} >= {"image-alt", "button-name"}
    told, nobody.troubles[:] = "\n".join(nobody.troubles), []
    assert faults == []
    for sign in ("a complaint", "404: /nowhere", "127.0.0.2", "a fall"):
        assert sign in told
