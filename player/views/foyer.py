"""The foyer: films to watch, what was begun, and a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from player.views.common import LicenceState, Page, TitleState


class Scope(StrEnum):
    """Which films the foyer shows."""

    ALL = "all"
    NEW = "new"
    MINE = "mine"


@dataclass(frozen=True, slots=True)
class FilmCard:
    """One poster. `percent` is of encoding, `resume_s` where the viewer stopped, `ends_at` of the licence."""

    id: str
    name: str
    state: TitleState = TitleState.READY
    year: int | None = None
    duration_s: float | None = None
    poster_url: str | None = None
    owner_name: str = ""
    mine: bool = False
    percent: float | None = None
    playable: bool = True
    resume_s: float | None = None
    licence_state: LicenceState | None = None
    valid_from: datetime | None = None
    ends_at: datetime | None = None
    offered: bool = False
    """Whether this viewer has no licence and could take one."""


@dataclass(frozen=True, slots=True)
class Foyer:
    """`/`: `total` counts all films of this scope and query; `more_url` is the next page or None."""

    template: ClassVar[str] = "foyer.html"
    room: ClassVar[str] = "foyer"

    page: Page
    films: tuple[FilmCard, ...] = ()
    continue_watching: tuple[FilmCard, ...] = ()
    scope: Scope = Scope.ALL
    query: str = ""
    total: int = 0
    more_url: str | None = None
    loading: bool = False
