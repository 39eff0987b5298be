"""Rooms of offers: making and changing one, its gift codes, redeeming a code, many licences at once."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from player.history import sentence
from streaming.ids import OfferId, TitleId
from streaming.licences.audit import Event
from streaming.licences.offer_values import Offer, OfferTerms
from streaming.web.api.offer_models import seconds_of
from streaming.web.asking import actor
from streaming.web.deps import Creator, Viewer, services
from streaming.web.pages.chrome import page_of, shown
from streaming.wiring import Services

router = APIRouter(include_in_schema=False)
WHAT_IS_SHOWN = {"title": "the film's page", "channel": "its films"}
"""What everybody with an account can see while a title or a channel is offered."""


@router.get("/redeem")
def redeem(request: Request, who: Viewer) -> Response:
    """Ask for a gift code."""
    return shown(views.Redeem(page_of(request)))


@router.get("/studio/offers/{offer_id}")
def codes(request: Request, who: Creator, offer_id: OfferId) -> Response:
    """Show the gift codes of an offer to its maker."""
    house = services(request)
    offer = house.offers.own(actor(who), offer_id)
    found = house.codes.of_offer(actor(who), offer_id)
    name, back = _place(house, offer)
    rows = tuple(
        views.CodeRow(
            one.id,
            one.number,
            one.state,
            one.label,
            one.made_at,
            one.expires_at,
            one.redeemed_at,
            one.redeemed_by,
        )
        for one in found
    )
    return shown(views.OfferCodes(page_of(request), offer_card(offer), name, back, rows))


@router.get("/studio/offers/{offer_id}/edit")
def edit(request: Request, who: Creator, offer_id: OfferId) -> Response:
    """Show the form that changes an offer to its maker; its script sends what was changed."""
    house = services(request)
    offer = house.offers.own(actor(who), offer_id)
    name, back = _place(house, offer)
    return shown(
        views.OfferForm(
            page_of(request),
            name,
            back,
            f"/api/v1/offers/{offer.id}",
            (offer.terms.kind.value,),
            WHAT_IS_SHOWN["channel" if offer.channel else "title"],
            offer.name,
            offer_draft(offer.terms),
            offer.taken,
        )
    )


@router.get("/studio/t/{title_id}/offers/new")
def offer_title(request: Request, who: Creator, title_id: TitleId) -> Response:
    """Show the form of an offer on a title."""
    title = services(request).licences.owned(actor(who), title_id)
    return shown(
        views.OfferForm(
            page_of(request),
            title.name,
            f"/studio/t/{title.id}#offers",
            f"/api/v1/titles/{title.id}/offers",
            ("free", "rental", "purchase"),
            WHAT_IS_SHOWN["title"],
        )
    )


@router.get("/studio/t/{title_id}/licences/bulk")
def bulk(request: Request, who: Creator, title_id: TitleId) -> Response:
    """Show the form that issues many licences."""
    title = services(request).licences.owned(actor(who), title_id)
    return shown(views.Bulk(page_of(request), title.id, title.name))


def offer_card(offer: Offer) -> views.OfferCard:
    """An offer as pages draw it."""
    terms = offer.terms
    price = "" if terms.price_minor is None else f"{terms.price_minor / 100:,.2f} {terms.currency}"
    return views.OfferCard(
        offer.id,
        terms.kind.value,
        offer.name,
        views.Tier(terms.tier.value),
        terms.max_streams,
        seconds_of(terms.rental),
        seconds_of(terms.playback),
        seconds_of(terms.lasts),
        price,
        offer.channel.name if offer.channel else "",
        terms.open_until,
        offer.left,
        terms.state.value,
        offer.taken,
    )


def offer_draft(terms: OfferTerms) -> views.OfferDraft:
    """An offer as its form is filled in."""
    minor = terms.price_minor
    return views.OfferDraft(
        label=terms.label,
        tier=views.Tier(terms.tier.value),
        max_streams=terms.max_streams,
        rental_s=seconds_of(terms.rental),
        playback_s=seconds_of(terms.playback),
        lasts_s=seconds_of(terms.lasts),
        price="" if minor is None else f"{minor // 100}.{minor % 100:02}",
        currency=terms.currency,
        open_from=terms.open_from,
        open_until=terms.open_until,
        most=terms.most,
        state=terms.state.value,
    )


def _place(house: Services, offer: Offer) -> tuple[str, str]:
    """Name what an offer is on, and give the way back there."""
    if offer.title_id is not None:
        return house.licences.title(offer.title_id).name, f"/studio/t/{offer.title_id}#offers"
    channel = offer.channel
    return (channel.name, f"/studio/channels#{channel.id}") if channel else ("", "/studio/channels")


def history_lines(found: Sequence[Event]) -> tuple[views.HistoryLine, ...]:
    """Lines of the audit log as pages draw them."""
    return tuple(
        views.HistoryLine(one.at, sentence(one.what, one.actor, one.subject), one.reason) for one in found
    )
