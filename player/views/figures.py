"""Figures of a film: what its creator may know of how it is watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from player import charts
from player.views.common import LicenceState, Page


@dataclass(frozen=True, slots=True)
class FigureDay:
    """A day (UTC); what players did not tell is None."""

    day: date
    minutes: float = 0.0
    plays: int = 0
    startup_s: float | None = None
    stalled_percent: float | None = None
    bitrate: float | None = None


@dataclass(frozen=True, slots=True)
class WatchingNow:
    """A stream that runs: on what, where in the film, since when. Not whose."""

    device: str
    place_s: float
    since: datetime


@dataclass(frozen=True, slots=True)
class TitleFigures:
    """`/studio/t/{id}/figures`. `staying` is the share of streams that came to each hundredth of the film."""

    template: ClassVar[str] = "studio_figures.html"
    room: ClassVar[str] = "studio"

    page: Page
    title_id: str
    name: str
    duration_s: float | None = None
    days: tuple[FigureDay, ...] = ()
    sum: FigureDay = FigureDay(date(1970, 1, 1))
    errors: int = 0
    slow_percent: float | None = None
    """Of the starts, those that took more than four seconds."""
    refused: int = 0
    """Starts refused because every screen of a licence was taken."""
    devices: int = 0
    staying: tuple[float, ...] = ()
    ended: int = 0
    """How many streams `staying` is made of."""
    licences: tuple[tuple[LicenceState, int], ...] = ()
    watching: tuple[WatchingNow, ...] = ()
    csv_url: str = ""

    @property
    def quiet(self) -> bool:
        """Whether nobody has watched yet."""
        return not any(one.plays or one.minutes for one in self.days) and not self.ended

    @property
    def bars(self) -> tuple[charts.Bar, ...]:
        """Minutes by day."""
        return charts.bars([one.minutes for one in self.days])

    @property
    def most_minutes(self) -> float:
        """What the highest bar stands for."""
        return max((one.minutes for one in self.days), default=0.0)

    @property
    def curve(self) -> str:
        """The share that stays, along the film."""
        return charts.curve(self.staying)

    @property
    def tenths(self) -> tuple[tuple[int, float, float | None], ...]:
        """Every tenth of the film: its percent, the share still there, and where that is in seconds."""
        step = len(self.staying) // 10
        return tuple(
            (n * 10, self.staying[n * step], None if self.duration_s is None else self.duration_s * n / 10)
            for n in range(10)
            if step
        )
