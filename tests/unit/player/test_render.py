"""Every room draws, safely, under the strictest content policy."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from player.canned import STATES, State
from player.render import STATIC, Assets, environment, poster_class, render
from player.views import FilmCard, Foyer, Page, Person, Role, Theme

HOUSE = environment()
NOW = datetime(2026, 11, 22, 20, 40, tzinfo=UTC)
CROWDED = {
    "foyer-5000-films",
    "studio-film-many-licences",
    "studio-film-many-tracks-and-pictures",
    "studio-long-space-nearly-gone",
}
EVIL = '"><script>alert(1)</script>'


class Reader(HTMLParser):
    """Collects ids, tags in order, and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fors: list[str] = []
        self.inline: list[str] = []
        self.bare_scripts = 0
        self.foreign: list[str] = []
        self.open_forms: list[str] = []
        self._form: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tests ask about."""
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "label" and given.get("for"):
            self.fors.append(str(given["for"]))
        if tag == "form":
            self._form = given
        if tag == "input" and given.get("type") == "password" and self._form.get("method") != "dialog":
            self.open_forms.append(str(self._form.get("action")))
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.bare_scripts += tag == "style" or (tag == "script" and not given.get("src"))
        for name in ("src", "href", "action", "poster"):
            if re.match(r"(?:[a-z]+:)?//", str(given.get(name) or "")):
                self.foreign.append(str(given[name]))


def drawn(state: State, theme: Theme = Theme.AUTO) -> str:
    """The page of this state."""
    return render(state.make(state.page(theme)), HOUSE)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.slug)
def test_a_room_is_whole_and_needs_no_inline_code(state: State) -> None:
    page = Reader(drawn(state))
    assert page.inline == []
    assert page.bare_scripts == 0
    assert page.foreign == []
    assert len(page.ids) == len(set(page.ids)), "an id appears twice"
    assert set(page.fors) <= set(page.ids), "a label names no field"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.slug)
def test_a_room_stays_light(state: State) -> None:
    html = drawn(state)
    sheets = re.findall(r"/static/(css/\w+\.css)\?v=", html)
    assert len(sheets) >= 4
    if state.slug not in CROWDED:
        assert len(html.encode()) + sum((STATIC / sheet).stat().st_size for sheet in sheets) < 100_000


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.slug)
def test_a_password_typed_before_the_scripts_are_alive_goes_nowhere(state: State) -> None:
    assert Reader(drawn(state)).open_forms == []


def test_no_two_states_share_a_name() -> None:
    assert len({state.slug for state in STATES}) == len(STATES)


def test_names_cannot_become_markup() -> None:
    page = Page(now=NOW, person=Person(EVIL, Role.VIEWER))
    html = render(Foyer(page, (FilmCard("ti_1", EVIL, owner_name=EVIL),), query=EVIL, total=1), HOUSE)
    assert "<script>alert" not in html


def test_the_choice_of_light_is_in_the_first_byte_of_the_page() -> None:
    assert '<html lang="en" data-theme="light"' in drawn(STATES[0], Theme.LIGHT)


def test_a_viewer_sees_no_way_into_the_studio() -> None:
    html = render(Foyer(Page(now=NOW, person=Person("Ben", Role.VIEWER))), HOUSE)
    assert "/studio" not in html
    assert "/operator" not in html


def test_a_placeholder_poster_is_always_the_same_for_the_same_film() -> None:
    assert poster_class("ti_1") == poster_class("ti_1")
    assert len({poster_class(f"ti_{n}") for n in range(200)}) > 50


def test_a_style_sheet_changes_its_address_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Assets(tmp_path).asset("a.css")
    (tmp_path / "a.css").write_text("b{}")
    after = Assets(tmp_path).asset("a.css")
    assert before != after
    assert before.startswith("/static/a.css?v=")


@pytest.mark.parametrize(
    ("slug", "fetches"),
    [
        ("film-running", True),
        ("film-no-licence", False),
        ("door-open", True),
        ("door-password", True),
        ("door-revoked", False),
        ("foyer-full", False),
    ],
)
def test_pages_that_lead_to_the_screen_fetch_its_parts_ahead(
    tmp_path: Path, slug: str, fetches: bool
) -> None:
    shutil.copytree(STATIC, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("built"))
    (tmp_path / "built").mkdir()
    built = {name: f"made-{name}" for name in ("watch.js", "watch.first-0.js", "engine.js", "watch.css")}
    (tmp_path / "built" / "manifest.json").write_text(json.dumps(built))
    state = next(one for one in STATES if one.slug == slug)
    page = render(state.make(state.page(Theme.AUTO)), environment(Assets(tmp_path)))
    ahead = set(re.findall(r'<link rel="prefetch" as="\w+" href="/static/built/([^"]+)"', page))
    assert ahead == (set(built.values()) if fetches else set())


def test_built_scripts_are_found_by_their_plain_names(tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "manifest.json").write_text(json.dumps({"app.js": "app-1a2b.js"}))
    assets = Assets(tmp_path)
    assert assets.built("app.js") == "/static/built/app-1a2b.js"
    assert assets.has_built("app.js")


def test_without_a_build_pages_link_no_script(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert assets.built("app.js") == "/static/built/app.js"
    assert not assets.has_built("app.js")


def test_times_are_said_in_the_viewers_zone() -> None:
    page = Page(now=NOW, person=Person("Ben", Role.VIEWER), zone="Asia/Tokyo")
    state = next(state for state in STATES if state.slug == "film-until-tonight")
    html = render(state.make(page), HOUSE)
    assert "today at 07:40" in html
