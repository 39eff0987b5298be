"""Starting playbacks, counting their slots without error, and saying who watches and where they were."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.orm import Session

from streaming.clock import Clock, from_micros, to_micros
from streaming.db.engine import Database
from streaming.delivery import counting, devices, refusals, starting, store
from streaming.delivery.budget import Rule, full, refilled
from streaming.delivery.leases import LeaseRule
from streaming.delivery.model import PlaybackRow
from streaming.delivery.starting import Screen, Slots, Standing
from streaming.delivery.values import Device, Gate, Permit, Started, Version, Watching
from streaming.errors import Fault, not_found
from streaming.ids import AccountId, LicenceId, PlaybackId, TitleId, new_id, new_token, token_hash

MAX_DEVICE = 80
FORGOTTEN_AT_ONCE = 500
KEPT_ENDED = 50
"""Ended playbacks kept of one licence; what older ones were watched is counted with the newest."""


@dataclass(slots=True)
class _Choice:
    """A licence, or an owner's title, as it stands: who plays on it, and who must make room."""

    slots: Slots
    owns: bool
    standing: Standing
    screens: list[Screen]
    running: list[Screen]
    stopped: list[Screen] = field(default_factory=list)
    permit: Permit = field(init=False)


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
            session.connection()  # has the write lock: a lease must not begin while its start still waits
            now = self._clock.now()
            chosen = self._choose(session, device, version, licences, now, take_over)
            if not isinstance(chosen, Fault):
                if not any(one.init_name for one in version.renditions if one.kind == "video"):
                    raise refusals.nothing_to_play_yet()
                counting.note(session, title_id, now, "plays")
                return self._begin(session.connection(), device, version, chosen, to_micros(now))
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
        version: Version,
        licences: Sequence[LicenceId],
        now: datetime,
        take_over: bool,
    ) -> "_Choice | Fault":
        """Give the first licence that opens, counted in this transaction, or the first one's refusal."""
        refused: list[Fault] = []
        tried: Sequence[LicenceId | None] = licences or [None]
        for licence_id in tried:
            choice = self._standing(session.connection(), device, version, licence_id, now)
            verdict = self._permit(choice, now)
            if isinstance(verdict, Fault) and take_over and verdict.name == "too_many_streams":
                verdict = self._take_over(choice, verdict, now)
            if not isinstance(verdict, Fault):
                choice.permit = verdict
                return choice
            self._explain(session, verdict, choice, now)
            refused.append(verdict)
            if choice.owns:
                break
        return refused[0]

    def _standing(
        self,
        connection: Connection,
        device: Device,
        version: Version,
        licence_id: LicenceId | None,
        now: datetime,
    ) -> "_Choice":
        """Read how things stand under a licence; the owner needs none. Raises `Fault` NOT_FOUND."""
        asked = Slots(licence_id, device.account_id, version.title_id)
        standing = starting.standing(connection, self._gate, asked, devices.mark_of(device))
        if standing is None:
            raise not_found("film")
        owns = device.account_id is not None and device.account_id == standing.owner_id
        slots = replace(asked, licence_id=None) if owns else asked
        cutoff = self.lease.cutoff(to_micros(now))
        screens = starting.screens(connection, slots, version.version_id, cutoff)
        running = [one for one in screens if one.is_held(cutoff)]
        starting.trim(connection, running, self.lease.until(to_micros(now)))
        return _Choice(slots, owns, standing, screens, running)

    def _permit(self, choice: "_Choice", now: datetime) -> Permit | Fault:
        if choice.owns:
            return self._gate.owner(len(choice.running))
        standing = choice.standing
        return self._gate.permit(standing.licence, now, None, len(choice.running), standing.others)

    def _take_over(self, choice: "_Choice", refused: Fault, now: datetime) -> Permit | Fault:
        """Stop the least recently renewed playbacks until there is room."""
        verdict: Permit | Fault = refused
        while isinstance(verdict, Fault) and choice.running:
            choice.stopped.append(choice.running.pop(0))
            verdict = self._permit(choice, now)
        return verdict

    def _explain(self, session: Session, refusal: Fault, choice: "_Choice", now: datetime) -> None:
        """Name the devices, or the playbacks, that take all the room there is."""
        licence_id = choice.slots.licence_id
        if refusal.name == "too_many_devices" and licence_id is not None:
            refusal.extra["devices"] = devices.listed(session, licence_id)
        if refusal.name == "too_many_streams":
            screens = PlaybackRow.id.in_([one.id for one in choice.running])
            running = store.watching(session, screens, self._cutoff(now))
            guest = choice.slots.account_id is None
            refusal.extra["playing"] = refusals.playing(running, store.names(session, running), guest=guest)

    def _begin(
        self, connection: Connection, device: Device, version: Version, choice: "_Choice", now: int
    ) -> Started:
        """Write the playback and what follows from it."""
        token, playback_id, licence_id = new_token(), PlaybackId(new_id("pb")), choice.slots.licence_id
        position = continues_at(choice.standing.position_s, version.duration_s)
        lease_until = self.lease.until(now)
        starting.add(
            connection,
            {
                "id": playback_id,
                "token_hash": token_hash(token),
                "native": device.native,
                "title_id": version.title_id,
                "version_id": version.version_id,
                "licence_id": licence_id,
                "account_id": device.account_id,
                "auth_session_id": device.session_id,
                "api_token_id": device.token_id,
                "guest_hash": token_hash(device.guest_token) if device.guest_token else None,
                "device": device.label[:MAX_DEVICE],
                "started_at": now,
                "lease_until": lease_until,
                "seen_at": now,
                "position_s": position,
                "inherited": False,
                "viewing_device_id": devices.register(
                    connection, licence_id, device, now, choice.standing.device_id
                ),
                **self._left(connection, version, choice, now),
            },
        )
        permit = choice.permit
        return Started(
            playback_id,
            token,
            licence_id,
            from_micros(lease_until),
            permit.ends_at,
            position,
            permit.tier,
            version.name,
            version.protection,
        )

    def _left(
        self, connection: Connection, version: Version, choice: "_Choice", now: int
    ) -> dict[str, object]:
        """Take over what an ended playback of the same slots left, so that starting anew refills nothing.

        Its released periods come along: they cost nothing again, which makes a reload free.
        """
        rule = Rule(self._burst, self._rate, version.period_seconds)
        cutoff = self.lease.cutoff(now)
        before = starting.heir_of(choice.screens, choice.stopped, version.version_id, cutoff)
        starting.end(connection, [one for one in choice.stopped if one is not before], now)
        budget, released, watched = full(rule, now), b"", 0.0
        if before is not None:
            budget, released = refilled(before.budget, rule, now), before.released_periods
            watched = starting.inherit(connection, before, choice.slots, now, KEPT_ENDED)
        return {
            "budget_level": budget.level,
            "budget_at": budget.at,
            "released_periods": released,
            "watched_s": watched,
        }

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
