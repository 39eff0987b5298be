"""Four ways for a licence to stop short in the middle of a film, and what a client and a thief have left."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from tests.clients import native
from tests.clients.film import LOW, SECONDS
from tests.clients.front import Asked
from tests.clients.loot import keys_of, try_all
from tests.clients.premiere import PERIOD, Premiere
from tests.clients.watching import Screening
from tests.support.house import until

SLACK = 1.5
"""Seconds for what a busy machine adds to a player's steps."""
STILL = 4.0
"""A player whose film has not moved for so long (seconds) has stopped."""
HD = "v720"
READS_AHEAD = "VLC"
"""Its keys are not held back, for it cannot wait for one track alone; it reads 30 s ahead and no more."""


@dataclass(frozen=True)
class Place:
    """Where a player is, and how far it has read; seconds of film. `frames`: shown so far; -1 for unknown."""

    time: float
    buffered: float
    over: bool
    frames: int = -1


class Seat(Protocol):
    """A film being watched in some client."""

    def place(self) -> Place:
        """Where it is now."""
        ...

    def asked(self) -> list[Asked]:
        """What it has asked for so far."""
        ...


@dataclass
class WebSeat:
    """In a player on a page."""

    screening: Screening

    def place(self) -> Place:
        look = self.screening.glance()
        return Place(look.time, look.buffered, look.ended, look.frames)

    def asked(self) -> list[Asked]:
        return self.screening.asked()


@dataclass
class NativeSeat:
    """In a native player; what it has read ahead is what it has keys for."""

    premiere: Premiere
    player: Any
    mark: int

    def place(self) -> Place:
        look = self.player.look()
        return Place(float(look["time"]), float(look["time"]), bool(look["over"]))

    def asked(self) -> list[Asked]:
        return self.premiere.front.since(self.mark)


@contextmanager
def web_seat(screening: Screening) -> Iterator[WebSeat]:
    """Begin the film in a player's page."""
    screening.begin()
    screening.tab.call("play")
    yield WebSeat(screening)


@contextmanager
def native_seat(premiere: Premiere, client: str, protection: str, folder: Path) -> Iterator[NativeSeat]:
    """Begin the film in a native player."""
    mark = len(premiere.front.log)
    with native.screen(client, premiere.address(protection), folder) as player:
        yield NativeSeat(premiere, player, mark)


Taking = Callable[[], Any]
"""Takes a seat anew: a context manager that gives it."""


def _ends(premiere: Premiere, protection: str, take: Taking, end: Callable[[str], None]) -> str:
    """Take the licence away after some seconds: it stops in time, and what was used opens nothing."""
    licence = premiere.licence(protection)
    with take() as seat:
        moving(seat)
        _used_addresses_open(premiere, seat)
        end(licence)
        cut, at = seat.place(), time.monotonic()
        stopped = _stop(seat)
        asked = seat.asked()
    late = [one.path for one in asked if one.at > at and one.is_key and one.status == 200]
    assert not late, f"{len(late)} keys were given after the end"
    said = _in_time(cut, stopped, [one for one in asked if one.at <= at])
    loot = try_all(premiere, asked, ("the holder", "the thief", "nobody"))
    assert not loot.keys, f"keys of {sorted(loot.keys)[:3]} were given after the end"
    assert not loot.playlists, f"playlists {loot.playlists[:3]} were given after the end"
    assert not loot.plain, f"{loot.plain[:3]} came in clear"
    assert loot.ciphertexts, "no segment was tried"
    return said


def _in_time(cut: Place, stopped: Place, asked: list[Asked]) -> str:
    """Hold that a film stopped in time: one crypto period after what was read ahead."""
    bound = max(cut.time, cut.buffered) + PERIOD + SLACK
    if stopped.time <= bound and stopped.time < SECONDS - 1:
        return ""
    told = f"cut at {cut.time:.1f} s with {cut.buffered:.1f} s read, it played on to {stopped.time:.1f} s"
    assert READS_AHEAD in {one.agent for one in asked}, told
    given = [re.search(r"/key/v[0-9]+/([0-9]+)", one.path) for one in asked if one.status == 200]
    furthest = max((int(found[1]) for found in given if found), default=0)
    assert stopped.time <= (furthest + 1) * PERIOD + SLACK, told
    return "it shows what it has read ahead, up to 30 s"


def moving(seat: Seat, place: float = 2.0) -> Place:
    """Wait until the film is at a place."""
    last: list[Place] = []

    def there() -> bool:
        last[:] = [seat.place()]
        assert not last[0].over, f"it ended at {last[0].time:.1f} s"
        return last[0].time >= place

    until(there, f"the film at {place} s", 60, 0.1)
    return last[0]


def _stop(seat: Seat) -> Place:
    """Wait until the film has not moved for a while, or is over."""
    last, since = seat.place(), time.monotonic()

    def still() -> bool:
        nonlocal last, since
        now = seat.place()
        if now.over:
            last = now if now.time > last.time else last
            return True
        if now.time != last.time:
            last, since = now, time.monotonic()
        return time.monotonic() - since > STILL

    until(still, "the end of the playing", 90, 0.1)
    return last


def _used_addresses_open(premiere: Premiere, seat: Seat) -> None:
    """While the licence lives, the same tries find keys that open segments: they would find them later."""
    loot = try_all(premiere, seat.asked(), ("the holder",), thorough=False)
    assert loot.keys, "no key was got while the licence lived"
    assert loot.plain, "no segment was opened while the licence lived"


def expiry(premiere: Premiere, protection: str, take: Taking) -> str:
    """The licence's end comes."""

    def end(licence: str) -> None:
        instant = datetime.now(UTC) + timedelta(seconds=3)
        premiere.amend(licence, {"valid_until": instant.isoformat()})
        until(lambda: datetime.now(UTC) >= instant, "the end of the licence", 10)

    return _ends(premiere, protection, take, end)


def revocation(premiere: Premiere, protection: str, take: Taking) -> str:
    """The creator takes the licence back."""
    return _ends(premiere, protection, take, premiere.revoke)


def lowered(premiere: Premiere, protection: str, take: Taking) -> str:
    """The licence is lowered to `sd` while the top rung plays: no key of it is given, lower rungs go on."""
    licence = premiere.licence(protection)
    try:
        with take() as seat:
            moving(seat)
            premiere.amend(licence, {"tier": "sd"})
            cut, at = seat.place(), time.monotonic()
            said = _goes_on_lower(seat, cut)
            asked = seat.asked()
        late = [one for one in asked if one.at > at and one.is_key and one.status == 200]
        assert not [one for one in late if f"/{HD}/" in one.path], "a key of the top rung was given"
        loot = try_all(premiere, asked, ("the holder", "the thief", "nobody"))
        assert HD not in {rendition for rendition, _ in keys_of(loot)}, (
            "a key of the top rung was given later"
        )
        assert not [one for one in loot.plain if HD in one], "the top rung came in clear"
        return said
    finally:
        premiere.revoke(licence)


def _goes_on_lower(seat: Seat, cut: Place) -> str:
    """See it go on below the top rung: by itself, or once a lower rung is chosen."""
    stopped = _stop_or_lower(seat)
    if stopped is None:
        return "goes on lower by itself"
    if said := _in_time(cut, stopped, seat.asked()):
        return f"{said}; `sd` plays when it is started again"
    if not isinstance(seat, WebSeat):
        return "stops; `sd` plays when it is started again"
    clock = seat.place().time
    seat.screening.choose("quality", LOW)
    try:
        seat.screening.see(lambda look: look.time > clock + 1, "the film going on", 15)
    except AssertionError:
        return "stops; `sd` plays when the page is loaded again"
    return "stops; goes on when a lower quality is chosen"


def _stop_or_lower(seat: Seat) -> Place | None:
    """Wait until it has stopped, or plays below the top rung (None); gives the place of the last picture.

    Sound is `sd`'s: it may go on for the seconds that a browser plays it without a picture.
    """
    last, since = seat.place(), time.monotonic()
    clock = last.time

    def settled() -> bool:
        nonlocal last, since, clock
        if isinstance(seat, WebSeat):
            look = seat.screening.glance()
            if 0 < look.height < 500 and look.time > last.time:
                return True
        now = seat.place()
        if now.time != clock:
            clock, since = now.time, time.monotonic()
            if now.frames < 0 or now.frames != last.frames:
                last = now
        return now.over or time.monotonic() - since > STILL

    until(settled, "an end or a lower rung", 90, 0.1)
    if isinstance(seat, WebSeat) and 0 < seat.screening.glance().height < 500:
        return None
    return last


def stolen(premiere: Premiere, protection: str, take: Taking) -> str:
    """Somebody else tries every address while the holder watches: nothing opens, and the film goes on."""
    licence = premiere.licence(protection)
    said = ""
    try:
        with take() as seat:
            here = moving(seat)
            loot = try_all(premiere, seat.asked(), ("the thief", "nobody"))
            if isinstance(seat, NativeSeat):
                assert loot.keys, "the printed address is said to work for whoever has it"
                said = "the printed address works for whoever has it, until the licence ends"
            else:
                assert not loot.keys, f"keys of {sorted(loot.keys)[:3]} were given to a thief"
                assert not loot.playlists, f"playlists {loot.playlists[:3]} were given to a thief"
                assert not loot.plain, f"{loot.plain[:3]} came in clear"
            moving(seat, here.time + PERIOD + 1)
        assert not said, said
        return said
    finally:
        premiere.revoke(licence)


ENDS: dict[str, Callable[[Premiere, str, Taking], str | None]] = {
    "expiry": expiry,
    "revocation": revocation,
    "lowered": lowered,
    "stolen": stolen,
}
