"""How far ahead of its picture a native player reads, told by the places it asks keys for."""

from dataclasses import dataclass
from sqlite3 import Connection

from streaming.db.scratch import Scratch

MOST = 4096
"""Clocks kept; the one that was asked for longest ago goes first, and its player reads one period on."""
TRIMMED_EVERY = MOST // 16
"""Askings after which clocks beyond those go: finding out which takes longer than all else."""
_TABLE = """CREATE TABLE IF NOT EXISTS film_clocks
    (asked INTEGER PRIMARY KEY, playback TEXT, rendition TEXT, film REAL, wall REAL, reached INTEGER,
     UNIQUE (playback, rendition))"""


@dataclass(slots=True)
class _Clock:
    film: float
    wall: float
    reached: int


class FilmClocks:
    """One clock for each playback and rendition, in seconds of film against seconds of the wall.

    A player shows no place before it has asked for it, and shows film no faster than real time. So it
    cannot be beyond the place where it began to read on without a gap, plus the time since then. A jump
    begins a new clock; so does asking late, after a pause. All web processes share them, for a player's next
    request may go to any; what is lost gives one period.
    """

    def __init__(self, scratch: Scratch | None = None) -> None:
        self._scratch = scratch or Scratch()
        self._scratch.require(_TABLE)

    def ahead(self, playback: str, rendition: str, sequence: int, place: float, now: float) -> float:
        """Give the seconds until `place`, where segment `sequence` begins, can be on the screen; 0: now."""
        with self._scratch.change() as shared:
            clock = _read(shared, playback, rendition)
            if clock is None or self._begins_anew(clock, sequence, place, now):
                clock = _Clock(place, now, sequence)
            clock.reached = max(clock.reached, sequence)
            _keep(shared, playback, rendition, clock)
        return max(0.0, (place - clock.film) - (now - clock.wall))

    @staticmethod
    def _begins_anew(clock: _Clock, sequence: int, place: float, now: float) -> bool:
        if sequence > clock.reached + 1 or place < clock.film or now < clock.wall:
            return True
        return sequence > clock.reached and now - clock.wall > place - clock.film


def _read(shared: Connection, playback: str, rendition: str) -> _Clock | None:
    found = shared.execute(
        "SELECT film, wall, reached FROM film_clocks WHERE playback = ? AND rendition = ?",
        (playback, rendition),
    ).fetchone()
    return _Clock(*found) if found else None


def _keep(shared: Connection, playback: str, rendition: str, clock: _Clock) -> None:
    asked = shared.execute(
        "INSERT OR REPLACE INTO film_clocks (playback, rendition, film, wall, reached)"
        " VALUES (?, ?, ?, ?, ?)",
        (playback, rendition, clock.film, clock.wall, clock.reached),
    ).lastrowid
    if asked is not None and asked % TRIMMED_EVERY == 0:
        shared.execute(
            "DELETE FROM film_clocks WHERE asked <="
            " (SELECT asked FROM film_clocks ORDER BY asked DESC LIMIT 1 OFFSET ?)",
            (MOST,),
        )
