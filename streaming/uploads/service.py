"""The upload service: takes requests' bytes in without blocking, and calls the hooks of the house."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.ids import AccountId
from streaming.uploads import refusals
from streaming.uploads.appender import Appender
from streaming.uploads.collector import Collector
from streaming.uploads.files import Busy, UploadFiles
from streaming.uploads.joining import join
from streaming.uploads.keeper import Hooks, Keeper, Limits
from streaming.uploads.locks import PATIENCE_SECONDS, Hold, Locks
from streaming.uploads.model import State, Upload
from streaming.uploads.protocol import Chunk, Creation, decide_chunk
from streaming.uploads.reception import SILENCE_SECONDS, Cut, Reception
from streaming.uploads.refusals import Refusal
from streaming.uploads.rooms import Room, Rooms
from streaming.uploads.store import UploadStore

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

LIFE = timedelta(days=7)
"""How long an unfinished upload waits for its next byte."""
THREADS = 16
_HEAD_PATIENCE = 3.0
_BUSY_LOOK = 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UploadService:
    """Takes films in.

    `on_created(upload)` makes the title that the upload feeds and gives its id, or None; `on_finished`
    starts its work; `on_gone` is told of a terminated or expired upload. Each is called at least once for
    whole and final uploads, again after a crash, so all must be idempotent by `upload.id`; they run in a
    worker thread. `quota_used(owner)` gives the bytes of the owner's stored titles; uploads whose bytes
    are on the disk are counted here. Refusals are raised as `Refusal`. Async methods belong to one loop.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        root: Path,
        *,
        quota_bytes: int,
        max_size: int | None = None,
        on_created: Callable[[Upload], str | None] = lambda _upload: None,
        on_finished: Callable[[Upload], None] = lambda _upload: None,
        on_gone: Callable[[Upload], None] = lambda _upload: None,
        quota_used: Callable[[AccountId], int] = lambda _owner: 0,
        life: timedelta = LIFE,
        silence_seconds: float = SILENCE_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.max_size = quota_bytes if max_size is None else max_size
        self._files = UploadFiles(root, clock)
        self._keeper = Keeper(
            UploadStore(database),
            self._files,
            clock,
            Hooks(on_created, on_finished, on_gone, quota_used),
            Limits(quota_bytes, self.max_size, life),
        )
        self._collector = Collector(self._keeper)
        self._locks = Locks()
        self._rooms = Rooms()
        self._silence = silence_seconds
        self._patience = patience_seconds
        self._threads = ThreadPoolExecutor(THREADS, "upload")
        self._running: set[asyncio.Task[Upload]] = set()
        self._stopping = False

    # For the rest of the house; these block.

    def path(self, upload_id: str) -> Path:
        """Where the bytes of an upload lie."""
        return self._files.path(upload_id)

    def delete_file(self, upload_id: str) -> None:
        """Delete the bytes of an upload whose title is verified or deleted; absent ones are no error."""
        self._keeper.delete_file(upload_id)

    def hand_over_pending(self) -> int:
        """Call the hooks that a crash or a fault left owed; gives how many uploads were handed over."""
        return self._keeper.hand_over_pending()

    def collect(self) -> int:
        """Remove expired uploads, broken joins and stray files; gives how many."""
        return self._collector.collect()

    def find(self, owner: AccountId, upload_id: str) -> Upload:
        """Give the owner's upload. Raises Refusal 404 or 410."""
        return self._keeper.find(owner, upload_id)

    def unfinished(self, owner: AccountId) -> list[Upload]:
        """List the owner's uploads that wait for bytes, newest first."""
        return self._keeper.unfinished(owner)

    def bytes_held(self, owner: AccountId) -> int:
        """Bytes that the owner's uploads have announced, as long as their files may be on the disk."""
        return self._keeper.store.announced(owner)

    # For the HTTP edge.

    async def create(
        self, owner: AccountId, creation: Creation, stream: AsyncIterator[bytes] | None = None
    ) -> Upload:
        """Create an upload and take in the bytes that came along. Raises Refusal; nothing is left then."""
        return await self._guard(None, self._create(owner, creation, stream))

    async def append(
        self, owner: AccountId, upload_id: str, chunk: Chunk, stream: AsyncIterator[bytes]
    ) -> Upload:
        """Append a chunk; on return it is durable. Raises Refusal, or Cut when the connection ended."""
        return await self._guard(upload_id, self._append(owner, upload_id, chunk, stream))

    async def look(self, owner: AccountId, upload_id: str) -> Upload:
        """Give the upload as it stands, after a moment for a dying request to leave."""
        with suppress(Refusal):
            await self._locks.free(upload_id, refusals.interrupted(), at_once=False, patience=_HEAD_PATIENCE)
        return await self._run(self._keeper.find, owner, upload_id)

    async def terminate(self, owner: AccountId, upload_id: str) -> None:
        """Cancel an upload and remove its bytes. Raises Refusal 404, 409 (handed over), 410 or 423."""
        await self._guard(upload_id, self._terminate(owner, upload_id))

    async def stop(self) -> None:
        """Ask every request to keep what it has and leave; afterwards the service is closed."""
        self._stopping = True
        self._locks.ask_all(refusals.stopping())
        if self._running:
            await asyncio.wait(self._running)
        await asyncio.to_thread(self._threads.shutdown)

    async def _guard(self, upload_id: str | None, work: Coroutine[None, None, Upload]) -> Upload:
        """Run `work` as a task of its own: a cancelled request must still settle its file in order."""
        if self._stopping:
            work.close()
            raise refusals.stopping()
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_look_at)
            if upload_id is not None:
                self._locks.ask(upload_id, refusals.interrupted())
            raise

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*args, **kwargs))

    async def _create(
        self, owner: AccountId, creation: Creation, stream: AsyncIterator[bytes] | None
    ) -> Upload:
        if creation.kind == "final":
            return await self._run(join, self._keeper, owner, creation)
        upload = await self._run(self._keeper.create, owner, creation)
        self._rooms.announce(owner, upload.length or 0)
        if stream is None or not creation.carries_bytes:
            return upload
        chunk = Chunk(0, None, creation.checksum, creation.body_length)
        try:
            return await self._append(owner, upload.id, chunk, stream)
        except BaseException:
            # Its address was never answered, so nobody could come back for it.
            with suppress(Refusal):
                await self._terminate(owner, upload.id)
            raise

    async def _append(
        self, owner: AccountId, upload_id: str, chunk: Chunk, stream: AsyncIterator[bytes]
    ) -> Upload:
        reason = refusals.interrupted()
        async with self._locks.hold(upload_id, reason, patience=self._patience) as hold:
            upload = await self._run(self._keeper.find, owner, upload_id)
            if upload.state is not State.RECEIVING:
                decide_chunk(upload.standing, chunk, self.max_size)
                return upload
            appender = await self._open(upload_id, chunk.checksum.algorithm if chunk.checksum else None)
            try:
                upload = replace(upload, offset=appender.acknowledged)
                upload = await self._declare(upload, chunk)
                await self._fill(upload, chunk, stream, appender, hold)
            finally:
                upload = replace(upload, offset=appender.acknowledged)
                await self._run(appender.close)
                if upload.offset == upload.length:
                    upload = await self._run(self._keeper.complete, upload)
        return await self._run(self._keeper.find, owner, upload_id)

    async def _open(self, upload_id: str, algorithm: str | None) -> Appender:
        """Open the file, waiting while another process holds it. Raises Refusal 410 or 423."""
        until = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                return await self._run(self._files.open, upload_id, algorithm)
            except FileNotFoundError:
                raise refusals.gone("expired") from None
            except Busy:
                if asyncio.get_running_loop().time() >= until:
                    raise refusals.locked(int(PATIENCE_SECONDS)) from None
                await asyncio.sleep(_BUSY_LOOK)

    async def _declare(self, upload: Upload, chunk: Chunk) -> Upload:
        length = decide_chunk(upload.standing, chunk, self.max_size)
        if length is None or length == upload.length:
            return upload
        declared = await self._run(self._keeper.declare_length, upload, length)
        self._rooms.announce(upload.owner_id, length - upload.offset)
        return declared

    async def _fill(
        self, upload: Upload, chunk: Chunk, stream: AsyncIterator[bytes], appender: Appender, hold: Hold
    ) -> None:
        """Take the chunk in: a plain one keeps all that arrived, one with a checksum all or nothing."""
        room = await self._room(upload)
        reception = self._reception(upload, appender, hold, room)
        try:
            with room.used() if room is not None else nullcontext():
                await self._receive(chunk, stream, appender, reception)
        except FileNotFoundError:  # deleted with its title while it was being filled
            raise refusals.gone("terminated") from None
        except OSError as error:
            log.exception("upload %s could not be stored", upload.id)
            held = await self._run(appender.discard)
            full = error.errno in _FULL
            raise (refusals.disk_full(held) if full else refusals.disk_failed(held)) from error
        finally:
            self._rooms.leave(upload.owner_id)

    async def _receive(
        self, chunk: Chunk, stream: AsyncIterator[bytes], appender: Appender, reception: Reception
    ) -> None:
        try:
            await reception.run(stream)
            _require_whole(chunk, reception, appender)
        except (Cut, Refusal):
            await self._run(appender.settle if chunk.checksum is None else appender.discard)
            raise
        await self._run(appender.settle)

    async def _room(self, upload: Upload) -> Room | None:
        """Give what an upload of unknown length takes from; an announced one has its bytes kept free."""
        if upload.length is not None:
            return None
        return await self._rooms.enter(upload.owner_id, lambda: self._run(self._keeper.room, upload.owner_id))

    def _reception(self, upload: Upload, appender: Appender, hold: Hold, room: Room | None) -> Reception:
        length, quota = upload.length, self._keeper.limits.quota
        if length is not None:
            limit, refusal = length - upload.offset, refusals.beyond_length(length)
        else:
            left = room.left if room is not None else 0
            limit = self.max_size - upload.offset
            refusal = refusals.quota_exceeded(upload.offset + min(left, limit) + 1, left, quota)
        return Reception(
            appender,
            hold,
            self._threads,
            limit=limit,
            beyond=lambda: refusal,
            room=room,
            is_full=self._files.is_full,
            silence_seconds=self._silence,
        )

    async def _terminate(self, owner: AccountId, upload_id: str) -> Upload:
        reason = refusals.gone("terminated")
        async with self._locks.hold(upload_id, reason, at_once=True, patience=self._patience):
            upload = await self._run(self._keeper.find, owner, upload_id)
            if upload.state is not State.RECEIVING and upload.kind != "partial":
                raise Refusal(
                    409,
                    "upload_handed_over",
                    "This upload is complete and its film is being made.",
                    "Cancel or delete the film instead.",
                )
            appender = await self._open(upload_id, None)
            try:
                await self._run(self._keeper.remove, upload, State.TERMINATED)
            finally:
                await self._run(appender.close)
            return upload


def _require_whole(chunk: Chunk, reception: Reception, appender: Appender) -> None:
    if chunk.body_length is not None and reception.received < chunk.body_length:
        raise Cut
    if chunk.checksum is not None and not appender.matches(chunk.checksum.digest):
        raise refusals.checksum_mismatch(appender.acknowledged)


def _look_at(task: asyncio.Task[Upload]) -> None:
    """Take note of how an abandoned request ended, so that the loop does not complain."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("an abandoned upload request ended: %s", error)
