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
class OfferDraft:
    """The form of an offer as it is filled in: lengths in seconds, the price as it is typed."""

    label: str = ""
    tier: Tier = Tier.HD
    max_streams: int = 1
    rental_s: int | None = None
    playback_s: int | None = None
    lasts_s: int | None = None
    price: str = ""
    currency: str = ""
    open_from: datetime | None = None
    open_until: datetime | None = None
    most: int | None = None
    state: str = "open"


@dataclass(frozen=True, slots=True)
class OfferForm:
    """`/studio/…/offers/new` and `/studio/offers/{id}/edit`: the form of an offer.

    It is made at `offer_url`, or if there is a `name` already, changed there; `kinds` are those to choose
    from. `what` opening it shows to everybody, in words. `taken` is how many have taken it.
    """

    template: ClassVar[str] = "offer_form.html"
    room: ClassVar[str] = "studio"

    page: Page
    on_name: str
    back_url: str
    offer_url: str
    kinds: tuple[str, ...]
    what: str
    name: str = ""
    draft: OfferDraft = OfferDraft()
    taken: int = 0

    @property
    def has_clocks(self) -> bool:
        """Whether it may say within what time to start and to finish."""
        return not {"free", "rental"}.isdisjoint(self.kinds)

    @property
    def has_end(self) -> bool:
        """Whether it may end some time after it is taken."""
        return self.kinds != ("purchase",)


@dataclass(frozen=True, slots=True)
class Redeem:
    """`/redeem`: where somebody types a gift code."""

    template: ClassVar[str] = "redeem.html"
    room: ClassVar[str] = "redeem"

    page: Page


@dataclass(frozen=True, slots=True)
class Bulk:
    """`/studio/t/{id}/licences/bulk`: many licences by a table."""

    template: ClassVar[str] = "bulk.html"
    room: ClassVar[str] = "studio"

    page: Page
    title_id: str
    title_name: str
