"""The house itself: error pages and the operator's room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from player.views.common import Page, Role, Tone


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What happened, what to do, where to go, and the small code for support."""

    template: ClassVar[str] = "error.html"
    room: ClassVar[str] = "error"

    page: Page
    status: int
    sentence: str
    hint: str = ""
    code: str = ""
    reference: str = ""
    action_label: str = "Back to the foyer"
    action_url: str = "/"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process: what it does now, in words, and when it was last heard."""

    name: str
    doing: str
    heard_at: datetime
    tone: Tone = Tone.GOOD


@dataclass(frozen=True, slots=True)
class Job:
    """A film in the queue or in work."""

    title_id: str
    title_name: str
    owner_name: str
    stage: str
    percent: float | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class HouseFault:
    """A fault the operator should know of, with its mend."""

    at: datetime
    sentence: str
    hint: str = ""
    code: str = ""
    tone: Tone = Tone.WARN


@dataclass(frozen=True, slots=True)
class HouseAccount:
    """An account as the operator sees it."""

    name: str
    role: Role
    used_bytes: int
    films: int
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """`/operator`, for admins."""

    template: ClassVar[str] = "operator.html"
    room: ClassVar[str] = "operator"

    page: Page
    workers: tuple[Worker, ...] = ()
    jobs: tuple[Job, ...] = ()
    faults: tuple[HouseFault, ...] = ()
    accounts: tuple[HouseAccount, ...] = ()
    used_bytes: int = 0
    free_bytes: int | None = None
    streams: int = 0
    version: str = ""
