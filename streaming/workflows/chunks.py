"""Encoding one part of one chunk: objects first, then one transaction that shows them, or nothing at all."""

import logging
from collections.abc import Callable, Collection

from streaming.catalogue import attempts, commit, making, work
from streaming.catalogue.making import Stopped
from streaming.catalogue.turns import COPY, TEXT
from streaming.catalogue.values import ChunkResult, NewInit, NewSegment, Piece, Task, VersionFacts
from streaming.ids import VersionId
from streaming.workflows.committing import Check, commit_made, note_end
from streaming.workflows.copies import copy_run
from streaming.workflows.ending import end_making
from streaming.workflows.faults import verdict_of
from streaming.workflows.house import House, folder_of
from streaming.workflows.prepare import outlook_of, source_of, work_of
from streaming.workflows.sink import ObjectSink
from streaming.workflows.watch import Watch
from transcoder.encoding.encode import encode_chunk
from transcoder.errors import Cancelled, EncodeFailed
from transcoder.keys.keyschedule import TitleKeys
from transcoder.planning.plan import Chunk, Plan
from transcoder.programs.sandbox import Limits
from transcoder.texts.subtitles import extract_text

log = logging.getLogger(__name__)
Made = tuple[tuple[NewInit, ...], tuple[NewSegment, ...]]
Work = Callable[[VersionFacts, TitleKeys, ObjectSink, Watch], Made]


def do_task(house: House, task: Task) -> None:
    """Encode and commit what was taken from the queue; no fault leaves here.

    The encoder's fault is noted with the chunk: the queue tries it again, or gives it up, and the rest of
    the film goes on. Any other fault would meet every chunk, and ends the making.
    """
    try:
        if task.part == COPY:
            copy_run(house, task)
        else:
            for piece in task.pieces:
                _do_piece(house, task, piece)
    except (Stopped, Cancelled):
        pass
    except Exception as fault:
        end_making(house, task.version_id, verdict_of(fault))
    finally:
        with house.database.write() as session:
            for piece in task.pieces:
                attempts.end_attempt(session, piece.attempt, "cancelled", house.clock.now())
        house.news.ring()


def _do_piece(house: House, task: Task, piece: Piece) -> None:
    try:
        _encode(house, task, piece)
    except EncodeFailed as fault:
        verdict = verdict_of(fault)
        assert verdict.failure is not None  # noqa: S101  # an encoder's fault is always a failure
        with house.database.write() as session:
            work.note_fault(session, task.version_id, piece.number, task.part, verdict.failure)


def _encode(house: House, task: Task, piece: Piece) -> None:
    """Encode one piece. Raises `EncodeFailed`, `Stopped` and whatever else stood in the way."""
    plan = house.plan(task.version_id)
    chunk, names = work_of(plan, piece.number, task.part)
    rungs = sum(1 for rung in plan.video if rung.name in names)
    with house.database.read() as session:
        outlook = outlook_of(plan, making.with_starter(session, task.version_id))
    watch = Watch(house, task.version_id, attempts=(piece.attempt,), rungs=rungs, outlook=outlook)
    attempt(
        house,
        lambda session: making.check_wanted(session, task.version_id),
        piece,
        task.part,
        watch,
        encoding(house, plan, chunk, names, house.limits),
    )


def encoding(house: House, plan: Plan, chunk: Chunk, names: Collection[str], limits: Limits) -> Work:
    """Give the work of encoding renditions of a chunk by a plan."""

    def made(facts: VersionFacts, keys: TitleKeys, sink: ObjectSink, watch: Watch) -> Made:
        result = encode_chunk(
            source_of(house, facts),
            plan,
            chunk,
            names,
            keys.content_key,
            sink,
            progress=watch.note,
            cancel=watch.cancel,
            limits=limits,
            common=keys.common_key,
        )
        inits = tuple(sink.init(init) for init in result.inits)
        return inits, tuple(sink.segment(plan, segment) for segment in result.segments)

    return made


def extract_part(house: House, version_id: VersionId, run: int, number: int) -> None:
    """Extract, encrypt and commit subtitle track `number`. Raises `Stopped`."""
    plan = house.plan(version_id)
    text = plan.texts[number]

    def made(facts: VersionFacts, keys: TitleKeys, sink: ObjectSink, watch: Watch) -> Made:
        source = source_of(house, facts)
        found = extract_text(
            source, plan, text, keys.content_key, sink, cancel=watch.cancel, limits=house.limits
        )
        return (), tuple(sink.segment(plan, segment) for segment in found)

    spare_part(house, version_id, run, (number, TEXT, text.name), made)


def spare_part(
    house: House, version_id: VersionId, run: int, place: tuple[int, str, str], made: Work
) -> None:
    """Make and commit the rendition that is all of a part: `place` is (number, part, its name). Raises
    `Stopped`.

    What cannot be made is left out: the film is worth having without it.
    """
    number, part, name = place
    with house.database.write() as session:
        if name not in making.rendition_names(session, version_id):
            return
        if attempts.is_committed(session, version_id, number, part):
            return
        making.check_running(session, version_id, run)
        piece = work.begin(session, version_id, [number], part, house.worker, house.clock.now()).pieces[0]
    try:
        watch = Watch(house, version_id, run, (piece.attempt,))
        attempt(
            house, lambda session: making.check_running(session, version_id, run), piece, part, watch, made
        )
    except EncodeFailed as fault:
        log.warning("%s of %s is left out: %s", name, version_id, fault)
        with house.database.write() as session:
            making.check_running(session, version_id, run)
            making.drop_rendition(session, version_id, name)


def attempt(house: House, check: Check, piece: Piece, part: str, watch: Watch, made: Work) -> None:
    """Do the work of an attempt that has begun; `check` raises `Stopped` when nobody wants it any more."""
    sink: ObjectSink | None = None
    try:
        with house.database.read() as session:
            facts = check(session)
            known = {place: sha256 for place, (_, sha256) in commit.inits_of(session, facts.id).items()}
        sink = ObjectSink(house.objects, house.writers, folder_of(facts), piece.attempt, known)
        with watch:
            inits, segments = made(facts, house.keys(facts), sink, watch)
            sink.finish()
        commit_made(house, check, ChunkResult(piece.number, part, piece.attempt, inits, segments), sink)
    except BaseException as fault:
        if sink is not None:
            sink.discard()
        note_end(house, check, piece.attempt, fault)
        raise
