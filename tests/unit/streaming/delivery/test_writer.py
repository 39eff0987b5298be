import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streaming.clock import FixedClock
from streaming.delivery.writer import GroupCommit
from streaming.errors import Fault
from tests.unit.streaming.delivery.house import START


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
    connection.close()
    return path


@pytest.fixture
def writer(path: Path) -> Iterator[GroupCommit]:
    writer = GroupCommit(path, FixedClock(START))
    yield writer
    writer.close()


def numbers(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT n FROM numbers ORDER BY n")]
    connection.close()
    return found


def add(number: int) -> Callable[[sqlite3.Connection, int], int]:
    def operation(connection: sqlite3.Connection, now: int) -> int:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return number

    return operation


def test_what_was_answered_is_on_disk(writer: GroupCommit, path: Path) -> None:
    async def run() -> None:
        assert await writer.run(add(1)) == 1
        assert numbers(path) == [1]

    asyncio.run(run())


def test_one_failure_in_a_group_is_its_own(writer: GroupCommit, path: Path) -> None:
    async def run() -> list[int | BaseException]:
        asked = [add(1), add(2), add(2), add(3)]
        waiting = (writer.run(one) for one in asked)
        return await asyncio.gather(*waiting, return_exceptions=True)

    one, two, again, three = asyncio.run(run())
    assert (one, two, three) == (1, 2, 3)
    assert isinstance(again, sqlite3.IntegrityError)
    assert numbers(path) == [1, 2, 3]


def test_a_waiter_that_left_harms_nobody(writer: GroupCommit, path: Path) -> None:
    async def run() -> None:
        leaving = asyncio.create_task(writer.run(add(1)))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await writer.run(add(2)) == 2

    asyncio.run(run())
    assert 2 in numbers(path)


def test_a_database_that_cannot_write_is_said_to_be_busy(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    writer = GroupCommit(tmp_path / "empty.sqlite", FixedClock(START))

    async def run() -> None:
        await writer.run(add(1))

    with pytest.raises(Fault) as refused:
        asyncio.run(run())
    assert refused.value.name == "busy"
    writer.close()


def test_closing_finishes_what_waits(writer: GroupCommit, path: Path) -> None:
    async def run() -> list[int]:
        waiting = [asyncio.create_task(writer.run(add(n))) for n in range(200)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        return [await task for task in waiting]

    assert asyncio.run(run()) == list(range(200))
    assert numbers(path) == list(range(200))
