"""The screen: where a film plays, for its owner, a licence's holder, or a guest who came by a link."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import Asker, TitleState, TitleView
from streaming.errors import Fault, not_found
from streaming.ids import TitleId
from streaming.licences.policy import Licence
from streaming.web.api.title_models import poster_address
from streaming.web.asking import asker
from streaming.web.deps import MaybeViewer, services
from streaming.web.guest import visits
from streaming.web.pages import values
from streaming.web.pages.chrome import entrance, page_of, shown
from streaming.web.pages.film import title_ref
from streaming.web.viewing import remember_device

router = APIRouter(include_in_schema=False)


@router.get("/watch/{title_id}")
def watch(request: Request, who: MaybeViewer, title_id: TitleId) -> Response:
    """Show the screen; whether the film plays is decided when it starts, and again at every key."""
    house = services(request)
    secrets = visits(request)
    if who is None and not secrets:
        return entrance(request)
    if who is not None:
        try:
            title = house.catalogue.show(asker(who), title_id)
        except Fault:
            if not secrets:
                raise
        else:
            standing = house.licences.standing(title_ref(title), who.account_id)
            answer = _screen(request, title, standing.licence, guest=False)
            remember_device(request, answer)
            return answer
    held = house.licences.ranked(title_id, None, secrets)
    if not held:
        raise not_found("film")
    ref = house.licences.title(title_id)
    return _screen(request, house.catalogue.show(Asker(ref.owner_id), title_id), held[0], guest=True)


def _screen(request: Request, title: TitleView, licence: Licence | None, *, guest: bool) -> Response:
    house = services(request)
    return shown(
        views.Screen(
            page_of(request),
            title_id=title.id,
            name=title.name,
            back_url="/" if guest else f"/t/{title.id}",
            owner_name=title.owner_name,
            year=title.year,
            duration_s=title.duration_s,
            poster_url=None if guest else poster_address(title),
            licence=values.terms(licence, house.clock.now()),
            guest=guest,
            encoding=title.state is not TitleState.READY,
        )
    )
