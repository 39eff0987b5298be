"""A film's own page."""

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from player.render import speculation
from streaming.catalogue.values import TitleView
from streaming.delivery.service import continues_at
from streaming.ids import TitleId
from streaming.licences.policy import Grant, Licence
from streaming.licences.values import TitleRef
from streaming.web.api.title_models import poster_address
from streaming.web.asking import asker
from streaming.web.deps import Viewer, services
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown
from streaming.web.pages.offers import offer_card
from streaming.wiring import Services
from transcoder.source.languages import track_name

router = APIRouter(include_in_schema=False)


@router.get("/t/{title_id}")
def film(request: Request, who: Viewer, title_id: TitleId) -> Response:
    """Show a film with the one right button for whoever looks."""
    house = services(request)
    title = house.catalogue.show(asker(who), title_id)
    standing = house.licences.standing(title_ref(title), who.account_id)
    managed = title.mine or asker(who).admin
    open_now = title.mine or isinstance(standing.verdict, Grant)
    answer = shown(
        views.Film(
            page_of(request),
            id=title.id,
            name=title.name,
            state=views.TitleState(title.state.value),
            owner_name=title.owner_name,
            year=title.year,
            duration_s=title.duration_s,
            description=title.description,
            poster_url=poster_address(title),
            still_url=poster_address(title),
            width=title.width,
            height=title.height,
            languages=_languages(title, "audio"),
            subtitles=_languages(title, "text"),
            mine=title.mine,
            may_manage=managed,
            progress=values.progress(title.progress),
            failure=values.failure(title),
            licence=_held(house, standing.licence),
            resume_s=continues_at(house.playbacks.resume_at(who.account_id, title_id), title.duration_s)
            or None,
            offers=() if open_now else tuple(offer_card(one) for one in house.offers.open_on(title_id)),
            chapters=tuple(
                views.Chapter(number, one.start_s, one.end_s, one.title)
                for number, one in enumerate(title.chapters, 1)
            ),
        )
    )
    answer.headers["Speculation-Rules"] = speculation()
    return answer


def _held(house: Services, licence: Licence | None) -> views.LicenceTerms | None:
    """A licence for its holder, with what its issuer said of its latest change."""
    held = values.terms(licence, house.clock.now())
    note = house.licences.note_of(licence.id) if licence else None
    return replace(held, note=note.reason) if held and note else held


def title_ref(title: TitleView) -> TitleRef:
    """A title in the licences' words."""
    return TitleRef(title.id, title.name, title.owner_id, title.owner_name)


def _languages(title: TitleView, kind: str) -> tuple[str, ...]:
    named = (
        track_name(one.language, "" if one.language != "und" else one.label, one.role, forced=one.forced)
        for one in title.renditions
        if one.kind == kind
    )
    return tuple(dict.fromkeys(name for name in named if name))
