"""Themes are colours and nothing else: a page that was looked at in one of them was looked at in both."""

import re
from pathlib import Path

import pytest

from player.canned import STATES, State
from player.gallery import THEMES
from player.render import Assets, environment, render

CSS = Path(__file__).parents[3] / "player/static/css"
TOLD = re.compile(
    r' data-theme="\w+"|<meta name="theme-color" content="#\w+">'
    r'|(?<=<input type="radio" name="theme" value=")(\w+"(?: checked)?)(?=>)'
)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
COLOURS = re.compile(r"(?:color-scheme|--[\w-]+): [^;{}]+;")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.slug)
def test_a_page_says_the_same_in_every_theme(state: State) -> None:
    env = environment(Assets(base="static"), scripts=False)
    first, *others = (TOLD.sub("", render(state.make(state.page(theme)), env)) for theme in THEMES)
    assert others
    for other in others:
        assert other == first


def test_what_a_theme_sets_are_colours() -> None:
    sheets = {path.name: path.read_text("utf-8") for path in CSS.glob("*.css")}
    assert [
        name for name, text in sheets.items() if "theme" in re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    ] == ["tokens.css"]
    rules = re.findall(r"\[data-theme[^{]*\{([^}]*)\}", sheets["tokens.css"])
    assert len(rules) >= 2
    for rule in rules:
        assert COLOURS.sub("", rule).strip() == ""
