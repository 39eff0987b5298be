"""Counts what a title's day was like, inside the transactions of playbacks; and what players report of it."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from datetime import datetime

from sqlalchemy.orm import Session

from streaming.clock import SECOND, to_micros
from streaming.delivery.cmcd import Report
from streaming.delivery.quality import SUMS, Quality, judged

DAY = 86_400 * SECOND
_COLUMNS = ("plays", "watched_s", "refused", *SUMS)
_FIELDS = tuple(one.name for one in fields(Quality))
_FIND = f"SELECT {', '.join(_FIELDS)} FROM playback_quality WHERE playback_id = ?"  # noqa: S608  # constants
_KEEP = (
    f"INSERT OR REPLACE INTO playback_quality (playback_id, {', '.join(_FIELDS)})"  # noqa: S608
    f" VALUES (?{', ?' * len(_FIELDS)})"
)


def add(connection: sqlite3.Connection, title_id: str, at: int, **sums: float) -> None:
    """Add to the sums of the day (UTC) in which the instant `at` (microseconds) lies."""
    values = [sums.get(name, 0) for name in _COLUMNS]
    connection.execute(add_statement(sums), (title_id, at // DAY, *values))


def add_statement(names: Sequence[str] | dict[str, float]) -> str:
    """Write the statement that adds; its values are the title, the day and all columns in order."""
    grown = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS if name in names)
    return (
        f"INSERT INTO title_days (title_id, day, {', '.join(_COLUMNS)})"  # noqa: S608  # constants only
        f" VALUES (?, ?{', ?' * len(_COLUMNS)}) ON CONFLICT (title_id, day) DO UPDATE SET {grown}"
    )


def note(session: Session, title_id: str, now: datetime, name: str) -> None:
    """Add one to a sum of the present day, inside a transaction of the pages' kind."""
    values = [int(one == name) for one in _COLUMNS]
    day = to_micros(now) // DAY
    session.connection().exec_driver_sql(add_statement([name]), (title_id, day, *values))


def watched(connection: sqlite3.Connection, title_id: str, seconds: float, now: int) -> None:
    """Count seconds watched up to now; those before midnight belong to the day before."""
    today = (now % DAY) / SECOND
    if seconds > today:
        add(connection, title_id, now - now % DAY - 1, watched_s=seconds - today)
    if seconds > 0:
        add(connection, title_id, now, watched_s=min(seconds, today))


def take(
    playback_id: str, title_id: str, reports: Sequence[Report]
) -> Callable[[sqlite3.Connection, int], None]:
    """Make the operation that takes a player's reports in, for the playback and for the title's day."""

    def operation(connection: sqlite3.Connection, now: int) -> None:
        started = connection.execute(
            "SELECT started_at FROM playback_sessions WHERE id = ?", (playback_id,)
        ).fetchall()
        if not started:
            return
        found = connection.execute(_FIND, (playback_id,)).fetchall()
        before = Quality(*found[0]) if found else Quality()
        after = judged(before, reports, (now - started[0][0]) // 1000)
        connection.execute(_KEEP, (playback_id, *astuple(after)))
        grown = {name: getattr(after, name) - getattr(before, name) for name in SUMS}
        if any(grown.values()):
            add(connection, title_id, now, **grown)

    return operation
