"""The door: what somebody sees who was given a link, before they have entered."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import Asker, TitleView
from streaming.errors import Fault, not_found
from streaming.licences.links import Link, decide_link
from streaming.licences.policy import Grant, Licence, Refusal, RefusalCode, decide
from streaming.web.api.account_models import encoded
from streaming.web.deps import services
from streaming.web.guest import visits
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown

router = APIRouter(include_in_schema=False)

_STATES = {
    RefusalCode.NOT_BEGUN: views.DoorState.NOT_BEGUN,
    RefusalCode.REVOKED: views.DoorState.REVOKED,
    RefusalCode.STREAMS: views.DoorState.BUSY,
    RefusalCode.LINK_USED_UP: views.DoorState.USED_UP,
}


@router.get("/l/{token}")
def door(request: Request, token: str) -> Response:
    """Show whose film the link opens, until when, and the one button."""
    house = services(request)
    found = house.links.at_door(token, visits(request))
    title = _title(request, found[0] if found else None)
    if found is None or title is None:
        return _at_the_door(
            shown(views.Door(page_of(request), views.DoorState.UNKNOWN, code="unknown_link"), 404)
        )
    licence, link, returning = found
    playing = () if returning else values.playing(house.playbacks.watching_licence(licence.id), guest=True)
    state, code = _state(_verdict(licence, link, house.clock.now(), len(playing), returning), title)
    left = None if link.terms.max_plays is None else link.terms.max_plays - link.plays
    return _at_the_door(
        shown(
            views.Door(
                page_of(request),
                state,
                enter_url=f"/l/{token}/enter",
                name=title.name,
                owner_name=title.owner_name,
                title_id=title.id,
                year=title.year,
                duration_s=title.duration_s,
                description=title.description,
                poster_url=_poster_url(token, title) if licence.revoked_at is None else None,
                licence=values.terms(licence, house.clock.now()),
                ask_password=link.terms.password is not None and not returning,
                password_salt=encoded(link.terms.password.salt) if link.terms.password else "",
                returning=returning,
                plays_left=left,
                redeem_until=link.terms.redeem_until,
                playing=playing if state is views.DoorState.BUSY else (),
                kept_days=house.settings.link_uses_days,
                notes_network=house.settings.link_networks,
                code=code,
            ),
            200 if state is views.DoorState.OPEN else 403,
        )
    )


def _poster_url(token: str, title: TitleView) -> str | None:
    return f"/l/{token}/poster?v={title.poster_tag}" if title.poster_tag else None


@router.get("/l/{token}/poster")
def poster(request: Request, token: str) -> Response:
    """Show the film's picture to whoever has the link, until it is taken back."""
    house = services(request)
    licence = house.licences.by_link(token)
    title = _title(request, licence)
    if licence is None or title is None or licence.revoked_at is not None:
        raise not_found("picture")
    found = house.catalogue.poster(Asker(title.owner_id), title.id)
    return Response(
        found.data, media_type=found.media_type, headers={"Cache-Control": "private, max-age=3600"}
    )


def _title(request: Request, licence: Licence | None) -> TitleView | None:
    """The film a link opens, seen as its owner sees it: the link is the owner's leave."""
    if licence is None or licence.title_id is None:
        return None
    house = services(request)
    try:
        owner = house.licences.title(licence.title_id).owner_id
        return house.catalogue.show(Asker(owner), licence.title_id)
    except Fault:
        return None


def _verdict(
    licence: Licence, link: Link, now: datetime, playing: int, returning: bool
) -> Grant | Refusal | None:
    """Decide for whoever stands here; who has redeemed the link finds its door open all the same."""
    verdict = decide(licence, now)
    if isinstance(verdict, Refusal) or returning:
        return verdict
    return decide_link(link, now, licence.issued_by) or decide(licence, now, active_streams=playing)


def _state(verdict: object, title: TitleView) -> tuple[views.DoorState, str]:
    if isinstance(verdict, Refusal):
        return _STATES.get(verdict.code, views.DoorState.EXPIRED), verdict.code.value
    if not values.playable(title):
        return views.DoorState.NOT_READY, ""
    return views.DoorState.OPEN, ""


def _at_the_door(response: Response) -> Response:
    """Let the browser name this origin on the form's POST; other sites still learn nothing."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response
