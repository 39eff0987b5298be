"""Appending to one upload: writing, hashing and syncing overlap; only synced bytes are acknowledged."""

import hashlib
import hmac
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from streaming.clock import Clock
from streaming.uploads.ledger import Ledger

SYNC_BYTES = 16 << 20
SYNC_SECONDS = 1.0
MAX_UNSYNCED = 64 << 20
"""A disk slower than the network is waited for here, so that a crash never costs more than this."""
_MAX_BUFFERS = 512  # below IOV_MAX


class Appender:
    """An open, locked upload. Not for two threads at once; calls block, so make them from a worker thread.

    With an `algorithm` the chunk is judged as a whole: nothing is acknowledged before `settle`, though
    its bytes are already on their way to the disk. Without one, every 16 MB or second is acknowledged.
    Any OSError leaves the acknowledged offset as it was; call `discard` or `close` then.
    """

    def __init__(self, fd: int, ledger: Ledger, offset: int, clock: Clock, algorithm: str | None) -> None:
        self.fd = fd
        self.acknowledged = offset
        self.written = offset
        self._ledger = ledger
        self._clock = clock
        self._hash = None if algorithm is None else hashlib.new(algorithm, usedforsecurity=False)
        self._synced = offset
        self._synced_at = time.monotonic()
        self._syncing: Future[int] | None = None
        self._broken: OSError | None = None
        # One thread syncs, one hashes; they start when first needed and end with `close`.
        self._syncer = ThreadPoolExecutor(1, "upload-sync")
        self._hasher = ThreadPoolExecutor(1, "upload-hash")

    def write(self, batch: Sequence[bytes]) -> None:
        """Append `batch`; an empty one only lets a due sync begin.

        After an OSError nothing can be appended until `discard`: what follows a hole must never count.
        """
        if self._broken is not None:
            raise self._broken
        hashing = self._hasher.submit(self._update, batch) if self._hash and batch else None
        try:
            self._write_all(batch)
        except OSError as error:
            self._broken = error
            raise
        finally:
            if hashing is not None:
                hashing.result()
        self._sync_if_due()

    def _update(self, batch: Sequence[bytes]) -> None:
        if self._hash is not None:
            for piece in batch:
                self._hash.update(piece)

    def _write_all(self, batch: Sequence[bytes]) -> None:
        left = [memoryview(piece) for piece in batch if piece]
        while left:
            count = os.pwritev(self.fd, left[:_MAX_BUFFERS], self.written)
            self.written += count
            while left and count >= len(left[0]):
                count -= len(left.pop(0))
            if count:
                left[0] = left[0][count:]

    def advance(self, count: int) -> None:
        """Take note of `count` bytes that the kernel copied to `fd` at `written`."""
        self.written += count
        self._sync_if_due()

    def _sync_if_due(self) -> None:
        self._reap(wait=self.written - self._synced >= MAX_UNSYNCED)
        unsynced = self.written - self._synced
        due = unsynced >= SYNC_BYTES or time.monotonic() - self._synced_at >= SYNC_SECONDS
        if unsynced and due and self._syncing is None:
            self._syncing = self._syncer.submit(self._sync, self.written)

    def _sync(self, upto: int) -> int:
        os.fdatasync(self.fd)
        if self._hash is None:
            self._ledger.record(upto, self._clock.now())
            self.acknowledged = upto
        return upto

    def _reap(self, *, wait: bool) -> None:
        """Take note of a sync that has ended; raises its OSError, if it failed."""
        if self._syncing is not None and (wait or self._syncing.done()):
            running, self._syncing = self._syncing, None
            failure = running.exception()
            if isinstance(failure, OSError):
                self._broken = failure  # the kernel may have dropped the pages: they must come again
            self._synced = running.result()
            self._synced_at = time.monotonic()

    @property
    def pending(self) -> bool:
        """Whether bytes were written that are not yet acknowledged."""
        return self.written > self.acknowledged

    def matches(self, digest: bytes) -> bool:
        """Tell whether everything written since opening hashes to `digest`."""
        return self._hash is not None and hmac.compare_digest(self._hash.digest(), digest)

    def settle(self) -> int:
        """Sync and acknowledge everything written; gives the acknowledged offset."""
        self._reap(wait=True)
        if self._broken is not None:
            raise self._broken
        if self.pending:
            os.fdatasync(self.fd)
            self._ledger.record(self.written, self._clock.now())
            self.acknowledged = self._synced = self.written
        return self.acknowledged

    def discard(self) -> int:
        """Forget what is not acknowledged; gives the acknowledged offset."""
        self._await_sync()
        os.ftruncate(self.fd, self.acknowledged)
        self.written = self._synced = self.acknowledged
        self._broken = None
        return self.acknowledged

    def _await_sync(self) -> None:
        running, self._syncing = self._syncing, None
        if running is not None:
            running.exception()

    def close(self) -> None:
        """Let go of the file and its lock."""
        if self.fd >= 0:
            self._await_sync()
            self._syncer.shutdown()
            self._hasher.shutdown()
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
