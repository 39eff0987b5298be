"""How far ahead of its picture a native player reads, told by the places it asks keys for."""

from dataclasses import dataclass

MOST = 4096
"""Clocks kept; the one that was asked for longest ago goes first, and its player reads one period on."""


@dataclass(slots=True)
class _Clock:
    film: float
    wall: float
    reached: int


class FilmClocks:
    """One clock for each playback and rendition, in seconds of film against seconds of the wall.

    A player shows no place before it has asked for it, and shows film no faster than real time. So it
    cannot be beyond the place where it began to read on without a gap, plus the time since then. A jump
    begins a new clock; so does asking late, after a pause. Kept in memory: what is lost gives one period.
    """

    def __init__(self) -> None:
        self._clocks: dict[tuple[str, str], _Clock] = {}

    def ahead(self, playback: str, rendition: str, sequence: int, place: float, now: float) -> float:
        """Give the seconds until `place`, where segment `sequence` begins, can be on the screen; 0: now."""
        clock = self._clocks.pop((playback, rendition), None)
        if clock is None or self._begins_anew(clock, sequence, place, now):
            clock = _Clock(place, now, sequence)
        clock.reached = max(clock.reached, sequence)
        self._clocks[playback, rendition] = clock
        if len(self._clocks) > MOST:
            del self._clocks[next(iter(self._clocks))]
        return max(0.0, (place - clock.film) - (now - clock.wall))

    @staticmethod
    def _begins_anew(clock: _Clock, sequence: int, place: float, now: float) -> bool:
        if sequence > clock.reached + 1 or place < clock.film or now < clock.wall:
            return True
        return sequence > clock.reached and now - clock.wall > place - clock.film
