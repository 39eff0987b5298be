"""Routes of offers and gift codes: made by a creator, taken and redeemed by viewers."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from streaming.accounts.throttle import Kind
from streaming.catalogue.naming import shown
from streaming.ids import ChannelId, CodeId, OfferId, TitleId
from streaming.licences.offer_values import Taken
from streaming.web.api.licences import licences_out
from streaming.web.api.offer_models import (
    CodeOut,
    CodesIn,
    CodesOut,
    OfferIn,
    OfferOut,
    OfferPatch,
    OffersOut,
    RedeemIn,
    TakenOut,
)
from streaming.web.asking import actor, asker
from streaming.web.deps import SIGNED_IN, Creator, Viewer, client_address, services
from streaming.web.problems import documented

if TYPE_CHECKING:
    from streaming.wiring import Services

router = APIRouter(prefix="/api/v1", tags=["offers"], dependencies=SIGNED_IN)


@router.post("/titles/{title_id}/offers", status_code=201, responses=documented(400, 401, 403, 404, 409))
def offer_title(request: Request, who: Creator, title_id: str, body: OfferIn) -> OfferOut:
    """Offer a title of one's own. While it is open, everybody with an account may know of the title."""
    terms = body.value(body.kind)
    return OfferOut.of(services(request).offers.make(actor(who), terms, title=TitleId(title_id)), own=True)


@router.post("/channels/{channel_id}/offers", status_code=201, responses=documented(400, 401, 403, 404, 409))
def offer_channel(request: Request, who: Creator, channel_id: str, body: OfferIn) -> OfferOut:
    """Offer a subscription to a channel of one's own."""
    terms = body.value(body.kind)
    made = services(request).offers.make(actor(who), terms, channel=ChannelId(channel_id))
    return OfferOut.of(made, own=True)


@router.get("/titles/{title_id}/offers", responses=documented(401, 404))
def offers_of_title(request: Request, who: Viewer, title_id: str) -> OffersOut:
    """List what is offered on a title now, channels it lies in included; to its owner, every offer on it."""
    house = services(request)
    title = house.catalogue.show(asker(who), TitleId(title_id))
    own = title.mine or asker(who).admin
    found = house.offers.of_title(actor(who), title.id) if own else house.offers.open_on(title.id)
    return OffersOut(items=[OfferOut.of(one, own=own) for one in found])


@router.get("/channels/{channel_id}/offers", responses=documented(401, 403, 404))
def offers_of_channel(request: Request, who: Creator, channel_id: str) -> OffersOut:
    """List every offer on a channel of one's own."""
    found = services(request).offers.of_channel(actor(who), ChannelId(channel_id))
    return OffersOut(items=[OfferOut.of(one, own=True) for one in found])


@router.patch("/offers/{offer_id}", responses=documented(400, 401, 403, 404))
def change(request: Request, who: Creator, offer_id: str, body: OfferPatch) -> OfferOut:
    """Change an offer, open it or close it; licences taken before stay as they are."""
    offers = services(request).offers
    kind = offers.own(actor(who), OfferId(offer_id)).terms.kind
    changed = offers.change(actor(who), OfferId(offer_id), body.given, body.value(kind))
    return OfferOut.of(changed, own=True)


@router.post("/offers/{offer_id}/take", responses=documented(401, 403, 404, 409))
def take(request: Request, who: Viewer, offer_id: str) -> TakenOut:
    """Take an offer and have its licence; while one of it runs, that one again. No payment is asked."""
    house = services(request)
    return _taken(house, house.offers.take(actor(who), OfferId(offer_id)))


@router.post("/offers/{offer_id}/codes", status_code=201, responses=documented(400, 401, 403, 404, 409))
def make_codes(request: Request, who: Creator, offer_id: str, body: CodesIn) -> CodesOut:
    """Make gift codes of an offer of one's own. Their texts are in this answer and nowhere else."""
    made = services(request).codes.make(
        actor(who), OfferId(offer_id), body.count, shown(body.label), body.expires_at
    )
    return CodesOut(items=[CodeOut.of(one.view, one.text) for one in made])


@router.get("/offers/{offer_id}/codes", responses=documented(401, 403, 404))
def codes(request: Request, who: Creator, offer_id: str) -> CodesOut:
    """List the codes of an offer of one's own: their states, and who redeemed them."""
    found = services(request).codes.of_offer(actor(who), OfferId(offer_id))
    return CodesOut(items=[CodeOut.of(one) for one in found])


@router.post("/codes/{code_id}/revoke", responses=documented(401, 403, 404, 409))
def revoke_code(request: Request, who: Creator, code_id: str) -> CodeOut:
    """Take a gift code back that nobody redeemed."""
    return CodeOut.of(services(request).codes.revoke(actor(who), CodeId(code_id)))


@router.post("/redeem", responses=documented(400, 401, 403, 404, 409, 429))
def redeem(request: Request, who: Viewer, body: RedeemIn) -> TakenOut:
    """Redeem a gift code. Unknown, used, revoked and expired codes get one and the same answer."""
    house = services(request)
    house.throttle.take(Kind.CODE_ADDRESS, client_address(request))
    house.throttle.take(Kind.CODE_ACCOUNT, who.account_id)
    return _taken(house, house.codes.redeem(actor(who), body.code))


def _taken(house: "Services", taken: Taken) -> TakenOut:
    return TakenOut(new=taken.new, licence=licences_out(house, [taken.licence])[0])
