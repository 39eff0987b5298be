"""A worker's rounds: tell its threads of news, take titles from the queue, adopt the work of the dead,
collect orphans."""

import ctypes
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from streaming.catalogue import attempts, making, queue, work
from streaming.catalogue.collector import SILENCE, collect_all
from streaming.catalogue.values import Claim, Failure
from streaming.jobs.durable import Jobs
from streaming.jobs.identity import is_name, living
from streaming.jobs.watch import ChangeWatch, Listener
from streaming.workflows.ending import end_making
from streaming.workflows.house import House
from streaming.workflows.retire import retire
from streaming.workflows.transcode import Transcoding, workflow_id
from streaming.workflows.verdict import failed

log = logging.getLogger(__name__)

TITLES_AT_ONCE = 4
"""In the whole house. Each gets its first seconds at once; their chunks take turns."""
LOOK_ANYWAY_SECONDS = 5.0
QUIET_SECONDS = 0.5
"""Progress is written all the time; news that came in the same moment as some of it wait at most so long."""
ROLL_CALL_SECONDS = 0.25
RECONCILE_SECONDS = 10.0
COLLECT_SECONDS = 1800.0
FIRST_COLLECT_SECONDS = 60.0


@dataclass
class _Duty:
    """Something to do every so many seconds."""

    due: float
    every: float
    act: Callable[[], None]

    def do_if_due(self, now: float) -> None:
        """Do it if its time has come."""
        if now >= self.due:
            self.due = now + self.every
            _quietly(self.act)


class Dispatcher:
    """Runs in the worker's main thread until `stop` is set."""

    def __init__(self, house: House, jobs: Jobs, transcoding: Transcoding, names: Path) -> None:
        self._house = house
        self._jobs = jobs
        self._transcoding = transcoding
        self._names = names
        self._started: set[str] = set()
        self._living: set[str] = set()
        now = time.monotonic()
        self._duties = (
            _Duty(now + ROLL_CALL_SECONDS, ROLL_CALL_SECONDS, self.call_roll),
            _Duty(now, RECONCILE_SECONDS, self.reconcile),
            _Duty(now + FIRST_COLLECT_SECONDS, COLLECT_SECONDS, self.collect),
        )

    def run(self, stop: threading.Event) -> None:
        """Look for work whenever the database changed, and do the duties when they are due."""
        watch = ChangeWatch(self._house.database.engine)
        listener = Listener(watch, self._house.news, QUIET_SECONDS)
        looked = 0.0
        try:
            while not stop.wait(watch.pause):
                now = time.monotonic()
                if listener.hears(now) or now - looked > LOOK_ANYWAY_SECONDS:
                    looked = now
                    self._house.news.ring()
                    _quietly(self.take)
                for duty in self._duties:
                    duty.do_if_due(now)
        finally:
            watch.close()

    def take(self) -> None:
        """Claim waiting titles while there is room, and start their workflows."""
        house = self._house
        while True:
            with house.database.read() as session:
                if queue.next_in_line(session, TITLES_AT_ONCE) is None:
                    return
            with house.database.write() as session:
                claim = queue.claim(session, house.worker, house.clock.now(), TITLES_AT_ONCE)
            if claim is None:
                return
            self._start(claim)

    def _start(self, claim: Claim) -> None:
        """Start a workflow, once in the life of this process; what DBOS recovers by itself it knows by id."""
        if workflow_id(claim) not in self._started:
            self._started.add(workflow_id(claim))
            self._transcoding.start(claim)

    def call_roll(self) -> None:
        """Look which workers live; what a dead one had in hand is free for others at once."""
        alive = set(living(self._names))
        gone, self._living = self._living - alive, alive
        if gone:
            self.reconcile()

    def reconcile(self) -> None:
        """Adopt what dead workers left, start what was claimed but never started, end what cannot go on."""
        house, now = self._house, self._house.clock.now()
        self._bury_the_dead()
        with house.database.read() as session:
            mine = queue.claimed_by(session, [house.worker])
            left = queue.claimed_by(session, self._dead(queue.makers(session)))
        for claim in mine:
            if self._jobs.is_over(workflow_id(claim)):
                self._give_up(claim)
            else:
                self._start(claim)
        for claim in left:
            with house.database.write() as session:
                adopted = queue.adopt(session, claim.version_id, claim.run, house.worker)
            if adopted:
                self._start(Claim(claim.version_id, claim.run + 1))
        with house.database.write() as session:
            attempts.abandon_silent_attempts(session, now, SILENCE)
        retire(house)
        self._forget_ended()

    def _forget_ended(self) -> None:
        """Remove the records of ended workflows: the catalogue knows how they ended."""
        ended = [started for started in self._started if self._jobs.is_over(started)]
        for started in ended:
            self._started.discard(started)
            self._jobs.forget(started)
        if ended:
            give_memory_back()

    def _bury_the_dead(self) -> None:
        house = self._house
        with house.database.read() as session:
            dead = self._dead(attempts.workers(session))
        if dead:
            with house.database.write() as session:
                for name in dead:
                    work.bury(session, name, house.clock.now())
            house.news.ring()

    def _dead(self, names: Iterable[str]) -> list[str]:
        alive = {self._house.worker, *living(self._names)}
        return [name for name in names if is_name(name) and name not in alive]

    def _give_up(self, claim: Claim) -> None:
        """A workflow ended without telling the catalogue: it took its worker down too often."""
        failure = Failure(
            "too_many_crashes",
            "Making this film stopped the worker again and again, so it was given up.",
            "Try it once more; if it happens again, the film may be harmful or too large for this machine.",
        )
        with self._house.database.read() as session:
            facts = making.facts(session, claim.version_id)
        if facts is not None and facts.run == claim.run:
            end_making(self._house, claim.version_id, failed(failure))

    def collect(self) -> None:
        """Remove objects that nobody knows, and uploads whose titles are ready."""
        house = self._house
        if not house.keep_uploads:
            with house.database.read() as session:
                spent = making.spent_uploads(session)
            for upload_id in spent:
                if house.sources.source_path(upload_id) is not None:
                    house.sources.discard(upload_id)
        removed = collect_all(house.database, house.objects, house.clock.now())
        if removed:
            log.info("%d orphan objects were removed", removed)


def give_memory_back() -> None:
    """Return freed memory to the system after imports and after a film: some 6 MB that glibc would keep."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _quietly(act: Callable[[], None]) -> None:
    """A fault in one round must not end the worker: the next round tries again."""
    try:
        act()
    except SQLAlchemyError:
        log.warning("the database did not answer a worker's round", exc_info=True)
    except Exception:
        log.exception("a worker's round failed")
