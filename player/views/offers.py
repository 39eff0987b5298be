"""Offers: as a viewer reads them on a film's page, and as their maker keeps them in the studio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from player.views.common import Page, Tier


@dataclass(frozen=True, slots=True)
class OfferCard:
    """One offer. `kind` is free, rental, purchase or subscription; a price is there to be read."""

    id: str
    kind: str
    name: str
    tier: Tier = Tier.HD
    max_streams: int = 1
    rental_s: int | None = None
    playback_s: int | None = None
    lasts_s: int | None = None
    price: str = ""
    channel: str = ""
    open_until: datetime | None = None
    left: int | None = None
    state: str = "open"
    taken: int = 0

    @property
    def sold_out(self) -> bool:
        """Whether none is left."""
        return self.left == 0

    @property
    def take_url(self) -> str:
        """Where it is taken."""
        return f"/api/v1/offers/{self.id}/take"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the audit log, in words."""

    at: datetime
    sentence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A gift code in its maker's list; `state` is ready, redeemed, expired or revoked."""

    id: str
    number: int
    state: str
    label: str = ""
    made_at: datetime | None = None
    expires_at: datetime | None = None
    redeemed_at: datetime | None = None
    redeemed_by: str = ""


@dataclass(frozen=True, slots=True)
class OfferCodes:
    """`/studio/offers/{id}`: the gift codes of an offer; `codes_once` are new ones, shown this once."""

    template: ClassVar[str] = "offer_codes.html"
    room: ClassVar[str] = "studio"

    page: Page
    offer: OfferCard
    on_name: str
    back_url: str
    codes: tuple[CodeRow, ...] = ()
    codes_once: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewOffer:
    """`/studio/…/offers/new`: the form of an offer; `what` opening it shows to everybody, in words."""

    template: ClassVar[str] = "offer_new.html"
    room: ClassVar[str] = "studio"

    page: Page
    on_name: str
    back_url: str
    offer_url: str
    kinds: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Redeem:
    """`/redeem`: where somebody types a gift code."""

    template: ClassVar[str] = "redeem.html"
    room: ClassVar[str] = "redeem"

    page: Page


@dataclass(frozen=True, slots=True)
class ChannelTitle:
    """A film that can lie in a channel."""

    id: str
    name: str
    inside: bool = False


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel in its maker's list."""

    id: str
    name: str
    description: str = ""
    subscribers: int = 0
    titles: tuple[ChannelTitle, ...] = ()
    offers: tuple[OfferCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Channels:
    """`/studio/channels`: a creator's channels and what lies in them."""

    template: ClassVar[str] = "channels.html"
    room: ClassVar[str] = "studio"

    page: Page
    channels: tuple[ChannelCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Bulk:
    """`/studio/t/{id}/licences/bulk`: many licences by a table."""

    template: ClassVar[str] = "bulk.html"
    room: ClassVar[str] = "studio"

    page: Page
    title_id: str
    title_name: str
