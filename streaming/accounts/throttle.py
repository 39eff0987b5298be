"""Rate limits: token buckets by (kind, key) in bounded memory that all web processes share.

The bucket is kept as one integer, the theoretical arrival time of GCRA (ITU-T I.371): exact, no floats,
and a bucket that is full again equals one that was never there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from sqlite3 import Connection

from streaming.clock import Clock, to_micros
from streaming.db.scratch import Scratch
from streaming.errors import Code, Fault

SECOND = 1_000_000
_TABLE = """CREATE TABLE IF NOT EXISTS arrivals
    (touched INTEGER PRIMARY KEY, kind TEXT, name TEXT, arrival INTEGER, UNIQUE (kind, name))"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` tries at once, then one more every `seconds`."""

    burst: int
    seconds: float

    @property
    def interval(self) -> int:
        """Microseconds until one try comes back."""
        return max(1, round(self.seconds * SECOND))


class Kind(StrEnum):
    """What is counted, and by what: a client's address, an account's name or id, a guest link."""

    PRELOGIN_ADDRESS = "prelogin.address"
    LOGIN_ADDRESS = "login.address"
    LOGIN_NAME = "login.name"
    REGISTER_ADDRESS = "register.address"
    RECOVER_ADDRESS = "recover.address"
    RECOVER_NAME = "recover.name"
    PASSWORD_ACCOUNT = "password.account"  # noqa: S105  # a label, no password
    LINK_ADDRESS = "link.address"
    LINK = "link"
    CODE_ACCOUNT = "code.account"
    CODE_ADDRESS = "code.address"


LIMITS: Mapping[Kind, Limit] = {
    Kind.PRELOGIN_ADDRESS: Limit(60, 1),
    Kind.LOGIN_ADDRESS: Limit(40, 2),
    Kind.LOGIN_NAME: Limit(10, 10),
    Kind.REGISTER_ADDRESS: Limit(20, 60),
    Kind.RECOVER_ADDRESS: Limit(20, 30),
    Kind.RECOVER_NAME: Limit(10, 60),
    Kind.PASSWORD_ACCOUNT: Limit(10, 30),
    Kind.LINK_ADDRESS: Limit(6, 20),
    Kind.LINK: Limit(60, 5),
    Kind.CODE_ACCOUNT: Limit(10, 30),
    Kind.CODE_ADDRESS: Limit(40, 10),
}


class Throttle:
    """Counts tries; remembers at most `capacity` keys and forgets the longest untouched first.

    A forgotten key starts with a full bucket, so `capacity` is far above the number of keys that can be
    short of tries at one time on one machine.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Mapping[Kind, Limit] = LIMITS,
        *,
        scratch: Scratch | None = None,
        capacity: int = 50_000,
    ) -> None:
        self._clock = clock
        self._limits = dict(limits)
        self._capacity = capacity
        self._scratch = scratch or Scratch()
        self._scratch.require(_TABLE)
        self._tries = count()

    def __len__(self) -> int:
        with self._scratch.change() as shared:
            return _size(shared)

    def take(self, kind: Kind, key: str) -> None:
        """Spend one try of `key`. Raises `Fault` TOO_MANY with `retry_after` when none is left."""
        wait = self._spend(kind, key)
        if wait > 0:
            seconds = -(-wait // SECOND)
            raise Fault(
                Code.TOO_MANY,
                "That was tried too often in a short time.",
                f"Wait {_in_words(seconds)}, then try again.",
                name="too_many_tries",
                retry_after=seconds,
            )

    def _spend(self, kind: Kind, key: str) -> int:
        """Give 0 and spend, or the microseconds until a try is back and spend nothing."""
        limit, now = self._limits[kind], to_micros(self._clock.now())
        full = limit.burst * limit.interval
        with self._scratch.change() as shared:
            # A clock set back must not lock anybody out for longer than an empty bucket takes to fill.
            arrival = min(max(_arrival(shared, kind, key, now), now), now + full)
            wait = arrival + limit.interval - full - now
            shared.execute(
                "INSERT OR REPLACE INTO arrivals (kind, name, arrival) VALUES (?, ?, ?)",
                (kind.value, key, arrival + limit.interval if wait <= 0 else arrival),
            )
            self._forget(shared)
        return max(wait, 0)

    def _forget(self, shared: Connection) -> None:
        """Now and then, forget the longest untouched beyond the capacity: counting takes its time."""
        if next(self._tries) % max(1, self._capacity // 100):
            return
        beyond = max(0, _size(shared) - self._capacity)
        shared.execute(
            "DELETE FROM arrivals WHERE touched IN (SELECT touched FROM arrivals ORDER BY touched LIMIT ?)",
            (beyond,),
        )


def _size(shared: Connection) -> int:
    return int(shared.execute("SELECT count(*) FROM arrivals").fetchone()[0])


def _arrival(shared: Connection, kind: Kind, key: str, otherwise: int) -> int:
    found = shared.execute(
        "SELECT arrival FROM arrivals WHERE kind = ? AND name = ?", (kind.value, key)
    ).fetchone()
    return int(found[0]) if found else otherwise


def _in_words(seconds: int) -> str:
    if seconds < 100:
        return "a second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
