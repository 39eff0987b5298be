"""Beginning before an upload is complete: one hand in the house makes the starter of what has arrived."""

import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from streaming.catalogue import early, work
from streaming.catalogue.early import Awaited
from streaming.catalogue.making import Stopped
from streaming.catalogue.ports import Arrivals
from streaming.catalogue.turns import STARTER
from streaming.catalogue.values import Task
from streaming.ids import VersionId
from streaming.jobs.identity import take_post
from streaming.workflows.chunks import attempt, encoding
from streaming.workflows.house import House
from streaming.workflows.prepare import work_of
from streaming.workflows.renditions import renditions_of
from streaming.workflows.watch import Watch
from transcoder.errors import Cancelled
from transcoder.planning.arriving import is_here
from transcoder.planning.plan import Chunk, Plan
from transcoder.studying.arriving import Study, study

log = logging.getLogger(__name__)
POST = "early"
LOOK_SECONDS = 1.0
LEAST_STEP = 64 << 10
STEPS = 16
"""A film is looked at again when a sixteenth more of it is here: Matroska is read from its beginning then."""
STUDIES_KEPT = 32


class EarlyHand:
    """A thread that makes the first chunks of films which still arrive, one chunk at a time.

    Of all workers on a machine one holds the post and does this; when it dies another takes it. It begins
    nothing while a chunk of a complete film waits. What it made is seen by nobody until the film is complete
    (`prepare.settle`).
    """

    def __init__(self, house: House, arrivals: Arrivals, folder: Path) -> None:
        self._house = house
        self._arrivals = arrivals
        self._folder = folder
        self._over = threading.Event()
        self._looks: dict[VersionId, int] = {}
        self._waits: set[VersionId] = set()
        self._studies: OrderedDict[VersionId, Study] = OrderedDict()
        # It lives as long as the process: ffmpeg dies with the thread that started it.
        self._thread = threading.Thread(target=self._work, name="early", daemon=True)

    def start(self) -> None:
        """Begin to look for uploads."""
        self._thread.start()

    def _work(self) -> None:
        while take_post(self._folder, POST) is None:
            self._over.wait(LOOK_SECONDS)
        while True:
            if not self._quiet_turn():
                self._over.wait(LOOK_SECONDS)

    def _quiet_turn(self) -> bool:
        try:
            return self.turn()
        except SQLAlchemyError:
            log.warning("the database did not answer", exc_info=True)
        except Exception:
            log.exception("a film that arrives could not be looked at")
        return False

    def turn(self) -> bool:
        """Make one chunk of one film, if there is any to make; tells whether it did."""
        with self._house.database.read() as session:
            waiting = early.awaited(session)
            busy = bool(waiting) and bool(work.wanted(session))
        self._forget_others(waiting)
        return not busy and any(self._serve(one) for one in waiting if one.version_id not in self._waits)

    def _forget_others(self, waiting: list[Awaited]) -> None:
        alive = {one.version_id for one in waiting}
        self._waits &= alive
        for known in (self._looks, self._studies):
            for version_id in [one for one in known if one not in alive]:
                known.pop(version_id)

    def _serve(self, one: Awaited) -> bool:
        found = self._arrivals.arrived(one.upload_id)
        if found is None:
            return False
        path, arrived = found
        chunk = self._ready(one)
        if chunk is None and arrived >= self._looks.get(one.version_id, LEAST_STEP):
            self._look(one, path, arrived)
            chunk = self._ready(one)
        return chunk is not None and self._make(one, chunk, arrived)

    def _look(self, one: Awaited, path: Path, arrived: int) -> None:
        self._looks[one.version_id] = arrived + max(LEAST_STEP, arrived // STEPS)
        policy = self._house.policy_of(one.period_seconds, one.protection)
        try:
            found = study(path, policy, self._study(one.version_id), arrived, limits=self._house.limits)
        except OSError:
            return  # it was cancelled a moment ago
        self._remember(one.version_id, found)
        if found.waits:
            self._waits.add(one.version_id)

    def _study(self, version_id: VersionId) -> Study:
        """What is known of a film; after a restart what was made of it says so."""
        if version_id in self._studies:
            return self._studies[version_id]
        with self._house.database.read() as session:
            text, made = early.plan_of(session, version_id), early.made(session, version_id)
        found = Study() if text is None else _remembered(Plan.from_json(text), made)
        self._remember(version_id, found)
        return found

    def _remember(self, version_id: VersionId, found: Study) -> None:
        self._studies[version_id] = found
        self._studies.move_to_end(version_id)
        while len(self._studies) > STUDIES_KEPT:
            self._studies.popitem(last=False)

    def _ready(self, one: Awaited) -> Chunk | None:
        """The first chunk that is not made, if it is here."""
        known = self._study(one.version_id)
        if known.plan is None:
            return None
        with self._house.database.read() as session:
            chunk = _first_besides(known.plan, early.made(session, one.version_id))
        return chunk if chunk is not None and is_here(known.plan, chunk, known.reach) else None

    def _make(self, one: Awaited, chunk: Chunk, arrived: int) -> bool:
        plan = self._study(one.version_id).plan
        task = None if plan is None else self._take(one, plan, chunk)
        if task is None or plan is None:
            return False
        try:
            make_early(self._house, task, plan, arrived)
        except (Stopped, Cancelled):
            return True
        except SQLAlchemyError:
            raise
        except Exception as fault:
            self._give_up(one, chunk, fault)
        finally:
            self._house.news.ring()
        return True

    def _give_up(self, one: Awaited, chunk: Chunk, fault: Exception) -> None:
        """Leave the film alone until it is complete: then the fault is told, if it is still one."""
        log.warning("%s waits for its last byte: %s", one.version_id, fault)
        self._waits.add(one.version_id)
        with self._house.database.write() as session:
            early.note_fault(session, one.version_id, chunk.index)

    def _take(self, one: Awaited, plan: Plan, chunk: Chunk) -> Task | None:
        house = self._house
        names = {*plan.starter, plan.iframes.name}
        renditions = [row for row in renditions_of(plan.opening()) if row.name in names]
        with house.database.write() as session:
            if not early.begin(session, one.version_id, plan.to_json(), renditions):
                return None
            now = house.clock.now()
            return early.take(session, one.version_id, chunk.index, chunk.frames, house.worker, now)


def _remembered(plan: Plan, made: set[int]) -> Study:
    first = _first_besides(plan, made)
    return Study(plan, first.first_frame / plan.frame_rate if first else Fraction(0))


def _first_besides(plan: Plan, made: set[int]) -> Chunk | None:
    return next((chunk for chunk in plan.chunks if chunk.index not in made), None)


def make_early(house: House, task: Task, plan: Plan, arrived: int) -> None:
    """Encode and commit the starter of a chunk that lies in the first `arrived` bytes of its film.

    Raises `Stopped`, `Cancelled`, `EncodeFailed` and whatever else stood in the way.
    """
    piece = task.pieces[0]
    chunk, names = work_of(plan, piece.number, STARTER)
    watch = Watch(
        house,
        task.version_id,
        attempts=(piece.attempt,),
        wanted=lambda session: early.is_running(session, piece.attempt),
    )
    attempt(
        house,
        lambda session: early.check_running(session, task.version_id, piece.attempt),
        piece,
        STARTER,
        watch,
        encoding(house, plan, chunk, names, replace(house.limits, arrived=arrived)),
    )
