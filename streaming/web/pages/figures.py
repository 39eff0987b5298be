"""The figures of a film, to its creator."""

from collections import Counter
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import TitleView
from streaming.delivery.figures import Audience, Day, total
from streaming.delivery.values import Watching
from streaming.ids import TitleId
from streaming.web.asking import actor, asker
from streaming.web.deps import Creator, services
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown

router = APIRouter(include_in_schema=False)
DAYS = 28


@router.get("/studio/t/{title_id}/figures")
def figures(request: Request, who: Creator, title_id: TitleId) -> Response:
    """Show how a film is watched: to whoever owns it, and to nobody else."""
    house = services(request)
    licences = house.licences.of_title(actor(who), title_id)
    title = house.catalogue.show(asker(who), title_id)
    days = house.figures.days(title_id, DAYS)
    audience = house.figures.audience(title_id, title.duration_s)
    view = _view(page_of(request), title, days, audience, house.playbacks.watching_title(title_id))
    now = house.clock.now()
    states = Counter(held.state for one in licences if (held := values.terms(one, now)) is not None)
    return shown(
        replace(
            view,
            licences=tuple(sorted(states.items(), key=lambda item: list(views.LicenceState).index(item[0]))),
        )
    )


def _view(
    page: views.Page, title: TitleView, days: list[Day], audience: Audience, watching: list[Watching]
) -> views.TitleFigures:
    whole = total(days)
    return views.TitleFigures(
        page,
        title_id=title.id,
        name=title.name,
        duration_s=title.duration_s,
        days=tuple(_day(one) for one in days),
        sum=_day(whole),
        errors=whole.errors,
        slow_percent=100 * whole.slow_startups / whole.startups if whole.startups else None,
        refused=whole.refused,
        devices=audience.devices,
        staying=audience.staying,
        ended=audience.streams,
        watching=tuple(views.WatchingNow(one.device, one.position_s, one.started_at) for one in watching),
        csv_url=f"/api/v1/titles/{title.id}/figures.csv",
    )


def _day(day: Day) -> views.FigureDay:
    return views.FigureDay(
        day.day,
        minutes=day.watched_s / 60,
        plays=day.plays,
        startup_s=day.startup_s,
        stalled_percent=None if day.stalled_share is None else 100 * day.stalled_share,
        bitrate=day.bitrate,
    )
