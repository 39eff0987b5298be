"""What the processes of one house must know of each other at once, and what may be lost: rate limits, clocks.

One small SQLite file, written without waiting for the disk. It is removed whenever the house starts.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

BUSY_SECONDS = 5.0
FILE = "scratch.sqlite"


class Scratch:
    """A shared note pad below `folder`; without one, of this process alone and in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = ":memory:" if folder is None else str(folder / FILE)
        self._connection: sqlite3.Connection | None = None
        self._tables: list[str] = []
        self._lock = Lock()

    def require(self, table: str) -> None:
        """Have a table: `table` is its `CREATE TABLE IF NOT EXISTS …`."""
        with self._lock:
            self._tables.append(table)
            if self._connection is not None:
                self._connection.execute(table)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a write transaction: no other process reads or writes meanwhile."""
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            for table in self._tables:
                connection.execute(table)
            self._connection = connection
        return self._connection


def remove(folder: Path) -> None:
    """Remove what an earlier house left; a power cut may have torn it."""
    for file in folder.glob(f"{FILE}*"):
        file.unlink(missing_ok=True)
