"""Group commit: many small writes from the event loop, one durable transaction for all that wait."""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from streaming.clock import Clock, to_micros
from streaming.delivery.refusals import busy
from streaming.delivery.sql import open_writer

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection, int], T]
"""Runs inside the transaction with the instant in microseconds; what it returns is told after the commit."""

MAX_GROUP = 128
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    operation: Operation[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    outcome: Any = None
    error: BaseException | None = None


class GroupCommit:
    """One thread, one connection. An answer is given only after its transaction is on disk."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    async def run(self, operation: Operation[T]) -> T:
        """Run `operation` in the next transaction. Raises what it raises, or `Fault` busy."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._start()
        self._queue.put(_Waiting(operation, loop, future))
        return await future

    def close(self) -> None:
        """Finish what waits and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="playback-writer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        with contextlib.closing(open_writer(self._path)) as connection:
            going = True
            while going:
                group, going = self._next_group()
                if group:
                    self._commit(connection, group)
                    _tell(group)

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """Wait for one, then take all that came meanwhile. False when the end was asked for."""
        item = self._queue.get()
        group: list[_Waiting] = []
        while item is not None:
            group.append(item)
            if len(group) >= MAX_GROUP:
                return group, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _commit(self, connection: sqlite3.Connection, group: list[_Waiting]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            now = to_micros(self._clock.now())
            for waiting in group:
                _attempt(connection, waiting, now)
            connection.execute("COMMIT")
        except sqlite3.Error:
            _log.exception("a group of playback writes failed")
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for waiting in group:
                waiting.error = busy()


def _attempt(connection: sqlite3.Connection, waiting: _Waiting, now: int) -> None:
    """Run one operation behind a savepoint, so that its failure is its own."""
    connection.execute("SAVEPOINT one")
    try:
        waiting.outcome = waiting.operation(connection, now)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        waiting.error = error
    connection.execute("RELEASE one")


def _tell(group: list[_Waiting]) -> None:
    """Wake every waiter, with one call into each event loop."""
    for loop in {waiting.loop for waiting in group}:
        mine = [waiting for waiting in group if waiting.loop is loop]
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(group: list[_Waiting]) -> None:
    for waiting in group:
        if waiting.future.done():
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.outcome)
