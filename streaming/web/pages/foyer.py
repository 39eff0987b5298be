"""The foyer: what there is to watch, and what was begun."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import TitleView
from streaming.delivery.service import continues_at
from streaming.ids import TitleId
from streaming.web.asking import asker
from streaming.web.deps import Viewer, services
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown

router = APIRouter(include_in_schema=False)

HARDLY_BEGUN_S = 10.0
"""A film left before this is not one to continue."""
NEW = timedelta(days=30)


@router.get("/")
def foyer(request: Request, who: Viewer, q: str = "", scope: str = "all", cursor: str = "") -> Response:
    """Show the films somebody may watch, newest first."""
    house = services(request)
    wanted = views.Scope(scope) if scope in set(views.Scope) else views.Scope.ALL
    page = house.catalogue.page(asker(who), query=q, mine=wanted is views.Scope.MINE, cursor=cursor)
    licences = house.licences.best_of(who.account_id)
    resume = {title: at for title, at, _ in house.playbacks.resumes(who.account_id)}
    now = house.clock.now()
    offered = house.offers.offered_ids() - licences.keys()
    cards = [
        replace(
            values.card(one, licences.get(one.id), resume.get(one.id), now),
            offered=one.id in offered and not one.mine,
        )
        for one in page.titles
    ]
    begun = [card for card, one in zip(cards, page.titles, strict=True) if _begun(one, resume)]
    if wanted is views.Scope.NEW:
        since = now - NEW
        cards = [card for card, one in zip(cards, page.titles, strict=True) if one.created_at >= since]
    return shown(
        views.Foyer(
            page_of(request),
            films=tuple(cards),
            continue_watching=tuple(begun) if not q and not cursor and wanted is views.Scope.ALL else (),
            scope=wanted,
            query=q,
            total=house.catalogue.count(asker(who), query=q, mine=wanted is views.Scope.MINE),
            more_url=_more(q, wanted, page.cursor),
        )
    )


def _begun(title: TitleView, resume: dict[TitleId, float]) -> bool:
    at = resume.get(title.id, 0.0)
    return continues_at(at, title.duration_s) >= HARDLY_BEGUN_S


def _more(query: str, scope: views.Scope, cursor: str) -> str | None:
    if not cursor:
        return None
    return "/?" + urlencode({"q": query, "scope": scope.value, "cursor": cursor})
