"""The screen, where the film plays edge to edge, and the door a guest link opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
class Playing:
    """A playback that holds a screen of the licence; to guests only the device is told."""

    id: str
    device: str
    title: str = ""
    started_at: datetime | None = None
    position_s: float | None = None


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
    playing: tuple[Playing, ...] = ()
    """What holds the licence's screens; scripts fill it in, this is for the gallery."""


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
    """`/l/{token}`. `enter_url` is posted to by the one button. UNKNOWN shows nothing of any film.

    `returning` has redeemed the link before; `plays_left` and `redeem_until` are for those who have not.
    `password_salt` (base64url) is what the browser derives the password's key with. `kept_days` says how long
    it is noted that the link was used, `notes_network` whether from where.
    """

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
    password_salt: str = ""
    wrong_password: bool = False
    returning: bool = False
    plays_left: int | None = None
    redeem_until: datetime | None = None
    playing: tuple[Playing, ...] = ()
    kept_days: int = 90
    notes_network: bool = True
    code: str = ""
