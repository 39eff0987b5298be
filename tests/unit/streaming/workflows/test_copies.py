"""A film that is copied plays whole after one pass; if it cannot be after all, it is encoded."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from streaming.catalogue import work
from streaming.catalogue.index import IndexedVersion, TitleIndex
from streaming.catalogue.turns import ALL, COPY, PARTS, REST, STARTER
from streaming.catalogue.values import Claim, Task
from streaming.ids import TitleId
from streaming.workflows.choose import choose
from streaming.workflows.chunks import do_task
from streaming.workflows.crew import take
from streaming.workflows.finish import publish
from streaming.workflows.house import House as Worker
from streaming.workflows.pictures import make_storyboard
from streaming.workflows.prepare import parts_of, prepare
from tests.media import films
from tests.unit.streaming.catalogue.house import House
from tests.unit.streaming.workflows.test_transcode import do_next, make_all, outcomes, taken
from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Policy

IDR, NO_IDR = b"\x65\x88\x84", b"\x61\x88\x84"
"""How x264's IDR slices begin, and the same said to be of an ordinary picture."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.streamable(tmp_path_factory.mktemp("films"), Fraction(25), 225, gop=50, reorder=0)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
def worker(house: House) -> Iterator[Worker]:
    services = (house.database, house.objects, house.clock, house.root, house.sources)
    worker = Worker(*services, "w1", policy=Policy(ladder="fixed"))
    yield worker
    worker.writers.shutdown()


def version_of(house: House, title: TitleId) -> IndexedVersion:
    found = TitleIndex(house.database).version(title)
    assert found is not None
    return found


def seen(house: House, title: TitleId, name: str) -> list[int]:
    version = version_of(house, title)
    return [one.sequence for one in TitleIndex(house.database).segments(version.version_id, name)]


def whole(house: House, worker: Worker, title: TitleId, claim: Claim) -> IndexedVersion:
    make_all(worker, claim)
    make_storyboard(worker, claim.version_id, claim.run)
    publish(worker, claim.version_id, claim.run)
    return version_of(house, title)


def test_the_whole_film_plays_after_one_pass(house: House, worker: Worker, film: Path) -> None:
    title, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    plan = worker.plan(claim.version_id)
    assert plan.copied == ("v360", "a0")
    assert {part.part for part in parts_of(plan) if part.part in PARTS} == {COPY, ALL}
    task = do_next(worker)
    assert task is not None
    assert (task.part, [piece.number for piece in task.pieces]) == (
        COPY,
        [chunk.index for chunk in plan.chunks],
    )
    assert version_of(house, title).playable_us == 9_000_000
    assert seen(house, title, "v360") == [segment.sequence for segment in plan.segments]
    assert seen(house, title, "v240") == []
    done = whole(house, worker, title, claim)
    assert done.complete
    assert set(outcomes(house)) == {"committed"}
    assert seen(house, title, "v240") == seen(house, title, "v360")


def test_nobody_waits_for_the_film_to_be_measured(house: House, worker: Worker, film: Path) -> None:
    title, claim = taken(house, film)
    measuring = replace(worker, policy=Policy())
    prepare(measuring, claim.version_id, claim.run)
    assert not measuring.plan(claim.version_id).is_decided
    task = do_next(measuring)
    assert task is not None
    assert task.part == COPY
    assert take(measuring, threading.Lock()) is None
    choose(measuring, claim.version_id, claim.run)
    assert measuring.plan(claim.version_id).copied == ("v360", "a0")
    assert whole(house, measuring, title, claim).complete
    assert set(outcomes(house)) == {"committed"}


def test_a_pass_that_was_cut_off_goes_on_behind_what_is_committed(
    house: House, worker: Worker, film: Path
) -> None:
    title, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    task = take(worker, threading.Lock())
    assert task is not None
    assert len(task.pieces) == 2
    do_task(worker, Task(task.version_id, COPY, task.pieces[:1]))
    with worker.database.write() as session:
        work.bury(session, "w1", worker.clock.now())
    again = do_next(worker)
    assert again is not None
    assert [piece.number for piece in again.pieces] == [piece.number for piece in task.pieces[1:]]
    assert whole(house, worker, title, claim).complete


@pytest.mark.parametrize("ladder", ["fixed", "content"])
def test_a_source_that_cannot_be_copied_after_all_is_encoded(
    house: House, worker: Worker, film: Path, tmp_path: Path, ladder: str
) -> None:
    worker = replace(worker, policy=Policy(ladder=ladder))
    lying = tmp_path / "lying.mp4"
    data = film.read_bytes()
    last = data.rindex(IDR)
    lying.write_bytes(data[:last] + data[last:].replace(IDR, NO_IDR))
    title, claim = taken(house, lying)
    prepare(worker, claim.version_id, claim.run)
    assert worker.plan(claim.version_id).copied
    task = do_next(worker)
    assert task is not None
    assert task.part == COPY
    plan = worker.plan(claim.version_id)
    assert plan.copied == ()
    assert "decoding cannot begin at a key frame" in plan.reasons[-1]
    assert plan.is_decided
    assert {part.part for part in parts_of(plan) if part.part in PARTS} == {STARTER, REST, ALL}
    assert version_of(house, title).playable_us == 0
    done = whole(house, worker, title, claim)
    assert done.complete
    assert seen(house, title, "v360") == [segment.sequence for segment in plan.segments]


def test_what_others_made_by_the_old_plan_is_refused(
    house: House, worker: Worker, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    copying = take(worker, threading.Lock())
    late = take(worker, threading.Lock())
    assert copying is not None
    assert late is not None
    assert (copying.part, late.part) == (COPY, ALL)
    old = worker.plan(claim.version_id)

    def fails(*_: object, **__: object) -> None:
        raise EncodeFailed("encoder_failed", "The film could not be encoded.")

    monkeypatch.setattr("streaming.workflows.copies.copy_chunks", fails)
    do_task(worker, copying)
    assert worker.plan(claim.version_id) != old
    monkeypatch.setattr(Worker, "plan", lambda *_: old)
    do_task(worker, late)
    monkeypatch.undo()
    assert seen(house, title, "v240") == []
    assert whole(house, worker, title, claim).complete
