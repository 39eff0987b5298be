"""Opening the database, and the two ways to speak to it: `read()` and `write()`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

BUSY_SECONDS = 15


def open_engine(url: str) -> Engine:
    """Open an engine for `url`; SQLite gets WAL, full fsync, foreign keys and a patient lock.

    The driver's own transaction control is switched off (`isolation_level=None`), because it begins
    transactions late and deferred, and a deferred transaction cannot wait for a write lock.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_as_asked)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "secure_delete=ON",  # wrapped keys of a deleted title leave no page behind
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_as_asked(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


class Database:
    """One database: short sessions for reading and for writing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(begin="IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one snapshot and is rolled back at the end."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that holds the write lock from its first statement; commits on leaving.

        Keep it short: on SQLite every other writer waits for it.
        """
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def is_alive(self) -> bool:
        """Tell whether the database answers."""
        with self.engine.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
