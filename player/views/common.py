"""Values every room shares: the page around it, people, notices, states, progress and licence terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Theme(StrEnum):
    """How the house is lit; AUTO follows the viewer's system."""

    AUTO = "auto"
    DARK = "dark"
    LIGHT = "light"


class Role(StrEnum):
    """What an account may do; each role can do what the ones before it can."""

    VIEWER = "viewer"
    CREATOR = "creator"
    ADMIN = "admin"


class Tone(StrEnum):
    """How a notice or badge is meant."""

    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class TitleState(StrEnum):
    """Where a film stands."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    ENCODING = "encoding"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What is being done to a film right now."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    PROBING = "probing"
    PLANNING = "planning"
    ENCODING = "encoding"
    VERIFYING = "verifying"
    DONE = "done"


class LicenceState(StrEnum):
    """Where a licence stands; NOT_BEGUN is before its first day, whatever was played."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED = "ended"
    REVOKED = "revoked"


class Tier(StrEnum):
    """The best quality a licence covers."""

    SD = "sd"
    HD = "hd"
    UHD = "uhd"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in."""

    name: str
    role: Role

    @property
    def may_upload(self) -> bool:
        """Whether the studio is open to this person."""
        return self.role in (Role.CREATOR, Role.ADMIN)

    @property
    def may_operate(self) -> bool:
        """Whether the operator's room is open to this person."""
        return self.role is Role.ADMIN


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence at the top of a page; `hint` says what to do, `code` is small and for support."""

    tone: Tone
    text: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What surrounds a room: the moment (aware), who is here, the light, their zone (IANA), notices.

    `has_operator` shows admins the way to `/operator`; `show_keys` opens the key sheet.
    """

    now: datetime
    person: Person | None = None
    theme: Theme = Theme.AUTO
    zone: str = "UTC"
    notices: tuple[Notice, ...] = ()
    show_keys: bool = False
    has_operator: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a thing did not work, what to do, and the small code; `can_retry` shows the button."""

    sentence: str
    hint: str = ""
    code: str = ""
    can_retry: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a film is: percent 0–100 (None: not known), seconds left, seconds playable, queue place.

    `prepared_s` of a film that still arrives will play as soon as its last byte is here.
    """

    stage: Stage
    percent: float | None = None
    eta_s: float | None = None
    playable_s: float = 0.0
    frames_done: int | None = None
    frames_total: int | None = None
    queue_position: int | None = None
    prepared_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LicenceTerms:
    """A licence as it stands now.

    `start_by` ends the rental clock while nothing was played; `ends_at` is the earliest end that applies now.
    """

    state: LicenceState
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    rental_s: int | None = None
    playback_s: int | None = None
    start_by: datetime | None = None
    first_played_at: datetime | None = None
    ends_at: datetime | None = None
    revoked_at: datetime | None = None
    tier: Tier = Tier.HD
    max_streams: int = 1
    may_finish: bool = False
    max_devices: int | None = None
    issuer: str = ""
    note: str = ""
    """The reason that was given with its latest change, for its holder to read."""
