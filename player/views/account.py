"""The account, and the ways in: login, register, recover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from player.views.common import Notice, Page, Role


@dataclass(frozen=True, slots=True)
class Device:
    """A login: what it is called, when it was last seen, whether it is this one."""

    id: str
    name: str
    created_at: datetime
    last_seen_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class ViewingDevice:
    """A browser or a program that films were watched on; `places` says of which licences it holds one."""

    id: str
    name: str
    played_at: datetime
    places: tuple[str, ...] = ()
    current: bool = False


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for a program; its text is never shown again."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """`/account`. `fingerprint` is of the public keys, in groups. `token_once` is for the gallery."""

    template: ClassVar[str] = "account.html"
    room: ClassVar[str] = "account"

    page: Page
    name: str
    role: Role
    created_at: datetime
    fingerprint: str
    devices: tuple[Device, ...] = ()
    tokens: tuple[ApiToken, ...] = ()
    viewing: tuple[ViewingDevice, ...] = ()
    used_bytes: int = 0
    quota_bytes: int | None = None
    token_once: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """`/login`. `next_url` is a path of this house; `problem` is shown above the form."""

    template: ClassVar[str] = "login.html"
    room: ClassVar[str] = "login"

    page: Page
    next_url: str = "/"
    name: str = ""
    problem: Notice | None = None
    open_registration: bool = True


@dataclass(frozen=True, slots=True)
class Register:
    """`/register`. With `closed` the form gives way to a sentence; `code_once` is for the gallery."""

    template: ClassVar[str] = "register.html"
    room: ClassVar[str] = "register"

    page: Page
    next_url: str = "/"
    closed: bool = False
    problem: Notice | None = None
    code_once: str | None = None


@dataclass(frozen=True, slots=True)
class Recover:
    """`/recover`: a name and a recovery code buy a new password and a new code (`code_once`: gallery)."""

    template: ClassVar[str] = "recover.html"
    room: ClassVar[str] = "recover"

    page: Page
    problem: Notice | None = None
    code_once: str | None = None
