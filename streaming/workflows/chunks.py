"""Encoding one part of one chunk: objects first, then one transaction that shows them, or nothing at all."""

import logging
from collections.abc import Callable

from streaming.catalogue import attempts, commit, making
from streaming.catalogue.making import Stopped
from streaming.catalogue.values import ChunkResult, NewInit, NewSegment, VersionFacts
from streaming.ids import VersionId
from streaming.workflows.house import House, folder_of, new_attempt
from streaming.workflows.prepare import REST, STARTER, TEXT, source_of, work_of
from streaming.workflows.sink import ObjectSink
from streaming.workflows.watch import Watch
from transcoder.encode import encode_chunk
from transcoder.errors import Cancelled, EncodeFailed
from transcoder.keyschedule import TitleKeys
from transcoder.subtitles import extract_text

log = logging.getLogger(__name__)
TRIES = 2
Made = tuple[tuple[NewInit, ...], tuple[NewSegment, ...]]
Work = Callable[[VersionFacts, TitleKeys, ObjectSink, Watch], Made]


def encode_part(house: House, version_id: VersionId, run: int, number: int, part: str) -> None:
    """Encode and commit a chunk part, unless it is committed. Raises `EncodeFailed`, `Stopped`.

    The starter does not wait for its turn: it is short, and somebody wants to watch.
    """
    plan = house.plan(version_id)
    chunk, names = work_of(plan, number, part)
    rungs = sum(1 for name in names if not plan.is_audio(name))

    def work(facts: VersionFacts, keys: TitleKeys, sink: ObjectSink, watch: Watch) -> Made:
        result = encode_chunk(
            source_of(house, facts),
            plan,
            chunk,
            names,
            keys.content_key,
            sink,
            progress=watch.note,
            cancel=watch.cancel,
            limits=house.limits,
        )
        inits = tuple(sink.init(init) for init in result.inits)
        return inits, tuple(sink.segment(plan, segment) for segment in result.segments)

    if part == STARTER:
        _tries(house, version_id, run, number, part, rungs, work)
        return
    with house.gate.enter(0 if part == REST else 1, _given_up(house, version_id, run)) as inside:
        if not inside:
            raise Stopped(version_id)
        _tries(house, version_id, run, number, part, rungs, work)


def extract_part(house: House, version_id: VersionId, run: int, number: int) -> None:
    """Extract, encrypt and commit subtitle track `number`. Raises `Stopped`.

    A track that cannot be read is left out: the film is worth having without it.
    """
    plan = house.plan(version_id)
    text = plan.texts[number]
    with house.database.read() as session:
        if text.name not in making.rendition_names(session, version_id):
            return

    def work(facts: VersionFacts, keys: TitleKeys, sink: ObjectSink, watch: Watch) -> Made:
        source = source_of(house, facts)
        found = extract_text(
            source, plan, text, keys.content_key, sink, cancel=watch.cancel, limits=house.limits
        )
        return (), tuple(sink.segment(plan, segment) for segment in found)

    try:
        _attempt(house, version_id, run, number, TEXT, 0, work)
    except EncodeFailed as fault:
        log.warning("%s of %s is left out: %s", text.name, version_id, fault)
        with house.database.write() as session:
            making.check_running(session, version_id, run)
            making.drop_rendition(session, version_id, text.name)


def _given_up(house: House, version_id: VersionId, run: int) -> Callable[[], bool]:
    return lambda: not house.is_running(version_id, run)


def _tries(
    house: House, version_id: VersionId, run: int, number: int, part: str, rungs: int, work: Work
) -> None:
    """Attempt it, and once more if the encoder failed: a second fault is the film's own."""
    for left in reversed(range(TRIES)):
        try:
            _attempt(house, version_id, run, number, part, rungs, work)
        except EncodeFailed:
            if not left:
                raise
        else:
            return


def _attempt(
    house: House, version_id: VersionId, run: int, number: int, part: str, rungs: int, work: Work
) -> None:
    attempt = new_attempt()
    with house.database.write() as session:
        if attempts.is_committed(session, version_id, number, part):
            return
        facts = making.check_running(session, version_id, run)
        attempts.begin_attempt(session, version_id, number, part, attempt, house.worker, house.clock.now())
        known = {name: sha256 for name, (_, sha256) in commit.inits_of(session, version_id).items()}
    sink = ObjectSink(house.objects, house.writers, folder_of(facts), attempt, known)
    try:
        with Watch(house, version_id, run, attempt, rungs) as watch:
            inits, segments = work(facts, house.keys(facts), sink, watch)
            sink.finish()
        _commit(house, version_id, run, ChunkResult(number, part, attempt, inits, segments), sink)
    except BaseException as fault:
        sink.discard()
        _note_end(house, attempt, fault)
        raise


def _commit(house: House, version_id: VersionId, run: int, result: ChunkResult, sink: ObjectSink) -> None:
    with house.database.write() as session:
        making.check_running(session, version_id, run)
        won = commit.commit_chunk(session, version_id, result, house.clock.now())
        visible = {name: kept for name, (kept, _) in commit.inits_of(session, version_id).items()}
    if not won:
        sink.discard()
        return
    spare = [init.object for init in result.inits if init.object and visible[init.rendition] != init.object]
    house.objects.delete(spare)


def _note_end(house: House, attempt: str, fault: BaseException) -> None:
    stopped = isinstance(fault, Cancelled | Stopped)
    detail = "\n".join(fault.lines) if isinstance(fault, EncodeFailed) else type(fault).__name__
    with house.database.write() as session:
        attempts.end_attempt(
            session, attempt, "cancelled" if stopped else "failed", house.clock.now(), detail
        )
