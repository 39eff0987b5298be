"""Writes every room in every state as static pages: `python -m player.gallery OUTDIR`."""

from __future__ import annotations

import shutil
import sys
from itertools import groupby
from pathlib import Path

from jinja2 import Environment

from player.canned import STATES, State
from player.canned.pictures import paint_all
from player.render import STATIC, Assets, environment, render
from player.views import Theme

THEMES = (Theme.DARK, Theme.LIGHT)
WIDTHS = (1440, 390)


def file_name(state: State, theme: Theme) -> str:
    """The page of this state in this light."""
    return f"{state.slug}.{theme.value}.html"


def write_gallery(folder: Path) -> list[str]:
    """Write all pages, styles, pictures and the index; return the names of the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True, ignore=shutil.ignore_patterns("built"))
    paint_all(folder / "pictures")
    env = environment(Assets(base="static"), scripts=False)
    names = []
    for state in STATES:
        for theme in THEMES:
            name = file_name(state, theme)
            (folder / name).write_text(render(state.make(state.page(theme)), env), "utf-8")
            names.append(name)
    (folder / "index.html").write_text(_index(env), "utf-8")
    return names


def _index(env: Environment) -> str:
    rooms = [(room, list(states)) for room, states in groupby(STATES, key=lambda state: state.room)]
    return env.get_template("gallery.html").render(
        rooms=rooms, themes=THEMES, widths=WIDTHS, file_name=file_name
    )


def main(argv: list[str]) -> int:
    """Write the gallery into the folder named by the one argument."""
    if len(argv) != 1:
        print("usage: python -m player.gallery OUTDIR", file=sys.stderr)
        return 2
    names = write_gallery(Path(argv[0]))
    print(f"{len(names)} pages; open {Path(argv[0]) / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
