"""The screen, where the film plays edge to edge, and the door a guest link opens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from player.views.common import LicenceTerms, Page


class Overlay(StrEnum):
    """What may lie over the film; the names are the `data-overlay` values scripts show and hide."""

    NONE = "none"
    LOADING = "loading"
    BUFFERING = "buffering"
    OFFLINE = "offline"
    ENDING = "ending"
    ENDED = "ended"
    REVOKED = "revoked"
    ELSEWHERE = "elsewhere"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Screen:
    """`/watch/{id}`. `guest` came through a link; `overlay` is shown before any script runs."""

    template: ClassVar[str] = "screen.html"
    room: ClassVar[str] = "screen"

    page: Page
    title_id: str
    name: str
    back_url: str
    owner_name: str = ""
    year: int | None = None
    duration_s: float | None = None
    poster_url: str | None = None
    licence: LicenceTerms | None = None
    guest: bool = False
    encoding: bool = False
    overlay: Overlay = Overlay.LOADING


class DoorState(StrEnum):
    """What a guest finds at the door."""

    OPEN = "open"
    NOT_BEGUN = "not_begun"
    NOT_READY = "not_ready"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Door:
    """`/l/{token}`. `enter_url` is posted to by the one button. UNKNOWN shows nothing of any film."""

    template: ClassVar[str] = "door.html"
    room: ClassVar[str] = "door"

    page: Page
    state: DoorState
    enter_url: str = ""
    name: str = ""
    owner_name: str = ""
    title_id: str = ""
    year: int | None = None
    duration_s: float | None = None
    description: str = ""
    poster_url: str | None = None
    licence: LicenceTerms | None = None
    ask_password: bool = False
    wrong_password: bool = False
    code: str = ""
