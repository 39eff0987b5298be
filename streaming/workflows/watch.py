"""Watching over one piece of work: progress out, word of a cancellation in, twice a second."""

import logging
import threading
import time
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from streaming.catalogue import attempts, making
from streaming.catalogue.model import VersionRow
from streaming.ids import VersionId
from streaming.workflows.house import House

log = logging.getLogger(__name__)
BEAT_SECONDS = 0.5


class Watch:
    """A thread that beats for an attempt while the `with` lasts; sets `cancel` when the run is over.

    `rungs` is how many video renditions the work encodes at once: each of its frames counts that often.
    """

    def __init__(
        self, house: House, version_id: VersionId, run: int, attempt: str = "", rungs: int = 0
    ) -> None:
        self.cancel = threading.Event()
        self._house = house
        self._version_id = version_id
        self._run = run
        self._attempt = attempt
        self._rungs = rungs
        self._frames = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"watch-{version_id}", daemon=True)

    def note(self, frames: int) -> None:
        """Note how many frames of the source are done."""
        self._frames = frames

    def given_up(self) -> bool:
        """Tell whether nobody wants the work any more."""
        return self.cancel.is_set()

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                if not self._write():
                    self.cancel.set()
                    return
            except SQLAlchemyError:
                # A locked database must not end an encode: the next beat is half a second away.
                log.warning("progress could not be written", exc_info=True)

    def _write(self) -> bool:
        house, now = self._house, self._house.clock.now()
        with house.database.write() as session:
            if not making.is_running(session, self._version_id, self._run):
                return False
            if self._attempt:
                attempts.beat(session, self._attempt, self._frames * self._rungs, now)
            if self._rungs:
                row = session.get_one(VersionRow, self._version_id)
                done = making.count_frames(session, self._version_id)
                left = house.seconds_left(self._version_id, done, row.frames_total, time.monotonic())
                making.save_progress(session, self._version_id, done, left)
        return True
