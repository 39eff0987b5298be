"""The plain values delivery works on, and what it asks of other features (by shape, never by import)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from streaming.errors import Fault
from streaming.ids import AccountId, LicenceId, PlaybackId, TitleId
from transcoder.formats.hls import Rendition
from transcoder.keys.secret import SecretBytes
from transcoder.source.media import Chapter

TIERS = ("sd", "hd", "uhd")
"""Picture qualities in rising order; each includes those before it."""

MAX_PERIODS = 1 << 16
"""Above any film (45 days at 60 s); bounds the bitmap a hostile client could ask for."""

COMMON = ("video", "audio", "iframe")
"""Kinds of renditions that `cbcs` encrypts, with one key for a tier; others keep a key of their own."""


def covers(granted: str, wanted: str) -> bool:
    """Tell whether a grant of one tier opens renditions of another."""
    return TIERS.index(granted) >= TIERS.index(wanted)


@dataclass(frozen=True, slots=True)
class Version:
    """The making of a title that plays: its renditions, and whether all of it is there."""

    title_id: TitleId
    version_id: str
    name: str
    complete: bool
    period_seconds: int
    duration_s: float | None
    renditions: tuple[Rendition, ...]
    target_duration: int | None = None
    """What the plan says the longest segment rounds to; it must not change while a film grows."""
    chapters: tuple[Chapter, ...] = ()
    protection: str = "aes-128"
    published_at: datetime | None = None
    """When the making of it was complete; None before."""

    @property
    def periods(self) -> int:
        """A bound on the crypto periods of the film, one above what its length says."""
        if self.duration_s is None:
            return MAX_PERIODS
        return min(MAX_PERIODS, int(self.duration_s // self.period_seconds) + 2)

    def rendition(self, name: str) -> Rendition | None:
        """Find a rendition by name."""
        return next((one for one in self.renditions if one.name == name), None)


def is_common(version: Version, rendition: Rendition) -> bool:
    """Whether a rendition is protected by common encryption; texts and storyboards never are."""
    return version.protection == "cbcs" and rendition.kind in COMMON


@dataclass(frozen=True, slots=True)
class Device:
    """Who asks for a playback, and what it will be bound to.

    A browser is bound to its login (`session_id`) or to the guest link it came by (`guest_token`); a
    `native` player gets an address that works by itself. `token_id` is the API token that asked,
    `profile` the secret by which a browser is known again, whoever is logged in.
    """

    account_id: AccountId | None = None
    session_id: str | None = None
    token_id: str | None = None
    guest_token: str | None = None
    label: str = ""
    native: bool = False
    profile: str | None = None

    def __repr__(self) -> str:
        return f"Device({self.account_id}, {self.label!r})"


@dataclass(frozen=True, slots=True)
class Started:
    """A new playback. `token` is the bearer part of its addresses."""

    playback_id: PlaybackId
    token: str
    licence_id: LicenceId | None
    lease_until: datetime
    ends_at: datetime | None
    start_at_s: float
    tier: str
    title: str
    protection: str

    def __repr__(self) -> str:
        return f"Started({self.playback_id})"


@dataclass(frozen=True, slots=True)
class Watching:
    """A playback that holds a slot now."""

    playback_id: PlaybackId
    title_id: TitleId
    licence_id: LicenceId | None
    account_id: AccountId | None
    device: str
    started_at: datetime
    lease_until: datetime
    position_s: float


class Permit(Protocol):
    """What delivery reads of a licence's grant."""

    @property
    def tier(self) -> str:
        """Highest tier that opens."""
        ...

    @property
    def max_streams(self) -> int:
        """How many playbacks may hold a slot at once."""
        ...

    @property
    def ends_at(self) -> datetime | None:
        """When it stops for somebody who plays now; None for never."""
        ...


class Gate(Protocol):
    """The licence policy as delivery needs it: SQL over an alias `p` with a `licence_id`, and the
    `account_id` and `title_id` it is asked for; and a verdict."""

    @property
    def columns(self) -> str:
        """Columns to select; the first is the licence's id."""
        ...

    @property
    def width(self) -> int:
        """How many columns that are."""
        ...

    @property
    def joins(self) -> str:
        """LEFT JOINs that bring them."""
        ...

    @property
    def first_play(self) -> str:
        """Statement with (instant in microseconds, licence id) that starts the finish-within clock once."""
        ...

    def permit(
        self,
        row: Sequence[Any],
        now: datetime,
        tier: str | None = None,
        active_streams: int = 0,
        devices: int = 0,
    ) -> "Permit | Fault":
        """Decide over the selected columns; `devices` are others that hold places of the licence."""
        ...

    def owner(self, active_streams: int = 0) -> "Permit | Fault":
        """Decide for a title's owner, who needs no licence."""
        ...


class Keys(Protocol):
    """The key schedule of one title version."""

    def content_key(self, rendition: str, tier: str, period: int) -> SecretBytes:
        """Derive the 16-byte key of a rendition and crypto period."""
        ...

    def tier_key(self, tier: str, period: int) -> SecretBytes:
        """Derive the 16-byte key that all renditions of a tier share in a crypto period."""
        ...

    def kid(self, tier: str, period: int) -> uuid.UUID:
        """Name that key."""
        ...
