"""Where time comes from, so that tests can hold it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

SECOND = 1_000_000
"""In microseconds, in which instants are counted."""
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the instant it was last set to."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move by `by` and give the new instant."""
        self._now += by
        return self._now


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z of an aware `instant`."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Give the aware UTC instant for `micros` microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)
