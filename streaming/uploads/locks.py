"""One request at a time for each upload; a silent one yields to the next."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streaming.uploads.refusals import Refusal, locked

STALLED_SECONDS = 2.0
"""A holder that has heard nothing for this long is most likely a connection cut at the far end."""
PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.1


class Hold:
    """The right to write to an upload, and the request to give it up."""

    def __init__(self) -> None:
        self.give_up = asyncio.Event()
        self.reason: Refusal | None = None
        self.heard()

    def heard(self) -> None:
        """Note that bytes arrived."""
        self._heard_at = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since bytes arrived."""
        return time.monotonic() - self._heard_at

    def ask(self, reason: Refusal) -> None:
        """Ask the holder to keep what it has, answer `reason` and leave."""
        if self.reason is None:
            self.reason = reason
            self.give_up.set()


class Locks:
    """The holds of one process (one event loop); processes exclude each other by `flock` in files.py."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}

    @asynccontextmanager
    async def hold(
        self, upload_id: str, reason: Refusal, *, at_once: bool = False, patience: float = PATIENCE_SECONDS
    ) -> AsyncIterator[Hold]:
        """Wait for the upload, asking a silent holder (`at_once`: any holder) to leave with `reason`.

        Raises Refusal 423 if the holder is alive and still there after `patience` seconds.
        """
        await self.free(upload_id, reason, at_once=at_once, patience=patience)
        hold = self._holds[upload_id] = Hold()
        try:
            yield hold
        finally:
            del self._holds[upload_id]

    async def free(self, upload_id: str, reason: Refusal, *, at_once: bool, patience: float) -> None:
        """Wait until nobody holds the upload. No other task runs between its return and the caller."""
        until = time.monotonic() + patience
        while (present := self._holds.get(upload_id)) is not None:
            if at_once or present.silence >= STALLED_SECONDS:
                present.ask(reason)
            if time.monotonic() >= until:
                raise locked(int(PATIENCE_SECONDS))
            await asyncio.sleep(_LOOK_SECONDS)

    def ask(self, upload_id: str, reason: Refusal) -> None:
        """Ask the holder of an upload, if there is one, to leave."""
        if (present := self._holds.get(upload_id)) is not None:
            present.ask(reason)

    def ask_all(self, reason: Refusal) -> None:
        """Ask every holder to leave."""
        for hold in self._holds.values():
            hold.ask(reason)
