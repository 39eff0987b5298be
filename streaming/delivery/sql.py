"""The SQL of the hot doors, all of it, over stdlib `sqlite3`; the ORM is too slow here.

Column names are those of `delivery.model`; `auth_sessions`, `api_tokens` and `titles` are read by name, and
what is read of licences is the gate's business. Instants are microseconds since 1970.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streaming.delivery.values import Gate

_COLUMNS = (
    "p.id, p.native, p.title_id, p.version_id, p.licence_id, p.account_id, p.auth_session_id, p.api_token_id,"
    " p.guest_hash, p.lease_until, p.released_at, p.seen_at, p.budget_level, p.budget_at, p.released_periods,"
    " p.position_s, t.owner_id, s.token_hash, s.expires_at, k.id"
)
_WIDTH = _COLUMNS.count(",") + 1

MAX_KEPT = 4096

OF_LICENCE = "licence_id = :licence"
OF_OWNER = "title_id = :title AND account_id = :account AND licence_id IS NULL"
"""Playbacks that share their slots: those of one licence, or of one owner's title."""
_COUNT = (
    "SELECT count(*) FROM playback_sessions WHERE {slots} AND released_at IS NULL"
    " AND lease_until > :cutoff AND id <> :self"
)
SPEND = "UPDATE playback_sessions SET budget_level = ?, budget_at = ?, released_periods = ? WHERE id = ?"
EXTEND = "UPDATE playback_sessions SET lease_until = ?, seen_at = ?, watched_s = watched_s + ? WHERE id = ?"
RENEW = (
    "UPDATE playback_sessions SET lease_until = ?, seen_at = ?, position_s = coalesce(?, position_s),"
    " watched_s = watched_s + ? WHERE id = ?"
)
RELEASE = (
    "UPDATE playback_sessions SET released_at = ?, seen_at = ?, position_s = coalesce(?, position_s),"
    " watched_s = watched_s + ? WHERE id = ? AND released_at IS NULL"
)
RESUME = (
    "INSERT INTO resume_positions (holder, title_id, position_s, updated_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (holder, title_id) DO UPDATE SET position_s = excluded.position_s,"
    " updated_at = excluded.updated_at"
)


class Playback(NamedTuple):
    """One row of the hot read: the playback, its login's state, its title's owner, its raw licence.

    A tuple, for a frozen dataclass takes five times as long to make.
    """

    id: str
    native: bool
    title_id: str
    version_id: str
    licence_id: str | None
    account_id: str | None
    auth_session_id: str | None
    api_token_id: str | None
    guest_hash: bytes | None
    lease_until: int
    released_at: int | None
    seen_at: int
    budget_level: int
    budget_at: int
    released_periods: bytes
    position_s: float
    owner_id: str
    login_hash: bytes | None
    login_expires_at: int | None
    live_token_id: str | None
    licence: tuple[Any, ...]


class PlaybackSql:
    """Reads a playback by the hash of its token, in one statement, on whichever connection is given."""

    def __init__(self, gate: Gate) -> None:
        self._by_token = (
            f"SELECT {_COLUMNS}, {gate.columns} FROM playback_sessions p"  # noqa: S608  # constants only
            " JOIN titles t ON t.id = p.title_id"
            " LEFT JOIN auth_sessions s ON s.id = p.auth_session_id"
            f" LEFT JOIN api_tokens k ON k.id = p.api_token_id {gate.joins} WHERE p.token_hash = ?"
        )

    def find(self, connection: sqlite3.Connection, token_hash: bytes) -> Playback | None:
        """Read one playback. `fetchall` ends the statement, so that no read snapshot stays open."""
        rows: Sequence[Sequence[Any]] = connection.execute(self._by_token, (token_hash,)).fetchall()
        if not rows:
            return None
        return Playback._make([*rows[0][:_WIDTH], rows[0][_WIDTH:]])


def others_active(connection: sqlite3.Connection, playback: Playback, cutoff: int) -> int:
    """Count the other playbacks that hold a slot of the same licence (or of the same owner and title)."""
    query = _COUNT.format(slots=OF_LICENCE if playback.licence_id else OF_OWNER)
    values = {
        "licence": playback.licence_id,
        "title": playback.title_id,
        "account": playback.account_id,
        "cutoff": cutoff,
        "self": playback.id,
    }
    count: int = connection.execute(query, values).fetchall()[0][0]
    return count


class Reader:
    """One thread's reading connection, and the rows it read since anybody last wrote.

    `PRAGMA data_version` changes with every commit of any other connection of any process, and this one
    never writes; so while it stands still, a row read under it is the row as it is now. It costs a third
    of reading the row anew.
    """

    def __init__(self, path: Path, rows: PlaybackSql) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
        self._connection.execute("PRAGMA query_only=ON")
        self._cursor = self._connection.cursor()
        self._rows = rows
        self._version = -1
        self._kept: dict[bytes, Playback | None] = {}

    def find(self, token_hash: bytes) -> Playback | None:
        """Read one playback as of the latest commit."""
        version: int = self._cursor.execute("PRAGMA data_version").fetchall()[0][0]
        if version != self._version or len(self._kept) >= MAX_KEPT:
            self._kept.clear()
            self._version = version
        elif token_hash in self._kept:
            return self._kept[token_hash]
        found = self._kept[token_hash] = self._rows.find(self._connection, token_hash)
        return found

    def close(self) -> None:
        """Close the connection."""
        self._kept.clear()
        self._connection.close()


def open_writer(path: Path) -> sqlite3.Connection:
    """Open a connection whose commits survive a power cut."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=15, check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection
