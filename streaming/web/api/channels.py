"""Routes of channels: a creator's named sets of titles, to be subscribed to."""

from fastapi import APIRouter, Request, Response

from streaming.catalogue.naming import shown
from streaming.ids import ChannelId, TitleId
from streaming.web.api.history import HistoryOut, history_out
from streaming.web.api.licence_models import GrantIn, LicenceOut, LicencesOut
from streaming.web.api.licences import licences_out
from streaming.web.api.offer_models import ChannelIn, ChannelOut, ChannelPatch, ChannelsOut
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented

router = APIRouter(prefix="/api/v1/channels", tags=["channels"], dependencies=SIGNED_IN)


@router.post("", status_code=201, responses=documented(400, 401, 403, 409))
def make(request: Request, who: Creator, body: ChannelIn) -> ChannelOut:
    """Make an empty channel."""
    made = services(request).channels.make(actor(who), shown(body.name), body.description.strip())
    return ChannelOut.of(made)


@router.get("", responses=documented(401, 403))
def mine(request: Request, who: Creator) -> ChannelsOut:
    """List one's own channels."""
    return ChannelsOut(items=[ChannelOut.of(one) for one in services(request).channels.all(actor(who))])


@router.get("/{channel_id}", responses=documented(401, 403, 404))
def show(request: Request, who: Creator, channel_id: str) -> ChannelOut:
    """Show a channel of one's own."""
    return ChannelOut.of(services(request).channels.show(actor(who), ChannelId(channel_id)))


@router.patch("/{channel_id}", responses=documented(400, 401, 403, 404))
def rename(request: Request, who: Creator, channel_id: str, body: ChannelPatch) -> ChannelOut:
    """Give a channel another name or description."""
    changed = services(request).channels.rename(
        actor(who),
        ChannelId(channel_id),
        None if body.name is None else shown(body.name),
        None if body.description is None else body.description.strip(),
    )
    return ChannelOut.of(changed)


@router.delete("/{channel_id}", status_code=204, responses=documented(401, 403, 404, 409))
def delete(request: Request, who: Creator, channel_id: str) -> Response:
    """Delete a channel that nobody holds a running licence on."""
    services(request).channels.delete(actor(who), ChannelId(channel_id))
    return Response(status_code=204)


@router.put("/{channel_id}/titles/{title_id}", responses=documented(401, 403, 404, 409))
def put(request: Request, who: Creator, channel_id: str, title_id: str) -> ChannelOut:
    """Put a title of one's own into a channel: its subscribers may watch it at once."""
    found = services(request).channels.put(actor(who), ChannelId(channel_id), TitleId(title_id))
    return ChannelOut.of(found)


@router.delete("/{channel_id}/titles/{title_id}", responses=documented(401, 403, 404))
def take_out(request: Request, who: Creator, channel_id: str, title_id: str) -> ChannelOut:
    """Take a title out of a channel: whoever watches it by the channel stops at the next key."""
    found = services(request).channels.take_out(actor(who), ChannelId(channel_id), TitleId(title_id))
    return ChannelOut.of(found)


@router.post("/{channel_id}/licences", status_code=201, responses=documented(400, 401, 403, 404))
def grant(request: Request, who: Creator, channel_id: str, body: GrantIn) -> LicenceOut:
    """Issue a licence on a channel of one's own to an account: it opens whatever lies in it at the time."""
    house = services(request)
    made = house.licences.grant(actor(who), ChannelId(channel_id), body.value())
    return licences_out(house, [made], body.zone)[0]


@router.get("/{channel_id}/licences", responses=documented(401, 403, 404))
def licences(request: Request, who: Creator, channel_id: str) -> LicencesOut:
    """List the licences on a channel of one's own."""
    house = services(request)
    found = house.channels.licences(actor(who), ChannelId(channel_id))
    return LicencesOut(items=licences_out(house, found))


@router.get("/{channel_id}/history", responses=documented(401, 403, 404))
def history(request: Request, who: Creator, channel_id: str) -> HistoryOut:
    """Read what was done to a channel, its offers and its licences."""
    return history_out(services(request).channels.history(actor(who), ChannelId(channel_id)))
