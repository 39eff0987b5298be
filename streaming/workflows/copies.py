"""A run of copied chunks: one pass over the source, each chunk committed as soon as it is whole."""

import logging
from dataclasses import replace

from sqlalchemy.orm import Session

from streaming.catalogue import commit, making, replanning
from streaming.catalogue.values import ChunkResult, Piece, Task, VersionFacts
from streaming.workflows.committing import commit_made, note_end
from streaming.workflows.house import House, folder_of
from streaming.workflows.prepare import outlook_of, save, source_of
from streaming.workflows.sink import ObjectSink
from streaming.workflows.watch import Watch
from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import ChunkResult as Copied
from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Plan, make_plan
from transcoder.studying.content import choose_ladder

log = logging.getLogger(__name__)


def copy_run(house: House, task: Task) -> None:
    """Copy and commit the chunks that were taken, one after the other in one pass.

    A source whose packets are not as planned is planned anew, to be encoded. Raises `Stopped`, `Cancelled`.
    """
    plan = house.plan(task.version_id)
    run = _Run(house, task, plan)
    try:
        run.copy()
    except EncodeFailed as fault:
        log.warning("%s is encoded instead: %s", task.version_id, fault)
        _encode_instead(house, task, fault.sentence)


class _Run:
    """One pass; chunks that are committed stay whatever happens to the others."""

    def __init__(self, house: House, task: Task, plan: Plan) -> None:
        self._house = house
        self._task = task
        self._plan = plan
        self._open: dict[int, tuple[Piece, ObjectSink]] = {}

    def copy(self) -> None:
        house, task, plan = self._house, self._task, self._plan
        with house.database.read() as session:
            facts = self._check(session)
            known = {place: sha256 for place, (_, sha256) in commit.inits_of(session, facts.id).items()}
        for piece in task.pieces:
            sink = ObjectSink(house.objects, house.writers, folder_of(facts), piece.attempt, known)
            self._open[piece.number] = (piece, sink)
        names = [piece.attempt for piece in task.pieces]
        try:
            # Chunks pass too quickly for frames within them to be worth telling.
            with Watch(house, task.version_id, attempts=names, rungs=1, outlook=outlook_of(plan)) as watch:
                keys = house.keys(facts)
                copy_chunks(
                    source_of(house, facts),
                    plan,
                    [plan.chunks[piece.number] for piece in task.pieces],
                    keys.content_key,
                    lambda chunk: self._open[chunk.index][1],
                    self._commit,
                    cancel=watch.cancel,
                    limits=house.limits,
                    common=keys.common_key,
                )
        except BaseException as fault:
            for piece, sink in self._open.values():
                sink.discard()
                note_end(house, self._check, piece.attempt, fault)
            raise

    def _check(self, session: Session) -> VersionFacts:
        return making.check_wanted(session, self._task.version_id)

    def _commit(self, made: Copied) -> None:
        piece, sink = self._open[made.chunk]
        sink.finish()
        inits = tuple(sink.init(init) for init in made.inits)
        segments = tuple(sink.segment(self._plan, segment) for segment in made.segments)
        result = ChunkResult(made.chunk, self._task.part, piece.attempt, inits, segments)
        commit_made(self._house, self._check, result, sink)
        del self._open[made.chunk]
        self._house.news.ring()


def _encode_instead(house: House, task: Task, why: str) -> None:
    """Plan the film without a copy; what was made of it so far is thrown away. Raises `Stopped`, `Cancelled`.

    The new plan is decided here: the step that would do so may be over.
    """
    with house.database.read() as session:
        source = source_of(house, making.check_wanted(session, task.version_id))
    old = house.plan(task.version_id)
    with Watch(house, task.version_id) as watch:
        plan = make_plan(old.info, old.policy)
        plan = choose_ladder(source, plan, cancel=watch.cancel, limits=house.limits)
    plan = replace(plan, reasons=(*plan.reasons, f"The picture is not copied, but encoded: {why}"))
    with house.database.write() as session:
        making.check_wanted(session, task.version_id)
        text = making.plan_of(session, task.version_id)
        if text is None or not Plan.from_json(text).copied:
            return  # somebody was first
        replanning.forget_chunks(session, task.version_id, house.clock.now())
        save(session, task.version_id, plan)
    house.news.ring()
