"""Takes in one request's bytes: the event loop receives while threads write, hash and sync."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor

from streaming.uploads.appender import Appender
from streaming.uploads.locks import Hold
from streaming.uploads.refusals import Refusal, disk_full, interrupted, silent
from streaming.uploads.rooms import Room

BATCH_BYTES = 1 << 20
BATCH_PIECES = 1024
"""A body in tiny pieces is written early: every piece costs an object."""
TICK_SECONDS = 1.0
SILENCE_SECONDS = 60.0


class Cut(Exception):
    """The connection ended before the body did."""


class Reception:
    """Moves a stream into an `Appender`, holding at most two batches of about 1 MiB.

    `limit` is how many bytes may come, and `room` what they are taken from if they were not announced; more
    raise the refusal that `beyond` makes. `is_full(received)` tells whether the disk needs its last bytes
    for other things.
    """

    def __init__(
        self,
        appender: Appender,
        hold: Hold,
        threads: Executor,
        *,
        limit: int,
        beyond: Callable[[], Refusal],
        room: Room | None = None,
        is_full: Callable[[int], bool] = lambda _received: False,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._appender = appender
        self._hold = hold
        self._threads = threads
        self._limit = limit
        self._beyond = beyond
        self._room = room
        self._is_full = is_full
        self._silence_seconds = silence_seconds
        self._batch: list[bytes] = []
        self._size = 0
        self._received = 0
        self._writing: asyncio.Future[None] | None = None

    @property
    def received(self) -> int:
        """Bytes taken in so far."""
        return self._received

    async def run(self, stream: AsyncIterator[bytes]) -> None:
        """Receive to the end; on return no write is under way, and all that was taken in is written.

        Raises what ended it early: Cut, Refusal (asked to leave, silence, too many bytes) or OSError.
        Even then everything taken in has been handed to the appender, except after an OSError.
        """
        pump = asyncio.create_task(self._pump(stream))
        asked = asyncio.create_task(self._hold.give_up.wait())
        try:
            while not pump.done():
                await asyncio.wait({pump, asked}, timeout=TICK_SECONDS, return_when="FIRST_COMPLETED")
                if pump.done():
                    break
                if asked.done():
                    raise self._hold.reason or interrupted()
                if self._hold.silence >= self._silence_seconds:
                    raise silent(self._silence_seconds)
                self._tick()
            pump.result()
        finally:
            pump.cancel()
            asked.cancel()
            await asyncio.wait({pump, asked})
            await self._finish()

    async def _pump(self, stream: AsyncIterator[bytes]) -> None:
        async for piece in stream:
            if not piece:
                continue
            self._hold.heard()
            if self._received + len(piece) > self._limit or not self._may_take(len(piece)):
                raise self._beyond()
            self._received += len(piece)
            self._batch.append(piece)
            self._size += len(piece)
            if self._size >= BATCH_BYTES or len(self._batch) >= BATCH_PIECES:
                await self._turn()
                if self._is_full(self._received):
                    raise disk_full(self._appender.acknowledged)
                self._write()

    def _may_take(self, size: int) -> bool:
        return self._room is None or self._room.take(size)

    def _tick(self) -> None:
        """Let a trickle reach the disk too: once a second whatever lies about is written and synced."""
        if (self._writing is None or self._writing.done()) and (self._batch or self._appender.pending):
            self._check()
            self._write()

    async def _turn(self) -> None:
        """Wait until no write is under way; raises the OSError of the last one."""
        while self._writing is not None and not self._writing.done():
            # `wait` leaves the write alone when this task is cancelled: a thread cannot be called back.
            await asyncio.wait({self._writing})
        self._check()

    def _check(self) -> None:
        if self._writing is not None and self._writing.done():
            done, self._writing = self._writing, None
            done.result()

    def _write(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(self._threads, self._appender.write, batch)

    async def _finish(self) -> None:
        await self._turn()
        if self._batch:
            self._write()
            await self._turn()
