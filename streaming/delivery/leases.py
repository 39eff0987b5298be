"""What a playback may do: the checks every door makes, and the writes that follow from them.

The checks are pure over one `Playback` row. The doors make them once on a read, to refuse cheaply and to
answer repeats without writing, and the operations make them again inside the write transaction, where they
count: between the two, a licence may have been revoked or another process may have spent the budget.
"""

import hmac
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from streaming.clock import SECOND, from_micros
from streaming.delivery import counting, refusals, sql
from streaming.delivery.budget import Budget, Rule, is_released, spend, with_released
from streaming.delivery.sql import Playback, PlaybackSql
from streaming.delivery.values import Gate, Permit
from streaming.errors import Fault

RENEW_AT = 0.6
"""The part of a lease after which a player renews it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a caller showed: hashes of the login cookie and of the guest links in its cookie."""

    login: bytes | None = None
    guests: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return "Proof(…)"


@dataclass(frozen=True, slots=True)
class LeaseRule:
    """How long a slot is held unrenewed, and for how long after that it may still be renewed; seconds."""

    seconds: int
    grace: int

    @property
    def renew_after(self) -> int:
        """Seconds after which a player should renew."""
        return max(1, int(self.seconds * RENEW_AT))

    def until(self, now: int) -> int:
        """When a lease renewed at `now` ends (microseconds)."""
        return now + self.seconds * SECOND

    def cutoff(self, now: int) -> int:
        """Leases that ended at or before this instant hold no slot any more."""
        return now - self.grace * SECOND


@dataclass(frozen=True, slots=True)
class Renewed:
    """A renewal's answer."""

    lease_until: datetime
    ends_at: datetime | None


class Leases:
    """The checks and the operations of playbacks, under one policy and one lease rule."""

    def __init__(self, gate: Gate, rule: LeaseRule) -> None:
        self.rows = PlaybackSql(gate)
        self.rule = rule
        self._gate = gate

    def held(self, playback: Playback | None, proof: Proof, now: int) -> Playback:
        """Check that the playback is this caller's and was not stopped; lease and policy come after.

        Raises `Fault`.
        """
        found = self.bound(playback, proof, now)
        if found.released_at is not None:
            raise refusals.lease_ended()
        return found

    def bound(self, playback: Playback | None, proof: Proof, now: int) -> Playback:
        """Check that the playback is this caller's and its login lives. Raises `Fault`."""
        if playback is None:
            raise refusals.unknown_playback()
        if playback.auth_session_id is not None and not _alive(playback, now):
            raise refusals.not_logged_in()
        if playback.api_token_id is not None and playback.live_token_id is None:
            raise refusals.not_logged_in()
        if playback.native or _shown(playback, proof):
            return playback
        nothing = proof.login is None and not proof.guests
        raise refusals.not_logged_in() if nothing else refusals.unknown_playback()

    def permit(self, playback: Playback, now: int, tier: str | None = None, active: int = 0) -> Permit:
        """Ask the policy as things stand in this row. Raises `Fault` with its refusal."""
        if playback.licence_id is None and playback.account_id == playback.owner_id:
            verdict = self._gate.owner(active)
        else:
            verdict = self._gate.permit(playback.licence, from_micros(now), tier, active)
        if isinstance(verdict, Fault):
            raise verdict
        return verdict

    def lapsed(self, playback: Playback, now: int) -> bool:
        """Tell whether the lease and its grace are over, so that the slot is free for others."""
        return playback.lease_until <= self.rule.cutoff(now)

    def needs_write(self, playback: Playback, period: int, now: int) -> bool:
        """Tell whether a key answer changes the row: a new period, or a lease that lapsed or is due."""
        if not is_released(playback.released_periods, period) or self.lapsed(playback, now):
            return True
        due = playback.lease_until - int(self.rule.seconds * SECOND * (1 - RENEW_AT))
        return playback.native and now >= due

    def release_key(
        self, token_hash: bytes, proof: Proof, tier: str, period: int, budget: Rule
    ) -> Callable[[sqlite3.Connection, int], None]:
        """Make the operation that accounts for one key before it is handed out. Raises `Fault`."""

        def operation(connection: sqlite3.Connection, now: int) -> None:
            playback = self._found(connection, token_hash, proof, now)
            self._retake(connection, playback, now, tier)
            if playback.native:
                seconds = _between(playback, now, budget.period_seconds)
                connection.execute(sql.EXTEND, (self.rule.until(now), now, seconds, playback.id))
                counting.watched(connection, playback.title_id, seconds, now)
            elif self.lapsed(playback, now):
                raise refusals.lease_stale()
            if not is_released(playback.released_periods, period):
                self._spend(connection, playback, period, budget, now)
            if playback.licence_id is not None:
                connection.execute(self._gate.first_play, (now, playback.licence_id))

        return operation

    def renew(
        self, token_hash: bytes, proof: Proof, position_s: float | None, playing: bool
    ) -> Callable[[sqlite3.Connection, int], Renewed]:
        """Make the operation that renews a lease, retaking a lapsed slot if one is free. Raises `Fault`."""

        def operation(connection: sqlite3.Connection, now: int) -> Renewed:
            playback = self._found(connection, token_hash, proof, now)
            permit = self._retake(connection, playback, now)
            until = self.rule.until(now)
            watched = _between(playback, now, self.rule.seconds) if playing else 0.0
            connection.execute(sql.RENEW, (until, now, position_s, watched, playback.id))
            counting.watched(connection, playback.title_id, watched, now)
            _remember(connection, playback, position_s, now)
            return Renewed(from_micros(until), permit.ends_at)

        return operation

    def release(
        self, token_hash: bytes, proof: Proof, position_s: float | None, playing: bool = False
    ) -> Callable[[sqlite3.Connection, int], None]:
        """Make the operation that gives a slot back; doing it twice is no fault."""

        def operation(connection: sqlite3.Connection, now: int) -> None:
            playback = self.bound(self.rows.find(connection, token_hash), proof, now)
            if playback.released_at is None:
                watched = _between(playback, now, self.rule.seconds) if playing else 0.0
                connection.execute(sql.RELEASE, (now, now, position_s, watched, playback.id))
                counting.watched(connection, playback.title_id, watched, now)
                _remember(connection, playback, position_s, now)

        return operation

    def _found(self, connection: sqlite3.Connection, token_hash: bytes, proof: Proof, now: int) -> Playback:
        return self.held(self.rows.find(connection, token_hash), proof, now)

    def _retake(
        self, connection: sqlite3.Connection, playback: Playback, now: int, tier: str | None = None
    ) -> Permit:
        """Ask the policy; a lapsed playback asks for its slot again, which may have gone to somebody else."""
        active = 0
        if self.lapsed(playback, now):
            active = sql.others_active(connection, playback, self.rule.cutoff(now))
        return self.permit(playback, now, tier, active)

    def _spend(
        self, connection: sqlite3.Connection, playback: Playback, period: int, rule: Rule, now: int
    ) -> None:
        left = spend(Budget(playback.budget_level, playback.budget_at), rule, now)
        if isinstance(left, int):
            raise refusals.budget_spent(left)
        bitmap = with_released(playback.released_periods, period)
        connection.execute(sql.SPEND, (left.level, left.at, bitmap, playback.id))


def _alive(playback: Playback, now: int) -> bool:
    return playback.login_expires_at is not None and now < playback.login_expires_at


def _shown(playback: Playback, proof: Proof) -> bool:
    """Compare what the playback is bound to with what was shown, in constant time."""
    if playback.login_hash is not None and proof.login is not None:
        return hmac.compare_digest(playback.login_hash, proof.login)
    if playback.guest_hash is None:
        return False
    return any(hmac.compare_digest(playback.guest_hash, guest) for guest in proof.guests)


def _between(playback: Playback, now: int, most: int) -> float:
    """Seconds since the playback was last seen, `most` at most; a clock that stepped back counts nothing."""
    return max(0, min(now - playback.seen_at, most * SECOND)) / SECOND


def _remember(connection: sqlite3.Connection, playback: Playback, position_s: float | None, now: int) -> None:
    """Keep where the viewer was, by account, or by licence for a guest."""
    holder = playback.account_id or playback.licence_id
    if position_s is not None and holder is not None:
        connection.execute(sql.RESUME, (holder, playback.title_id, position_s, now))
