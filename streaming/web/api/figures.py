"""The figures of a title as a file: one line a day."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from streaming.delivery.figures import Day
from streaming.ids import TitleId
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented
from streaming.web.tables import csv_answer

router = APIRouter(prefix="/api/v1", tags=["figures"], dependencies=SIGNED_IN)
HEAD = (
    "day_utc",
    "plays",
    "minutes_watched",
    "starts_refused",
    "startup_seconds",
    "slow_starts",
    "stalls",
    "stalled_percent",
    "bitrate_kbit_s",
    "errors",
)
CSV_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "A file, quoted throughout."}
}


@router.get(
    "/titles/{title_id}/figures.csv",
    responses={**documented(401, 403, 404), **CSV_FILE},
    response_class=Response,
)
def figures_csv(request: Request, who: Creator, title_id: str) -> Response:
    """Give a title's figures by day (UTC), for each day on which anything happened."""
    house = services(request)
    house.licences.of_title(actor(who), TitleId(title_id))
    days = house.figures.all_days(TitleId(title_id))
    return csv_answer(f"figures-{title_id}.csv", HEAD, [_line(one) for one in days])


def _line(day: Day) -> tuple[object, ...]:
    return (
        day.day.isoformat(),
        day.plays,
        round(day.watched_s / 60, 2),
        day.refused,
        _rounded(day.startup_s),
        day.slow_startups,
        day.stalls,
        _rounded(None if day.stalled_share is None else 100 * day.stalled_share),
        _rounded(None if day.bitrate is None else day.bitrate / 1000),
        day.errors,
    )


def _rounded(value: float | None) -> object:
    return None if value is None else round(value, 2)
