"""Draws a view: one Jinja2 environment (autoescape, strict), versioned addresses of styles and scripts."""

from __future__ import annotations

import hashlib
import json
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from player import format as say
from player import words
from player.views import Page, View

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


class Assets:
    """Addresses of static files below `base`; `root` is their folder. Built files may be absent (tests)."""

    def __init__(self, root: Path = STATIC, base: str = "/static") -> None:
        self._root, self._base = root, base.rstrip("/")
        self._versions: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._read_at = 0

    def asset(self, name: str) -> str:
        """The address of a hand-written file, with a version that changes with its content."""
        if name not in self._versions:
            content = (self._root / name).read_bytes()
            self._versions[name] = hashlib.sha256(content).hexdigest()[:12]
        return f"{self._base}/{name}?v={self._versions[name]}"

    def built(self, name: str) -> str:
        """The address of a built file by its plain name; the plain name itself when nothing was built."""
        return f"{self._base}/built/{self._manifest().get(name, name)}"

    def has_built(self, name: str) -> bool:
        """Whether the build made a file of this name."""
        return name in self._manifest()

    def modules(self, page: str, *more: str) -> list[str]:
        """The addresses of all that a page's module begins with, and of `more` built files that there are."""
        names = self._manifest()
        first = (name for name in names if name.startswith(f"{page}.first-"))
        return [self.built(name) for name in (f"{page}.js", *first, *more) if name in names]

    def _manifest(self) -> dict[str, str]:
        """What the last build made; read again when a new build has replaced it under a running house."""
        path = self._root / "built" / "manifest.json"
        if not path.is_file():
            return {}
        changed = path.stat().st_mtime_ns
        if changed != self._read_at:
            self._names = {str(k): str(v) for k, v in json.loads(path.read_text("utf-8")).items()}
            self._read_at = changed
        return self._names


@cache
def sprite() -> Markup:
    """The house's icons, as one hidden inline SVG; the file is ours, so it is safe as it is."""
    return Markup((STATIC / "icons.svg").read_text("utf-8"))  # noqa: S704


def poster_class(identifier: str) -> str:
    """The classes of a film's placeholder poster: always the same for the same id."""
    seed = hashlib.sha256(identifier.encode()).digest()
    return f"tint-{seed[0] % 12} cut-{seed[1] % 6}"


@pass_context
def _relative(context: Context, moment: object) -> str:
    page: Page = context["page"]
    return say.relative(moment, page.now)  # type: ignore[arg-type]


def environment(assets: Assets | None = None, *, scripts: bool = True) -> Environment:
    """A Jinja2 environment for the rooms; without `scripts` pages link no built files (gallery)."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    house = assets or Assets()
    env.globals.update(
        asset=house.asset,
        built=house.built,
        has_built=house.has_built,
        modules=house.modules,
        scripts=scripts,
        sprite=sprite,
        say=say,
        words=words,
    )
    env.filters.update(
        runtime=say.length, clock=say.clock_time, size=say.size, percent=say.percent, bitrate=say.bitrate,
        span=say.span, plural=say.plural, poster_class=poster_class, relative=_relative,
    )  # fmt: skip
    return env


def speculation() -> str:
    """The value of `Speculation-Rules` (WICG, "Speculation Rules"): which pages a browser may fetch ahead.

    They are the screens that a film's page leads to: asking for one begins nothing.
    """
    return f'"{Assets().asset("watch.speculationrules")}"'


@lru_cache(maxsize=1)
def _house() -> Environment:
    return environment()


def render(view: View, env: Environment | None = None) -> str:
    """The room as a complete HTML document."""
    return (env or _house()).get_template(view.template).render(view=view, page=view.page, room=view.room)
