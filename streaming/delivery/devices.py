"""The devices an account watches on: counted at the start of a playback, named, and removed.

A device is a browser profile, known by a secret in a long-lived cookie, or an API token. It takes a place of
a licence with its first playback under it. A place is freed by removing the device, which ends what it plays.
So that a number of devices means something, no more are removed in a month than the licence has places; a
device that has not played for a month can always go.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.delivery import store
from streaming.delivery.device_model import DeviceRow, LicenceDeviceRow, RemovalRow
from streaming.delivery.model import PlaybackRow
from streaming.delivery.refusals import iso
from streaming.delivery.values import Device
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, LicenceId, new_id

MONTH = timedelta(days=30)
MAX_NAME = 80
_REGISTER = (
    "INSERT INTO viewing_devices (id, account_id, mark, name, created_at, played_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (mark) DO UPDATE SET played_at = excluded.played_at RETURNING id"
)
_TAKE_PLACE = "INSERT INTO licence_devices (licence_id, device_id) VALUES (?, ?) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class ViewingDevice:
    """A device as its account sees it; `licences` are those it holds a place of."""

    id: str
    name: str
    created_at: datetime
    played_at: datetime
    licences: tuple[LicenceId, ...] = ()
    current: bool = False


def mark_of(device: Device) -> bytes | None:
    """Hash what a device of an account is known by: its cookie or token, or without one its login."""
    known = device.profile or device.token_id or device.session_id
    if device.account_id is None or known is None:
        return None
    return hashlib.sha256(b"\0".join((b"device", device.account_id.encode(), known.encode()))).digest()


def register(
    connection: Connection, licence_id: LicenceId | None, device: Device, now: int, known: str | None = None
) -> str | None:
    """Note that a device starts a film at the instant `now` (microseconds); gives its id.

    Unless it is `known` to hold a place of the licence, by its id, it takes one.
    """
    mark = mark_of(device)
    if mark is None or licence_id is None or device.account_id is None:
        return None
    if known is not None:
        connection.exec_driver_sql("UPDATE viewing_devices SET played_at = ? WHERE id = ?", (now, known))
        return known
    values = (new_id("de"), device.account_id, mark, device.label[:MAX_NAME], now, now)
    device_id: str = connection.exec_driver_sql(_REGISTER, values).scalar_one()
    connection.exec_driver_sql(_TAKE_PLACE, (licence_id, device_id))
    return device_id


def free(session: Session, licence_id: LicenceId) -> None:
    """Free every place of a licence: it has another holder now."""
    session.execute(delete(LicenceDeviceRow).where(LicenceDeviceRow.licence_id == licence_id))


def listed(session: Session, licence_id: LicenceId) -> list[dict[str, object]]:
    """Say which devices hold a licence's places, for its holder."""
    query = (
        select(DeviceRow)
        .join(LicenceDeviceRow, LicenceDeviceRow.device_id == DeviceRow.id)
        .where(LicenceDeviceRow.licence_id == licence_id)
        .order_by(DeviceRow.played_at.desc(), DeviceRow.id)
    )
    return [{"id": row.id, "device": row.name} for row in session.scalars(query)]


def free_again(
    places: int, removed: Sequence[datetime], played_at: datetime, now: datetime
) -> datetime | None:
    """Say when a device may be removed from a licence with so many places; None: now.

    `removed` are the instants of earlier removals. Pure.
    """
    lately = sorted(at for at in removed if at > now - MONTH)
    if played_at <= now - MONTH or len(lately) < places:
        return None
    return min(lately[-places] + MONTH, played_at + MONTH)


class DeviceService:
    """What accounts do with their devices."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, account_id: AccountId, profile: str | None = None) -> list[ViewingDevice]:
        """List an account's devices, the latest used first; `profile` tells which one is asking."""
        current = mark_of(Device(account_id, profile=profile)) if profile else None
        with self._database.read() as session:
            query = select(DeviceRow).where(DeviceRow.account_id == account_id)
            rows = session.scalars(query.order_by(DeviceRow.played_at.desc(), DeviceRow.id)).all()
            places = select(LicenceDeviceRow).where(LicenceDeviceRow.device_id.in_([row.id for row in rows]))
            held: dict[str, list[LicenceId]] = {}
            for place in session.scalars(places):
                held.setdefault(place.device_id, []).append(LicenceId(place.licence_id))
        return [
            ViewingDevice(
                row.id,
                row.name,
                row.created_at,
                row.played_at,
                tuple(held.get(row.id, ())),
                current=row.mark == current,
            )
            for row in rows
        ]

    def count(self, licence_ids: Sequence[LicenceId]) -> dict[LicenceId, int]:
        """How many devices hold places of each licence; those without any are left out."""
        query = (
            select(LicenceDeviceRow.licence_id, func.count())
            .where(LicenceDeviceRow.licence_id.in_(licence_ids))
            .group_by(LicenceDeviceRow.licence_id)
        )
        with self._database.read() as session:
            return {LicenceId(licence): count for licence, count in session.execute(query)}

    def rename(self, account_id: AccountId, device_id: str, name: str) -> None:
        """Give a device another name. Raises `Fault` NOT_FOUND, INVALID."""
        if not name:
            raise Fault(Code.INVALID, "A device needs a name.", "Call it what you call it.", name="no_name")
        with self._database.write() as session:
            _mine(session, account_id, device_id).name = name[:MAX_NAME]

    def remove(self, account_id: AccountId, device_id: str) -> list[LicenceId]:
        """Free a device's places and end what it plays; gives the licences it held places of.

        Raises `Fault` NOT_FOUND, or CONFLICT while a licence's removals of this month are used up.
        """
        with self._database.write() as session:
            now, row = self._clock.now(), _mine(session, account_id, device_id)
            places = select(LicenceDeviceRow.licence_id).where(LicenceDeviceRow.device_id == row.id)
            licences = [LicenceId(one) for one in session.scalars(places)]
            for licence_id, most in _limited(session, licences).items():
                self._take(session, licence_id, most, row.played_at, now)
            playing = (PlaybackRow.account_id == account_id) & (PlaybackRow.viewing_device_id == row.id)
            store.stop(session, playing, now)
            session.execute(delete(LicenceDeviceRow).where(LicenceDeviceRow.device_id == row.id))
            session.delete(row)
            return licences

    def _take(
        self, session: Session, licence_id: LicenceId, places: int, played_at: datetime, now: datetime
    ) -> None:
        """Count a removal against a licence. Raises `Fault` when there are none left."""
        removed = session.scalars(select(RemovalRow.at).where(RemovalRow.licence_id == licence_id)).all()
        again = free_again(places, removed, played_at, now)
        if again is not None:
            raise _too_many(again)
        if played_at > now - MONTH:
            session.add(RemovalRow(licence_id=licence_id, at=now))


def _limited(session: Session, licences: Sequence[LicenceId]) -> dict[LicenceId, int]:
    """Read how many places those licences have that have a number, by the licences' table."""
    query = text("SELECT max_devices FROM licences WHERE id = :id AND revoked_at IS NULL")
    found = {one: session.execute(query, {"id": one}).scalar() for one in licences}
    return {one: int(places) for one, places in found.items() if places is not None}


def _mine(session: Session, account_id: AccountId, device_id: str) -> DeviceRow:
    row = session.get(DeviceRow, device_id)
    if row is None or row.account_id != account_id:
        raise not_found("device")
    return row


def _too_many(again: datetime) -> Fault:
    return Fault(
        Code.CONFLICT,
        "As many devices as this licence is for were removed within 30 days.",
        "Play on a device that is registered, or remove this one later.",
        name="too_many_removals",
        extra={"at": iso(again)},
    )
