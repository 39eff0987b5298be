"""Rooms of channels: what lies in them, who holds licences on them, offering them and issuing licences."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.ids import ChannelId
from streaming.licences.channels import ChannelView
from streaming.licences.policy import Licence
from streaming.web.asking import actor, asker
from streaming.web.deps import Creator, services
from streaming.web.pages.chrome import page_of, shown
from streaming.web.pages.offers import WHAT_IS_SHOWN, offer_card
from streaming.web.pages.studio import licence_row
from streaming.wiring import Services

router = APIRouter(include_in_schema=False)
MOST_FILMS = 200
LICENCES_SHOWN = 50


@router.get("/studio/channels")
def channels(request: Request, who: Creator) -> Response:
    """Show a creator's channels, what could lie in them, and who holds licences on them."""
    house = services(request)
    films = house.catalogue.page(asker(who), mine=True, limit=MOST_FILMS).titles
    offers, held = house.offers.of_channels(actor(who)), house.channels.held(actor(who))
    rows = _licence_rows(house, [one for found in held.values() for one in found[:LICENCES_SHOWN]])

    def card(channel: ChannelView) -> views.ChannelCard:
        inside = set(channel.title_ids)
        titles = (views.ChannelTitle(one.id, one.name, one.id in inside) for one in films)
        return views.ChannelCard(
            channel.id,
            channel.name,
            channel.description,
            channel.subscribers,
            tuple(sorted(titles, key=lambda one: not one.inside)),
            tuple(offer_card(one) for one in offers.get(channel.id, ())),
            tuple(rows.get(channel.id, ())),
        )

    return shown(views.Channels(page_of(request), tuple(map(card, house.channels.all(actor(who))))))


@router.get("/studio/channels/{channel_id}/offers/new")
def offer_channel(request: Request, who: Creator, channel_id: ChannelId) -> Response:
    """Show the form of a subscription to a channel."""
    channel = services(request).channels.show(actor(who), channel_id)
    return shown(
        views.OfferForm(
            page_of(request),
            channel.name,
            f"/studio/channels#{channel.id}",
            f"/api/v1/channels/{channel.id}/offers",
            ("subscription",),
            WHAT_IS_SHOWN["channel"],
        )
    )


@router.get("/studio/channels/{channel_id}/licences/new")
def grant(request: Request, who: Creator, channel_id: ChannelId) -> Response:
    """Show the form that issues a licence on a channel; its script reads the licence back and sends it."""
    channel = services(request).channels.show(actor(who), channel_id)
    return shown(
        views.IssueLicence(
            page_of(request),
            title_id=channel.id,
            title_name=channel.name,
            best_tier=views.Tier.UHD,
            on_channel=True,
        )
    )


def _licence_rows(house: Services, licences: Sequence[Licence]) -> dict[ChannelId, list[views.LicenceRow]]:
    """Licences on channels as pages draw them, in the order given."""
    watching = house.playbacks.count_by_licence([one.id for one in licences])
    found: dict[ChannelId, list[views.LicenceRow]] = {}
    for one in licences:
        if one.channel is not None:
            row = licence_row(house, one, watching.get(one.id, 0), None)
            found.setdefault(one.channel.id, []).append(row)
    return found
