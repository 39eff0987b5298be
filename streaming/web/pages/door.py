"""The door: what somebody sees who was given a link, before they have entered."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import Asker, TitleView
from streaming.errors import Fault, not_found
from streaming.licences.policy import Licence, Refusal, RefusalCode, decide
from streaming.web.deps import services
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown

router = APIRouter(include_in_schema=False)

_STATES = {
    RefusalCode.NOT_BEGUN: views.DoorState.NOT_BEGUN,
    RefusalCode.REVOKED: views.DoorState.REVOKED,
    RefusalCode.STREAMS: views.DoorState.BUSY,
}


@router.get("/l/{token}")
def door(request: Request, token: str) -> Response:
    """Show whose film the link opens, until when, and the one button."""
    house = services(request)
    licence = house.licences.by_link(token)
    title = _title(request, licence)
    if licence is None or title is None:
        return _at_the_door(
            shown(views.Door(page_of(request), views.DoorState.UNKNOWN, code="unknown_link"), 404)
        )
    verdict = decide(licence, house.clock.now(), active_streams=_others(request, licence))
    state, code = _state(verdict, title)
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


def _others(request: Request, licence: Licence) -> int:
    """Screens in use; a guest who is watching here already must find the door open all the same."""
    if request.cookies.get("matinee_guest"):
        return 0
    return services(request).playbacks.count_by_licence([licence.id]).get(licence.id, 0)


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
