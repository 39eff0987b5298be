"""Starting playbacks, counting their slots without error, and saying who watches and where they were."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from streaming.clock import Clock, from_micros, to_micros
from streaming.db.engine import Database
from streaming.delivery import counting, devices, refusals, store
from streaming.delivery.budget import Budget, Rule, full, refilled
from streaming.delivery.leases import LeaseRule
from streaming.delivery.model import PlaybackRow
from streaming.delivery.values import Device, Gate, Permit, Started, Version, Watching
from streaming.errors import Fault, not_found
from streaming.ids import AccountId, LicenceId, PlaybackId, TitleId, new_id, new_token, token_hash

MAX_DEVICE = 80
FORGOTTEN_AT_ONCE = 500
KEPT_ENDED = 50
"""Ended playbacks kept of one licence; what older ones were watched is counted with the newest."""


class PlaybackService:
    """The playbacks of the house. `version_of` tells what of a title plays; it may block."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        gate: Gate,
        version_of: Callable[[TitleId], Version | None],
        lease: LeaseRule,
        release: tuple[int, float],
    ) -> None:
        self._database = database
        self._clock = clock
        self._gate = gate
        self._version_of = version_of
        self._burst, self._rate = release
        self.lease = lease

    def start(
        self,
        device: Device,
        title_id: TitleId,
        licences: Sequence[LicenceId],
        *,
        take_over: bool = False,
    ) -> Started:
        """Take a slot and make the addresses of a playback, all in one write transaction.

        `licences` are those the caller holds on the title, best first; the first that opens counts. The
        owner needs none. `take_over` stops the longest unrenewed playback when every slot is taken.
        Raises `Fault` with the policy's refusal, NOT_FOUND, or CONFLICT while nothing can be played yet.
        """
        version = self._version_of(title_id)
        if version is None:
            raise not_found("film")
        with self._database.write() as session:
            now = self._clock.now()
            chosen = self._choose(session, device, title_id, licences, now, take_over)
            if not isinstance(chosen, Fault):
                if not any(one.init_name for one in version.renditions if one.kind == "video"):
                    raise refusals.nothing_to_play_yet()
                counting.note(session, title_id, now, "plays")
                return self._begin(session, device, version, *chosen, now)
            if chosen.name == "too_many_streams":
                counting.note(session, title_id, now, "refused")
        raise chosen  # after the commit: leases that were cut stay so

    def watching_title(self, title_id: TitleId) -> list[Watching]:
        """Who watches a title now."""
        return self._watching(store.of_title(title_id))

    def watching_account(self, account_id: AccountId) -> list[Watching]:
        """What an account watches now, on which device."""
        return self._watching(store.of_account(account_id))

    def watching_licence(self, licence_id: LicenceId) -> list[Watching]:
        """The playbacks that hold a licence's slots."""
        return self._watching(PlaybackRow.licence_id == licence_id)

    def streams(self) -> int:
        """How many playbacks hold a slot in the whole house."""
        return len(self._watching(store.anyone()))

    def count_by_licence(self, licences: Sequence[LicenceId]) -> dict[LicenceId, int]:
        """How many slots of each licence are held; licences without any are left out."""
        with self._database.read() as session:
            return store.count_active(session, licences, self._cutoff(self._clock.now()))

    def stop(
        self, playback_id: PlaybackId, account_id: AccountId | None, licences: Sequence[LicenceId] = ()
    ) -> bool:
        """Stop a playback of the account's own, or of one of these licences; it is refused its next key."""
        own: ColumnElement[bool] = PlaybackRow.licence_id.in_(licences)
        if account_id is not None:
            own = own | (PlaybackRow.account_id == account_id)
        with self._database.write() as session:
            return store.stop(session, (PlaybackRow.id == playback_id) & own, self._clock.now()) > 0

    def release_licence(self, session: Session, licence_id: LicenceId) -> int:
        """Stop every playback of a licence and free its devices' places within the caller's transaction."""
        devices.free(session, licence_id)
        return store.stop(session, PlaybackRow.licence_id == licence_id, self._clock.now())

    def forget_guests(self, guests: Sequence[bytes]) -> None:
        """Forget on which devices guests watched, by the hashes of their secrets; who plays plays on."""
        if guests:
            with self._database.write() as session:
                for at in range(0, len(guests), FORGOTTEN_AT_ONCE):
                    some = guests[at : at + FORGOTTEN_AT_ONCE]
                    store.forget_devices(session, some, self._cutoff(self._clock.now()))

    def resume_at(self, holder: str, title_id: TitleId) -> float:
        """Where a holder (an account's id, or a link licence's) was in a title, in seconds."""
        with self._database.read() as session:
            return store.resume(session, holder, title_id)

    def resumes(self, holder: str) -> list[tuple[TitleId, float, datetime]]:
        """Where a holder was in every title they began, latest first."""
        with self._database.read() as session:
            return store.resumes(session, holder)

    def minutes_watched(self, titles: Sequence[TitleId]) -> dict[TitleId, float]:
        """Minutes played of each title, by everybody."""
        with self._database.read() as session:
            return store.minutes_watched(session, titles)

    def _choose(
        self,
        session: Session,
        device: Device,
        title_id: TitleId,
        licences: Sequence[LicenceId],
        now: datetime,
        take_over: bool,
    ) -> tuple[LicenceId | None, Permit] | Fault:
        """Give the first licence that opens, counted in this transaction, or the first one's refusal."""
        owner = store.owner_of(session, title_id)
        if owner is None:
            raise not_found("film")
        first: Fault | None = None
        owns = device.account_id is not None and device.account_id == owner
        for licence_id in [None] if owns else licences:
            slots = store.same_slots(licence_id, device.account_id, title_id)
            running = store.active(session, slots, self._cutoff(now))
            store.trim(running, now + timedelta(seconds=self.lease.seconds))
            row = (
                None
                if licence_id is None
                else store.licence_columns(session, self._gate, licence_id, device.account_id, title_id)
            )
            count = 0 if licence_id is None else devices.others(session, licence_id, devices.mark_of(device))
            permit = self._permit(row, now, len(running), count)
            if isinstance(permit, Fault) and take_over and permit.name == "too_many_streams":
                permit = self._take_over(running, permit, row, now, count)
            if not isinstance(permit, Fault):
                return licence_id, permit
            if permit.name == "too_many_devices" and licence_id is not None:
                permit.extra["devices"] = devices.listed(session, licence_id)
            if permit.name == "too_many_streams":
                watching = store.watching(session, slots, self._cutoff(now))
                permit.extra["playing"] = refusals.playing(
                    watching, store.names(session, watching), guest=device.account_id is None
                )
            first = first or permit
        if first is None:
            first = self._gate.permit([None] * self._gate.width, now)  # type: ignore[assignment]
        return first or refusals.unknown_playback()

    def _permit(
        self, row: Sequence[object] | None, now: datetime, active: int, devices: int
    ) -> Permit | Fault:
        if row is None:
            return self._gate.owner(active)
        return self._gate.permit(row, now, None, active, devices)

    def _take_over(
        self,
        running: list[PlaybackRow],
        refused: Fault,
        row: Sequence[object] | None,
        now: datetime,
        count: int,
    ) -> Permit | Fault:
        """Stop the least recently renewed playbacks until there is room."""
        permit: Permit | Fault = refused
        while isinstance(permit, Fault) and running:
            running.pop(0).released_at = now
            permit = self._permit(row, now, len(running), count)
        return permit

    def _begin(
        self,
        session: Session,
        device: Device,
        version: Version,
        licence_id: LicenceId | None,
        permit: Permit,
        now: datetime,
    ) -> Started:
        token, playback_id = new_token(), PlaybackId(new_id("pb"))
        budget, released = self._inherit(session, device, version, licence_id, now)
        slots = store.same_slots(licence_id, device.account_id, version.title_id)
        watched = store.fold(session, slots, version.title_id, KEPT_ENDED)
        holder = device.account_id or licence_id or ""
        position = continues_at(store.resume(session, holder, version.title_id), version.duration_s)
        row = PlaybackRow(
            id=playback_id,
            token_hash=token_hash(token),
            native=device.native,
            title_id=version.title_id,
            version_id=version.version_id,
            licence_id=licence_id,
            account_id=device.account_id,
            auth_session_id=device.session_id,
            api_token_id=device.token_id,
            guest_hash=token_hash(device.guest_token) if device.guest_token else None,
            device=device.label[:MAX_DEVICE],
            started_at=now,
            lease_until=from_micros(self.lease.until(to_micros(now))),
            seen_at=now,
            position_s=position,
            watched_s=watched,
            budget_level=budget.level,
            budget_at=from_micros(budget.at),
            released_periods=released,
            viewing_device_id=devices.register(session, licence_id, device, now),
        )
        session.add(row)
        return Started(
            playback_id,
            token,
            licence_id,
            row.lease_until,
            permit.ends_at,
            position,
            permit.tier,
            version.name,
            version.protection,
        )

    def _inherit(
        self, session: Session, device: Device, version: Version, licence_id: LicenceId | None, now: datetime
    ) -> tuple[Budget, bytes]:
        """Take over what an ended playback of the same slots left, so that starting anew refills nothing.

        Its released periods come along: they cost nothing again, which makes a reload free. An heir ends
        its predecessor for good: two must never refill from one slot.
        """
        rule = Rule(self._burst, self._rate, version.period_seconds)
        slots = store.same_slots(licence_id, device.account_id, version.title_id)
        before = store.heir(session, slots, version.version_id, self._cutoff(now))
        if before is None:
            return full(rule, to_micros(now)), b""
        before.inherited = True
        before.released_at = before.released_at or now
        kept = Budget(before.budget_level, to_micros(before.budget_at))
        return refilled(kept, rule, to_micros(now)), before.released_periods

    def _watching(self, where: ColumnElement[bool]) -> list[Watching]:
        with self._database.read() as session:
            return store.watching(session, where, self._cutoff(self._clock.now()))

    def _cutoff(self, now: datetime) -> datetime:
        return now - timedelta(seconds=self.lease.grace)


def continues_at(position: float, duration: float | None) -> float:
    """Where a film goes on that was left at `position` (seconds): at its beginning if it was as good as over.

    As good as over are the last 3 % (the credits), and of a short film the last 15 seconds or its last tenth.
    """
    if duration is not None and position > duration - max(min(15.0, duration * 0.1), duration * 0.03):
        return 0.0
    return position
