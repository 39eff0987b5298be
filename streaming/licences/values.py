"""The values that go in and out of the licence service."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from streaming.ids import AccountId, TitleId
from streaming.licences.policy import Grant, Licence, Refusal, Tier
from transcoder.keys.secret import SecretBytes


@dataclass(frozen=True, slots=True)
class TitleRef:
    """What licences need to know of a title; made by whoever wires the catalogue in."""

    id: TitleId
    name: str
    owner_id: AccountId
    owner_name: str


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account found by its name."""

    id: AccountId
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting on licences; `admin` may act on everybody's titles."""

    account_id: AccountId
    name: str
    admin: bool = False


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password as its setter's client derived it: the salt (16 bytes) it used, and the auth key (32)."""

    salt: bytes
    auth_key: SecretBytes


@dataclass(frozen=True, slots=True)
class Request:
    """A licence as asked for: `to` is an account's name; with `link` the holder is whoever has the link."""

    to: str | None = None
    link: bool = False
    label: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    rental: timedelta | None = None
    playback: timedelta | None = None
    tier: Tier = Tier.HD
    max_streams: int = 1
    may_finish: bool = False
    max_devices: int | None = None
    redeem_until: datetime | None = None
    max_plays: int | None = None
    password: NewPassword | None = None
    """These three are of links alone."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; only the fields named in `given` count, so that `None` can mean "without limit"."""

    given: frozenset[str]
    valid_until: datetime | None = None
    rental: timedelta | None = None
    playback: timedelta | None = None
    tier: Tier | None = None
    max_streams: int | None = None
    may_finish: bool | None = None
    max_devices: int | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new licence; `link_token` is there once, for a link, and is kept nowhere."""

    licence: Licence
    link_token: str | None = None

    def __repr__(self) -> str:
        return f"Issued({self.licence.id})"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands towards a title: the licence that counts (None for its owner) and its verdict."""

    licence: Licence | None
    verdict: Grant | Refusal
