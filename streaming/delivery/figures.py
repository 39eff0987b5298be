"""What a creator may know of a title's playbacks: sums by day and by place in the film, never a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.delivery.leases import LeaseRule
from streaming.delivery.model import PlaybackRow, TitleDayRow
from streaming.ids import TitleId

PARTS = 100
"""How many stretches of equal length a film is cut into."""
AS_GOOD_AS_OVER = 0.97
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC) of a title, or the sum of several."""

    day: date
    plays: int = 0
    watched_s: float = 0.0
    refused: int = 0
    startups: int = 0
    slow_startups: int = 0
    startup_ms: int = 0
    stalls: int = 0
    stalled_ms: int = 0
    played_ms: int = 0
    rated_ms: int = 0
    kilobits: int = 0
    errors: int = 0

    @property
    def startup_s(self) -> float | None:
        """Seconds from play to picture, on average; None where no player said."""
        return self.startup_ms / self.startups / 1000 if self.startups else None

    @property
    def stalled_share(self) -> float | None:
        """The part of the time spent waiting in the middle of the film; None where no player said."""
        spent = self.played_ms + self.stalled_ms
        return self.stalled_ms / spent if spent else None

    @property
    def bitrate(self) -> float | None:
        """Bits a second of what was played, on average; None where no player said."""
        return self.kilobits * 1_000_000 / self.rated_ms if self.rated_ms else None


@dataclass(frozen=True, slots=True)
class Audience:
    """How far streams came that are over: `left[n]` of them were left in the n-th hundredth of the film."""

    left: tuple[int, ...]
    devices: int
    """Different names of devices among all streams."""

    @property
    def streams(self) -> int:
        """How many streams that are."""
        return sum(self.left)

    @property
    def staying(self) -> tuple[float, ...]:
        """The share of them that came as far as the beginning of each hundredth."""
        if not self.streams:
            return ()
        return tuple(sum(self.left[part:]) / self.streams for part in range(len(self.left)))


class Figures:
    """Reads the figures of titles. Who may see them is asked before."""

    def __init__(self, database: Database, clock: Clock, lease: LeaseRule) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease

    def days(self, title_id: TitleId, most: int) -> list[Day]:
        """Give the last `most` days up to today, one by one, quiet ones too."""
        today = self._clock.now().astimezone(UTC).date()
        first = today - timedelta(days=most - 1)
        with self._database.read() as session:
            query = select(TitleDayRow).where(
                TitleDayRow.title_id == title_id, TitleDayRow.day >= (first - _EPOCH).days
            )
            found = {row.day: _day(row) for row in session.scalars(query)}
        wanted = [first + timedelta(days=number) for number in range(most)]
        return [found.get((day - _EPOCH).days, Day(day)) for day in wanted]

    def all_days(self, title_id: TitleId) -> list[Day]:
        """Give every day on which anything happened, the first first."""
        with self._database.read() as session:
            query = select(TitleDayRow).where(TitleDayRow.title_id == title_id).order_by(TitleDayRow.day)
            return [_day(row) for row in session.scalars(query)]

    def audience(self, title_id: TitleId, duration_s: float | None) -> Audience:
        """Say how far streams came that are over; one that was gone on with counts where it came to."""
        with self._database.read() as session:
            places = _places(session, title_id, self._cutoff(), duration_s or 0.0)
            devices = session.execute(
                select(func.count(func.distinct(PlaybackRow.device))).where(
                    PlaybackRow.title_id == title_id, PlaybackRow.device != ""
                )
            ).scalar_one()
        left = [0] * PARTS
        for place in places:
            left[min(PARTS - 1, max(0, int(place / duration_s * PARTS))) if duration_s else 0] += 1
        return Audience(tuple(left), devices)

    def _cutoff(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._lease.grace)


def total(days: Sequence[Day]) -> Day:
    """Sum days up, under the first one's date."""
    names = [name for name in Day.__slots__ if name != "day"]
    first = days[0].day if days else _EPOCH
    return Day(first, **{name: sum(getattr(one, name) for one in days) for name in names})


def _places(session: Session, title_id: TitleId, cutoff: datetime, duration_s: float) -> list[float]:
    """Where streams ended. A playback that another took over went on there, unless it had come to the end."""
    over = or_(PlaybackRow.released_at.is_not(None), PlaybackRow.lease_until <= cutoff)
    last = or_(
        PlaybackRow.inherited.is_(False), PlaybackRow.position_s >= max(1.0, duration_s * AS_GOOD_AS_OVER)
    )
    query = select(PlaybackRow.position_s).where(
        PlaybackRow.title_id == title_id, over, last, PlaybackRow.watched_s > 0
    )
    return list(session.scalars(query))


def _day(row: TitleDayRow) -> Day:
    names = [name for name in Day.__slots__ if name != "day"]
    return Day(_EPOCH + timedelta(days=row.day), **{name: getattr(row, name) for name in names})
