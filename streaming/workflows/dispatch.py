"""A worker's rounds: take titles from the queue, adopt the work of the dead, collect orphans."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from streaming.catalogue import making, store
from streaming.catalogue.collector import SILENCE, collect_all
from streaming.catalogue.values import Claim, Failure, TitleState
from streaming.jobs.durable import Jobs
from streaming.jobs.identity import is_held
from streaming.jobs.watch import ChangeWatch
from streaming.workflows.house import House
from streaming.workflows.transcode import Transcoding, workflow_id

log = logging.getLogger(__name__)

TITLES_AT_ONCE = 4
"""Each gets its first seconds at once; the rest takes turns, one encode at a time."""
LOOK_ANYWAY_SECONDS = 5.0
RECONCILE_SECONDS = 10.0
COLLECT_SECONDS = 1800.0
FIRST_COLLECT_SECONDS = 60.0
GRACE = timedelta(seconds=5)


class Dispatcher:
    """Runs in the worker's main thread until `stop` is set."""

    def __init__(self, house: House, jobs: Jobs, transcoding: Transcoding, names: Path) -> None:
        self._house = house
        self._jobs = jobs
        self._transcoding = transcoding
        self._names = names
        now = time.monotonic()
        self._duties: list[list[object]] = [
            [now, RECONCILE_SECONDS, self.reconcile],
            [now + FIRST_COLLECT_SECONDS, COLLECT_SECONDS, self.collect],
        ]

    def run(self, stop: threading.Event) -> None:
        """Look for work whenever the database changed, and do the duties when they are due."""
        watch = ChangeWatch(self._house.database.engine)
        looked = 0.0
        try:
            while not stop.wait(watch.pause):
                now = time.monotonic()
                if watch.changed() or now - looked > LOOK_ANYWAY_SECONDS:
                    looked = now
                    _quietly(self.take)
                for duty in self._duties:
                    due, every, act = duty
                    if now >= due:  # type: ignore[operator]
                        duty[0] = now + every  # type: ignore[operator]
                        _quietly(act)  # type: ignore[arg-type]
        finally:
            watch.close()

    def take(self) -> None:
        """Claim waiting titles while there is room, and start their workflows."""
        house = self._house
        while True:
            with house.database.read() as session:
                if not making.waiting(session):
                    return
                busy = len(making.claimed_by(session, [house.worker]))
            if busy >= TITLES_AT_ONCE:
                return
            with house.database.write() as session:
                claim = making.claim(session, house.worker, house.clock.now())
            if claim is None:
                return
            self._transcoding.start(claim)

    def reconcile(self) -> None:
        """Adopt what dead workers left, start what was claimed but never started, end what cannot go on."""
        house, now = self._house, self._house.clock.now()
        with house.database.read() as session:
            mine = making.claimed_by(session, [house.worker])
            dead = [name for name in making.makers(session) if name != house.worker and not self._alive(name)]
            left = making.claimed_by(session, dead)
        for claim in mine:
            if self._jobs.is_over(workflow_id(claim)):
                self._give_up(claim)
            else:
                self._transcoding.start(claim)
        for claim in left:
            with house.database.write() as session:
                adopted = making.adopt(session, claim.version_id, claim.run, house.worker)
            if adopted:
                self._transcoding.start(Claim(claim.version_id, claim.run + 1))
        with house.database.write() as session:
            making.abandon_silent_attempts(session, now, SILENCE)

    def _alive(self, name: str) -> bool:
        return is_held(self._names, name)

    def _give_up(self, claim: Claim) -> None:
        """A workflow ended without telling the catalogue: it took its worker down too often."""
        house, now = self._house, self._house.clock.now()
        failure = Failure(
            "too_many_crashes",
            "Making this film stopped the worker again and again, so it was given up.",
            "Try it once more; if it happens again, the file may be harmful or too large for this machine.",
        )
        with house.database.write() as session:
            facts = making.facts(session, claim.version_id)
            if facts is None or facts.run != claim.run:
                return
            among = (TitleState.ENCODING,)
            store.set_state(session, facts.title_id, TitleState.FAILED, now, among=among, failure=failure)

    def collect(self) -> None:
        """Remove objects that nobody knows."""
        house = self._house
        removed = collect_all(house.database, house.objects, house.clock.now())
        if removed:
            log.info("%d orphan objects were removed", removed)


def _quietly(act: Callable[[], None]) -> None:
    """A fault in one round must not end the worker: the next round tries again."""
    try:
        act()
    except SQLAlchemyError:
        log.warning("the database did not answer a worker's round", exc_info=True)
    except Exception:
        log.exception("a worker's round failed")
