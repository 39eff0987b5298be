"""Canned figures of a film: watched by many, by one, by nobody."""

from __future__ import annotations

from datetime import timedelta
from math import sin

from player.canned.base import LONG_NAME, NOW, State, ago
from player.views import FigureDay, LicenceState, Page, TitleFigures, WatchingNow

TODAY = NOW.date()
STAYING = tuple(1.0 if n < 2 else 0.94 - 0.0042 * n - (0.12 if n > 62 else 0) for n in range(100))
LICENCES = (
    (LicenceState.NOT_BEGUN, 3),
    (LicenceState.RUNNING, 41),
    (LicenceState.ENDED, 112),
    (LicenceState.REVOKED, 2),
)


def _day(back: int) -> FigureDay:
    minutes = max(0.0, 320 + 260 * sin(back * 0.9) - 9 * back)
    told = minutes > 100
    return FigureDay(
        TODAY - timedelta(days=back),
        minutes,
        round(minutes / 38),
        0.8 + back % 5 / 10 if told else None,
        0.2 + back % 3 / 4 if told else None,
        3_400_000 - back * 20_000 if told else None,
    )


DAYS = tuple(_day(back) for back in range(27, -1, -1))
WATCHING = (
    WatchingNow("Firefox on Linux", 2467, ago(minutes=44)),
    WatchingNow("Safari on iPhone", 81, ago(minutes=2)),
    WatchingNow("", 5044, ago(hours=2)),
)


def _busy(page: Page, name: str = "The Lighthouse") -> TitleFigures:
    return TitleFigures(
        page,
        "ti_0101",
        name,
        duration_s=5520,
        days=DAYS,
        sum=FigureDay(
            TODAY, sum(one.minutes for one in DAYS), sum(one.plays for one in DAYS), 1.1, 0.4, 3_210_000
        ),
        errors=4,
        slow_percent=3.2,
        refused=17,
        devices=23,
        staying=STAYING,
        ended=184,
        licences=LICENCES,
        watching=WATCHING,
        csv_url="figures.csv",
    )


FIGURES = (
    State("Figures", "busy", _busy),
    State("Figures", "long name", lambda p: _busy(p, LONG_NAME)),
    State(
        "Figures",
        "first evening",
        lambda p: TitleFigures(
            p,
            "ti_0101",
            "Kites",
            days=(
                *(FigureDay(TODAY - timedelta(days=n)) for n in range(27, 0, -1)),
                FigureDay(TODAY, 12.4, 1),
            ),
            sum=FigureDay(TODAY, 12.4, 1),
            licences=((LicenceState.RUNNING, 1),),
            watching=WATCHING[:1],
            csv_url="figures.csv",
        ),
    ),
    State(
        "Figures",
        "nobody yet",
        lambda p: TitleFigures(
            p, "ti_0101", "Kites", days=tuple(FigureDay(TODAY - timedelta(days=n)) for n in range(27, -1, -1))
        ),
    ),
)
