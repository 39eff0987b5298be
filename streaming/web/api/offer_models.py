"""JSON of offers, channels and gift codes: what comes in, checked, and what goes out."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from streaming.catalogue.naming import shown
from streaming.licences.channels import ChannelView
from streaming.licences.codes import CodeView
from streaming.licences.offer_values import Kind, Offer, OfferTerms, State
from streaming.licences.policy import Tier
from streaming.web.api.licence_models import LicenceOut, Seconds, span_of
from streaming.web.api.moments import Moment

NO_PAYMENT = "For people to read: nothing is paid here, and taking an offer asks for no payment."
Price = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
Count = Annotated[int, Field(ge=-10_000_000, le=10_000_000)]
Streams = Annotated[int, Field(ge=-1000, le=1000)]


class OfferPatch(BaseModel):
    """What to change of an offer; `null` takes a limit away, what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(default="", max_length=200)
    tier: Tier = Tier.HD
    max_streams: Streams = 1
    rental_s: Seconds | None = Field(default=None, description="To be started within, once taken.")
    playback_s: Seconds | None = Field(default=None, description="To be finished within, once begun.")
    lasts_s: Seconds | None = Field(default=None, description="Ends this long after it is taken.")
    price_minor: Price | None = Field(default=None, description=f"In hundredths. {NO_PAYMENT}")
    currency: str = Field(default="", max_length=3, description="ISO 4217, like EUR.")
    open_from: datetime | None = None
    open_until: datetime | None = None
    most: Count | None = Field(default=None, description="How many may be taken in all.")
    state: State = State.DRAFT

    def value(self, kind: Kind) -> OfferTerms:
        """Give the service's value."""
        return OfferTerms(
            kind,
            shown(self.label),
            self.tier,
            self.max_streams,
            span_of(self.rental_s),
            span_of(self.playback_s),
            span_of(self.lasts_s),
            self.price_minor,
            self.currency.upper(),
            self.open_from,
            self.open_until,
            self.most,
            self.state,
        )

    @property
    def given(self) -> frozenset[str]:
        """The members that were sent, as the service names them."""
        return frozenset(name.removesuffix("_s") for name in self.model_fields_set - {"kind"})


class OfferIn(OfferPatch):
    """An offer to make."""

    kind: Kind


class OfferOut(BaseModel):
    """An offer. `taken` and `made_at` are told to its owner alone."""

    id: str
    title_id: str | None
    channel_id: str | None
    channel_name: str | None
    name: str
    kind: Kind
    label: str
    tier: Tier
    max_streams: int
    rental_s: int | None
    playback_s: int | None
    lasts_s: int | None
    price_minor: int | None = Field(description=NO_PAYMENT)
    currency: str
    open_from: Moment | None
    open_until: Moment | None
    most: int | None
    left: int | None
    state: State
    taken: int | None
    made_at: Moment | None

    @classmethod
    def of(cls, offer: Offer, *, own: bool) -> "OfferOut":
        """Say an offer in JSON."""
        terms = offer.terms
        return cls(
            id=offer.id,
            title_id=offer.title_id,
            channel_id=offer.channel.id if offer.channel else None,
            channel_name=offer.channel.name if offer.channel else None,
            name=offer.name,
            kind=terms.kind,
            label=terms.label,
            tier=terms.tier,
            max_streams=terms.max_streams,
            rental_s=seconds_of(terms.rental),
            playback_s=seconds_of(terms.playback),
            lasts_s=seconds_of(terms.lasts),
            price_minor=terms.price_minor,
            currency=terms.currency,
            open_from=terms.open_from,
            open_until=terms.open_until,
            most=terms.most if own else None,
            left=offer.left,
            state=terms.state,
            taken=offer.taken if own else None,
            made_at=offer.made_at if own else None,
        )


class OffersOut(BaseModel):
    """Offers; the owner's newest first, a viewer's cheapest kind first."""

    items: list[OfferOut]


class TakenOut(BaseModel):
    """The licence one has by an offer or a code; `new` is false if one had it already."""

    new: bool
    licence: LicenceOut


class ChannelIn(BaseModel):
    """A channel to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    description: str = Field(default="", max_length=4000)


class ChannelPatch(BaseModel):
    """What to change of a channel; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=4000)


class ChannelOut(BaseModel):
    """A channel of one's own with what lies in it; `subscribers` counts licences that run or will."""

    id: str
    name: str
    description: str
    created_at: Moment
    title_ids: list[str]
    subscribers: int

    @classmethod
    def of(cls, channel: ChannelView) -> "ChannelOut":
        """Say a channel in JSON."""
        return cls(
            id=channel.id,
            name=channel.name,
            description=channel.description,
            created_at=channel.created_at,
            title_ids=list(channel.title_ids),
            subscribers=channel.subscribers,
        )


class ChannelsOut(BaseModel):
    """Channels, newest first."""

    items: list[ChannelOut]


class CodesIn(BaseModel):
    """How many codes to make, what to call them, until when they can be redeemed."""

    model_config = ConfigDict(extra="forbid")

    count: Count = 1
    label: str = Field(default="", max_length=200)
    expires_at: datetime | None = None


class CodeOut(BaseModel):
    """A gift code; `code` is its text, shown once in the answer that makes it."""

    id: str
    number: int
    label: str
    state: Literal["ready", "redeemed", "expired", "revoked"]
    made_at: Moment
    expires_at: Moment | None
    redeemed_at: Moment | None
    redeemed_by: str
    licence_id: str | None
    code: str | None = None

    @classmethod
    def of(cls, view: CodeView, code: str | None = None) -> "CodeOut":
        """Say a code in JSON."""
        return cls(
            id=view.id,
            number=view.number,
            label=view.label,
            state=view.state,
            made_at=view.made_at,
            expires_at=view.expires_at,
            redeemed_at=view.redeemed_at,
            redeemed_by=view.redeemed_by,
            licence_id=view.licence_id,
            code=code,
        )


class CodesOut(BaseModel):
    """Codes of an offer, newest first."""

    items: list[CodeOut]


class RedeemIn(BaseModel):
    """A gift code as typed: case, gaps and look-alike letters do not matter."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=100)


def seconds_of(span: timedelta | None) -> int | None:
    """Give a span in whole seconds; None stays none."""
    return None if span is None else int(span.total_seconds())
