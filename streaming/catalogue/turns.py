"""Whose turn it is: the order of waiting titles and of chunks. Pure.

An operator's priority goes before everything. Then owners take turns, so that nobody's hundred films keep
another's one waiting; a creator's own priority orders among their films alone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

STARTER, COPY, REST, ALL, TEXT, BOARD = "starter", "copy", "rest", "all", "text", "board"
PARTS = (STARTER, COPY, REST, ALL)
"""Parts that lie in the chunk queue, by how soon a viewer wants them; text and
the storyboard are steps of their own."""
URGENT = frozenset({STARTER, COPY})
"""Short or nearly free, and the film plays with them: no other work keeps them waiting."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A title in the queue."""

    version_id: str
    owner_id: str
    house_priority: int
    priority: int
    queued_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The first free chunk of one part of one version; `served_at` is when its title was last worked on."""

    version_id: str
    number: int
    part: str
    owner_id: str
    house_priority: int
    priority: int
    queued_at: datetime | None
    served_at: datetime | None


def line(waiting: Iterable[Waiting], making: Mapping[str, int]) -> list[Waiting]:
    """Waiting titles, next first; `making` counts each owner's titles that are being made already."""
    ordered = sorted(waiting, key=lambda one: (-one.priority, _seconds(one.queued_at), one.version_id))
    ahead = dict(making)
    places: dict[str, int] = {}
    for one in ordered:
        places[one.version_id] = ahead[one.owner_id] = ahead.get(one.owner_id, 0) + 1
    # Sorting keeps the order of what compares equal: an owner's own.
    return sorted(
        ordered, key=lambda one: (-one.house_priority, places[one.version_id], _seconds(one.queued_at))
    )


def choose(wanted: Collection[Wanted], *, urgent: bool = False) -> Wanted | None:
    """The chunk to take next, or None; `urgent` looks at urgent parts alone.

    Urgent parts first: a second of work or nearly free, and they make a film playable. Then turns, and within
    a film from its start on.
    """
    served: dict[str, float] = {}
    for one in wanted:
        served[one.owner_id] = max(_seconds(one.served_at), served.get(one.owner_id, 0.0))

    def place(one: Wanted) -> tuple[bool, int, float, int, float, float, int, int]:
        return (
            one.part not in URGENT,
            -one.house_priority,
            served[one.owner_id],
            -one.priority,
            _seconds(one.served_at),
            _seconds(one.queued_at),
            one.number,
            PARTS.index(one.part),
        )

    return min((one for one in wanted if not urgent or one.part in URGENT), key=place, default=None)


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
