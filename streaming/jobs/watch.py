"""Noticing that the database changed without asking it anything: cheap enough to do twenty times a second."""

import sqlite3
import threading

from sqlalchemy import Engine


class ChangeWatch:
    """Tells whether another connection has committed since the last look.

    SQLite keeps a counter for exactly this (`PRAGMA data_version`, a few microseconds). Other databases
    have none, so there every look answers yes and the caller asks its question.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection: sqlite3.Connection | None = None
        if engine.dialect.name == "sqlite" and engine.url.database:
            self._connection = sqlite3.connect(engine.url.database, check_same_thread=False)
        self._seen = -1

    @property
    def pause(self) -> float:
        """Seconds between looks that cost next to nothing."""
        return 0.05 if self._connection is not None else 1.0

    def changed(self) -> bool:
        """Tell whether there may be news."""
        if self._connection is None:
            return True
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        news, self._seen = version != self._seen, version
        return news

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class News:
    """Tells the threads of one process that there may be something new to look at; they decide what."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._asides = 0

    @property
    def count(self) -> int:
        """How often there were news."""
        with self._changed:
            return self._count

    def ring(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    @property
    def asides(self) -> int:
        """How often this process wrote what is news to nobody in it."""
        return self._asides

    def aside(self) -> None:
        """Note that the next change of the database may be no news: progress, a sign of life."""
        with self._changed:
            self._asides += 1

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until there are more news than `seen`, but not longer than `seconds`; gives the count."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, seconds)
            return self._count


class Listener:
    """Decides when a change of the database is told: at once, unless this process's own asides explain it."""

    def __init__(self, watch: ChangeWatch, news: News, quiet_seconds: float) -> None:
        self._watch = watch
        self._news = news
        self._quiet = quiet_seconds
        self._asides = news.asides
        self._told = -quiet_seconds
        self._waits = False

    def hears(self, now: float) -> bool:
        """Look for changes at the monotonic time `now`; tells whether there may be news.

        What an aside may have hidden is told a moment later.
        """
        changed, asides = self._watch.changed(), self._news.asides
        explained, self._asides = asides != self._asides, asides
        self._waits |= changed
        if (changed and not explained) or (self._waits and now - self._told >= self._quiet):
            self._waits, self._told = False, now
            return True
        return False
