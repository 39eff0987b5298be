"""Watching over one piece of work: progress out once a second, word of a cancellation in at once."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, making
from streaming.ids import VersionId
from streaming.workflows.estimate import Outlook
from streaming.workflows.house import House

log = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.1
"""Every commit is news; more often than this nobody looks whether it was a cancellation."""


class Watch:
    """A thread that beats for attempts while the `with` lasts; sets `cancel` when nobody wants the work.

    `run` is the run of the title's workflow that the work belongs to; None: it is a chunk, and wanted as
    long as the version is being made. `rungs` is how many video renditions the work encodes at once: each of
    its frames counts that often. `outlook` is what the film's plan lets expect. `wanted` tells whether the
    work still is, where the version's phase does not say.
    """

    def __init__(
        self,
        house: House,
        version_id: VersionId,
        run: int | None = None,
        attempts: Collection[str] = (),
        rungs: int = 0,
        outlook: Outlook | None = None,
        wanted: Callable[[Session], bool] | None = None,
    ) -> None:
        self.cancel = threading.Event()
        self._house = house
        self._version_id = version_id
        self._run = run
        self._attempts = tuple(attempts)
        self._rungs = rungs
        self._outlook = outlook or Outlook()
        self._wanted = wanted or self._is_made
        self._frames = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch-{version_id}", daemon=True)

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
        self._house.news.ring()
        self._thread.join()

    def _watch(self) -> None:
        seen, beat = self._house.news.count, time.monotonic() + BEAT_SECONDS
        while not self._over.is_set():
            seen = self._house.news.wait(seen, max(0.0, beat - time.monotonic()))
            if self._over.is_set():
                return
            if time.monotonic() >= beat:
                beat = time.monotonic() + BEAT_SECONDS
                wanted = self._asked(self.beat)
            else:
                wanted = self._asked(self._is_wanted)
            if not wanted:
                self.cancel.set()
                return
            self._pause()

    def _pause(self) -> None:
        deadline = time.monotonic() + LOOK_SECONDS
        while not self._over.is_set() and (left := deadline - time.monotonic()) > 0:
            self._house.news.wait(self._house.news.count, left)

    def _asked(self, ask: Callable[[], bool]) -> bool:
        try:
            return ask()
        except SQLAlchemyError:
            # A locked database must not end an encode: the next beat is a second away.
            log.warning("progress could not be written", exc_info=True)
            return True

    def _is_wanted(self) -> bool:
        with self._house.database.read() as session:
            return self._wanted(session)

    def _is_made(self, session: Session) -> bool:
        if self._run is None:
            return making.is_wanted(session, self._version_id)
        return making.is_running(session, self._version_id, self._run)

    def beat(self) -> bool:
        """Say how far it is; tells whether the work is still wanted."""
        if not self._is_wanted():
            return False
        if not self._attempts:
            return True
        house, now = self._house, self._house.clock.now()
        with house.database.write() as session:
            for attempt in self._attempts:
                attempts.beat(session, attempt, self._frames * self._rungs, now)
            if self._rungs:
                self._measure(session, now)
        house.news.aside()
        return True

    def _measure(self, session: Session, now: datetime) -> None:
        """Say how far the whole film is, whoever works on it."""
        house, version_id = self._house, self._version_id
        counts = making.count_parts(session, version_id)
        with house.metering:
            check_s = making.stored_bytes(session, version_id) / house.check_pace
            standing = house.meter(version_id).note(time.monotonic(), counts, self._outlook, check_s)
        making.save_progress(session, version_id, standing.frames, standing.percent, standing.eta_s, now)
