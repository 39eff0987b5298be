"""The plain values of offers."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from streaming.ids import OfferId, TitleId
from streaming.licences.policy import Channel, Licence, Tier


class Kind(StrEnum):
    """What an offer is, best for the viewer first."""

    FREE = "free"
    SUBSCRIPTION = "subscription"
    RENTAL = "rental"
    PURCHASE = "purchase"


class State(StrEnum):
    """Whether an offer can be taken: not shown yet, taken by whoever likes, or no longer."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


NAMES = {
    Kind.FREE: "Free",
    Kind.SUBSCRIPTION: "Subscription",
    Kind.RENTAL: "Rental",
    Kind.PURCHASE: "Purchase",
}


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What is offered. `price_minor` is in hundredths of `currency` (ISO 4217), to be read and not paid."""

    kind: Kind
    label: str = ""
    tier: Tier = Tier.HD
    max_streams: int = 1
    rental: timedelta | None = None
    playback: timedelta | None = None
    lasts: timedelta | None = None
    price_minor: int | None = None
    currency: str = ""
    open_from: datetime | None = None
    open_until: datetime | None = None
    most: int | None = None
    state: State = State.DRAFT

    def as_json(self) -> dict[str, object]:
        """Write them as the history keeps them."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer on a title or on a channel, and how often it was taken."""

    id: OfferId
    title_id: TitleId | None
    channel: Channel | None
    terms: OfferTerms
    taken: int
    made_at: datetime

    @property
    def name(self) -> str:
        """What it is called: its label, or what kind it is."""
        return self.terms.label or NAMES[self.terms.kind]

    @property
    def left(self) -> int | None:
        """How many can still be taken; None for any number."""
        return None if self.terms.most is None else max(0, self.terms.most - self.taken)


@dataclass(frozen=True, slots=True)
class Taken:
    """The licence somebody has by an offer; `new` if this is what gave it to them."""

    licence: Licence
    new: bool


def given_by(terms: OfferTerms, given: frozenset[str], values: OfferTerms) -> OfferTerms:
    """Give `terms` with the members named in `given` replaced by those of `values`."""
    return replace(terms, **{name: getattr(values, name) for name in given})


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value
