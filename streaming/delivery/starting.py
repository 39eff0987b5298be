"""The SQL of starting a playback: two reads that decide, and a few small writes, in the caller's transaction.

In the driver's words, as in `sql.py`: putting such statements together anew takes longer than to run them.
Instants are microseconds since 1970. `titles` is read by name, and what is read of licences is the gate's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from streaming.delivery import sql
from streaming.delivery.budget import Budget
from streaming.delivery.values import Gate
from streaming.ids import AccountId, LicenceId, TitleId

FOLDED_AT_ONCE = 500
_STANDING = (
    "SELECT t.owner_id,"
    " (SELECT position_s FROM resume_positions"
    " WHERE holder = coalesce(p.account_id, p.licence_id) AND title_id = t.id),"
    " (SELECT count(*) FROM licence_devices WHERE licence_id = p.licence_id),"
    " (SELECT d.id FROM viewing_devices d JOIN licence_devices o ON o.device_id = d.id"
    " WHERE d.mark = :mark AND o.licence_id = p.licence_id)"
)
_WIDTH = 4
_ASKED = "(SELECT :licence AS licence_id, :account AS account_id, :title AS title_id) p"
_SCREENS = (
    "SELECT rowid, id, version_id, started_at, lease_until, released_at, inherited, budget_level, budget_at,"
    " released_periods FROM playback_sessions WHERE {slots}"
    " AND ((released_at IS NULL AND lease_until > :cutoff) OR (version_id = :version AND NOT inherited))"
    " ORDER BY lease_until, rowid"
)
_TRIM = "UPDATE playback_sessions SET lease_until = ? WHERE id = ?"
_END = "UPDATE playback_sessions SET released_at = ? WHERE id = ?"
_INHERIT = (
    "UPDATE playback_sessions SET inherited = 1, released_at = coalesce(released_at, :now) WHERE id = :id"
)
_FOLD = (
    "DELETE FROM playback_sessions WHERE id IN (SELECT id FROM playback_sessions WHERE {slots}"
    " AND title_id = :title AND inherited ORDER BY started_at DESC, id LIMIT :most OFFSET :kept)"
    " RETURNING watched_s"
)


@dataclass(frozen=True, slots=True)
class Slots:
    """Playbacks that share their slots: those of one licence, or without one of an owner's title."""

    licence_id: LicenceId | None
    account_id: AccountId | None
    title_id: TitleId

    @property
    def where(self) -> str:
        """The condition, over `values`."""
        return sql.OF_OWNER if self.licence_id is None else sql.OF_LICENCE

    @property
    def values(self) -> dict[str, Any]:
        """What the condition compares with."""
        return {"licence": self.licence_id, "account": self.account_id, "title": self.title_id}


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a title under one licence, or under none.

    `places` are held by devices of the licence, one of them by this device, `device_id`, unless it has none;
    `position_s` is where they were; `licence` are the gate's columns.
    """

    owner_id: str
    position_s: float
    places: int
    device_id: str | None
    licence: tuple[Any, ...]

    @property
    def others(self) -> int:
        """Devices that hold the licence's places, none if this device holds one itself."""
        return self.places if self.device_id is None else 0


@dataclass(frozen=True, slots=True)
class Screen:
    """A playback of the same slots that holds one, or that has ended and left its budget to nobody yet.

    `number` tells which came later of two that began at the same instant.
    """

    number: int
    id: str
    version_id: str
    started_at: int
    lease_until: int
    released_at: int | None
    inherited: bool
    budget: Budget
    released_periods: bytes

    def is_held(self, cutoff: int) -> bool:
        """Whether it holds a slot: not released, and its lease (with its grace) not over."""
        return self.released_at is None and self.lease_until > cutoff


def standing(connection: Connection, gate: Gate, slots: Slots, mark: bytes | None) -> Standing | None:
    """Read all that a start is decided on but the screens; None without such a title."""
    query = f"{_STANDING}, {gate.columns} FROM {_ASKED} JOIN titles t ON t.id = p.title_id {gate.joins}"
    row = connection.exec_driver_sql(query, {**slots.values, "mark": mark}).first()
    if row is None:
        return None
    owner, position, places, device = row[:_WIDTH]
    return Standing(owner, float(position or 0.0), places, device, tuple(row[_WIDTH:]))


def screens(connection: Connection, slots: Slots, version_id: str, cutoff: int) -> list[Screen]:
    """Read who holds these slots, least recently renewed first, and who of this version has no heir."""
    values = {**slots.values, "version": version_id, "cutoff": cutoff}
    rows = connection.exec_driver_sql(_SCREENS.format(slots=slots.where), values)
    return [_screen(*row) for row in rows]


def trim(connection: Connection, running: Sequence[Screen], most: int) -> None:
    """Cut leases that end after one taken now would, at `most`: a clock that was set back since gave them."""
    late = [(most, one.id) for one in running if one.lease_until > most]
    if late:
        connection.exec_driver_sql(_TRIM, late)


def heir_of(
    before: Sequence[Screen], stopped: Sequence[Screen], version_id: str, cutoff: int
) -> Screen | None:
    """Find the latest ended playback of a version whose budget nobody has taken over. Pure."""
    ended = [
        one
        for one in before
        if one.version_id == version_id and not one.inherited and (one in stopped or not one.is_held(cutoff))
    ]
    return max(ended, key=lambda one: (one.started_at, one.number), default=None)


def end(connection: Connection, stopped: Sequence[Screen], now: int) -> None:
    """Release playbacks that are taken over from."""
    if stopped:
        connection.exec_driver_sql(_END, [(now, one.id) for one in stopped])


def inherit(connection: Connection, before: Screen, slots: Slots, now: int, kept: int) -> float:
    """Mark a playback's budget as taken over, and end it for good: two must never refill from one slot.

    Then remove all but the `kept` newest playbacks of these slots and this title that have an heir; gives the
    seconds they were watched. Else whoever starts and stops all day makes every later start slower.
    """
    connection.exec_driver_sql(_INHERIT, {"now": now, "id": before.id})
    values = {**slots.values, "most": FOLDED_AT_ONCE, "kept": kept}
    return float(sum(connection.exec_driver_sql(_FOLD.format(slots=slots.where), values).scalars()))


def add(connection: Connection, playback: Mapping[str, Any]) -> None:
    """Add a playback: column -> value."""
    names = ", ".join(playback)
    places = ", ".join(f":{name}" for name in playback)
    query = f"INSERT INTO playback_sessions ({names}) VALUES ({places})"  # noqa: S608  # names are ours
    connection.exec_driver_sql(query, dict(playback))


def _screen(
    number: int,
    id_: str,
    version_id: str,
    started_at: int,
    lease_until: int,
    released_at: int | None,
    inherited: int,
    level: int,
    at: int,
    released: bytes,
) -> Screen:
    budget = Budget(level, at)
    return Screen(
        number, id_, version_id, started_at, lease_until, released_at, bool(inherited), budget, released
    )
