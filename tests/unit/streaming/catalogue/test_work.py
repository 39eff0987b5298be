"""A chunk is taken by one worker at a time, is free again when that worker dies, and is given up at last."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from streaming.catalogue import attempts, work
from streaming.catalogue.collector import SILENCE
from streaming.catalogue.model import ChunkRow
from streaming.catalogue.values import Failure, Task, VersionFacts
from tests.unit.streaming.catalogue.house import House

BROKEN = Failure("encoder_failed", "The film could not be encoded.", "Try it again.")


def take(house: House, worker: str) -> Task | None:
    with house.database.write() as session:
        return work.take(session, worker, house.clock.now())


def numbers(task: Task | None) -> list[int]:
    return [piece.number for piece in task.pieces] if task else []


def row(house: House, facts: VersionFacts, number: int) -> ChunkRow:
    with house.database.read() as session:
        return session.get_one(ChunkRow, (facts.id, number, "all"))


def test_workers_take_different_chunks_from_the_start_of_the_film_on(house: House) -> None:
    house.planned(house.account(), chunks=5)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda name: take(house, name), ["w1", "w2", "w3", "w1"]))
    assert sorted(number for task in taken for number in numbers(task)) == [0, 1, 2, 3]
    assert numbers(take(house, "w2")) == [4]
    assert take(house, "w3") is None


def test_what_a_dead_worker_had_is_free_and_the_others_chunks_are_not(house: House) -> None:
    house.planned(house.account(), chunks=3)
    for worker in ("w1", "w2", "w1"):
        take(house, worker)
    with house.database.write() as session:
        work.bury(session, "w1", house.clock.now())
    assert [numbers(take(house, "w2")) for _ in range(3)] == [[0], [2], []]


def test_a_worker_that_fell_silent_loses_its_chunk(house: House) -> None:
    house.planned(house.account(), chunks=1)
    take(house, "w1")
    assert take(house, "w2") is None
    house.clock.advance(SILENCE + timedelta(seconds=1))
    with house.database.write() as session:
        attempts.abandon_silent_attempts(session, house.clock.now(), SILENCE)
    assert numbers(take(house, "w2")) == [0]


def test_a_chunk_that_fails_twice_is_given_up_until_somebody_asks_for_it(house: House) -> None:
    facts = house.planned(house.account(), chunks=2)
    for _ in range(2):
        task = take(house, "w1")
        assert numbers(task) == [0]
        assert task is not None
        with house.database.write() as session:
            attempts.end_attempt(session, task.pieces[0].attempt, "failed", house.clock.now())
            work.note_fault(session, facts.id, 0, "all", BROKEN)
    assert row(house, facts, 0).failure_sentence == BROKEN.sentence
    assert numbers(take(house, "w1")) == [1], "the rest of the film goes on"
    with house.database.write() as session:
        assert work.left_open(session, facts.id) == 1
        assert [found.number for found in work.given_up(session, facts.id)] == [0]
        assert work.ask_again(session, facts.id, 1) == 0
        assert work.ask_again(session, facts.id, 0) == 1
    assert numbers(take(house, "w1")) == [0]


def test_a_chunk_that_kills_its_workers_is_given_up(house: House) -> None:
    facts = house.planned(house.account(), chunks=1)
    for _ in range(work.MOST_DEATHS):
        assert numbers(take(house, "w1")) == [0]
        with house.database.write() as session:
            work.bury(session, "w1", house.clock.now())
    assert take(house, "w1") is None
    assert row(house, facts, 0).failure_code == "too_many_crashes"


def test_a_run_of_copied_chunks_is_taken_at_once_and_goes_on_at_the_first_uncommitted_one(
    house: House,
) -> None:
    facts = house.planned(house.account(), chunks=1)
    with house.database.write() as session:
        for number in range(4):
            session.add(ChunkRow(version_id=facts.id, number=number, part="copy", frames=25))
    task = take(house, "w1")
    assert task is not None
    assert (task.part, numbers(task)) == ("copy", [0, 1, 2, 3])
    with house.database.write() as session:
        session.get_one(ChunkRow, (facts.id, 0, "copy")).attempt = task.pieces[0].attempt
        attempts.end_attempt(session, task.pieces[0].attempt, "committed", house.clock.now())
        work.bury(session, "w1", house.clock.now())
    again = None
    while again is None or again.part != "copy":
        again = take(house, "w2")
        assert again is not None
    assert numbers(again) == [1, 2, 3]


def test_nothing_of_a_cancelled_title_is_taken(house: House) -> None:
    owner = house.account()
    facts = house.planned(owner, chunks=2)
    house.catalogue.cancel(owner, facts.title_id)
    assert take(house, "w1") is None
