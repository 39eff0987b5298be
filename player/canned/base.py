"""What all canned rooms share: a moment, two people, films with and without pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from player.views import LicenceState, LicenceTerms, Page, Person, Role, Theme, Tier, View

NOW = datetime(2026, 11, 22, 20, 40, tzinfo=UTC)
ANA = Person("Ana", Role.ADMIN)
BEN = Person("Ben", Role.VIEWER)
PICTURES = tuple(f"pictures/{n}.png" for n in range(6))
LONG_NAME = (
    "The Extraordinary and Altogether True Voyage of the Lighthouse Keeper's Younger Daughter to Tromsø"
)


@dataclass(frozen=True)
class State:
    """One room in one state; `make` draws its view for a page (the theme comes from outside)."""

    room: str
    name: str
    make: Callable[[Page], View]
    person: Person | None = ANA
    show_keys: bool = False

    @property
    def slug(self) -> str:
        """Its file name without theme and ending."""
        return f"{self.room} {self.name}".lower().replace(",", "").replace("'", "").replace(" ", "-")

    def page(self, theme: Theme) -> Page:
        """The page around it."""
        return Page(
            now=NOW,
            person=self.person,
            theme=theme,
            zone="Europe/Madrid",
            show_keys=self.show_keys,
            has_operator=True,
        )


def ago(**parts: float) -> datetime:
    """So long before the moment of the gallery."""
    return NOW - timedelta(**parts)


def ahead(**parts: float) -> datetime:
    """So long after the moment of the gallery."""
    return NOW + timedelta(**parts)


RUNNING = LicenceTerms(
    LicenceState.RUNNING,
    valid_from=ago(days=2),
    valid_until=ahead(days=28),
    rental_s=30 * 86400,
    playback_s=48 * 3600,
    start_by=ahead(days=28),
    ends_at=ahead(days=28),
    tier=Tier.HD,
    max_streams=1,
    issuer="Ana",
)
FINISH_BEFORE = LicenceTerms(
    LicenceState.RUNNING,
    valid_from=ago(days=2),
    valid_until=ahead(days=28),
    rental_s=30 * 86400,
    playback_s=48 * 3600,
    first_played_at=ago(hours=43),
    ends_at=ahead(hours=5),
    tier=Tier.HD,
    max_streams=2,
    issuer="Ana",
)
UNTIL = LicenceTerms(
    LicenceState.RUNNING,
    valid_from=ago(days=1),
    valid_until=ahead(hours=2),
    ends_at=ahead(hours=2),
    may_finish=True,
    issuer="Ana",
)
NOT_BEGUN = LicenceTerms(
    LicenceState.NOT_BEGUN,
    valid_from=ahead(hours=22, minutes=20),
    valid_until=ahead(days=8),
    playback_s=48 * 3600,
    issuer="Ana",
)
ENDED = LicenceTerms(
    LicenceState.ENDED,
    valid_from=ago(days=9),
    valid_until=ago(minutes=60),
    first_played_at=ago(days=1),
    ends_at=ago(minutes=60),
    issuer="Ana",
)
REVOKED = LicenceTerms(LicenceState.REVOKED, valid_from=ago(days=9), revoked_at=ago(hours=3), issuer="Ana")
