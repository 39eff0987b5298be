import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant
from streaming.db.engine import Database, open_engine


class Counter(Base):
    __tablename__ = "test_counters"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]
    changed: Mapped[datetime | None] = mapped_column(Instant)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(open_engine(f"sqlite:///{tmp_path / 'test.sqlite'}"))
    Base.metadata.create_all(database.engine, tables=[Base.metadata.tables["test_counters"]])
    with database.write() as session:
        session.add(Counter(id=1, value=0, changed=None))
    return database


def test_sqlite_is_opened_so_that_a_commit_is_durable(database: Database) -> None:
    with database.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_writers_at_once_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    def add_one_ten_times() -> None:
        for _ in range(10):
            with database.write() as session:
                counter = session.get_one(Counter, 1)
                counter.value += 1

    threads = [threading.Thread(target=add_one_ten_times) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(Counter, 1).value == 80


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    def write_then_fail() -> None:
        with database.write() as session:
            session.add(Counter(id=2, value=1, changed=None))
            session.flush()
            session.execute(text("INSERT INTO test_counters (id, value) VALUES (1, 1)"))

    with pytest.raises(IntegrityError):
        write_then_fail()
    with database.read() as session:
        assert session.get(Counter, 2) is None


def test_an_instant_comes_back_to_the_microsecond(database: Database) -> None:
    instant = datetime(2031, 2, 3, 4, 5, 6, 789123, tzinfo=UTC)
    with database.write() as session:
        session.get_one(Counter, 1).changed = instant
    with database.read() as session:
        assert session.get_one(Counter, 1).changed == instant


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.write() as session:
        session.get_one(Counter, 1).changed = datetime(2031, 1, 1)  # noqa: DTZ001
