"""A chunk becomes visible once, whole, or not at all; what lost is collected."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.catalogue import attempts, making, queue
from streaming.catalogue.collector import SILENCE, attempt_of, collect_all, collect_title
from streaming.catalogue.commit import InitDiffers
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.making import Stopped
from streaming.catalogue.model import ChunkAttemptRow, SegmentRow, VersionRow
from streaming.catalogue.values import ChunkResult, NewInit
from tests.unit.streaming.catalogue.house import House


def outcomes(house: House) -> list[str]:
    with house.database.read() as session:
        return sorted(row.outcome for row in session.query(ChunkAttemptRow))


def test_of_two_attempts_committing_at_once_exactly_one_wins_and_the_loser_is_collected(house: House) -> None:
    facts = house.planned(house.account())
    attempts = [house.attempt(facts, 0) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda attempt: house.commit(facts, attempt), attempts))
    assert sorted(won) == [False, False, False, True]
    assert outcomes(house) == ["committed", "lost", "lost", "lost"]
    with house.database.read() as session:
        assert {row.sequence for row in session.query(SegmentRow)} == {0}
    collect_title(house.database, house.objects, facts.title_id, house.clock.now())
    kept = attempts[won.index(True)]
    assert set(house.objects.list()) == {i.object for i in kept.inits} | {s.object for s in kept.segments}


def test_a_commit_that_fails_in_the_middle_shows_nothing(house: House) -> None:
    facts = house.planned(house.account())
    assert house.commit(facts, house.attempt(facts, 0))
    bad = house.attempt(facts, 1)
    changed = NewInit("v240", bad.inits[0].object, b"j" * 32, 10)
    with pytest.raises(InitDiffers):
        house.commit(facts, ChunkResult(1, "all", bad.attempt, (changed,), bad.segments))
    with house.database.read() as session:
        assert not attempts.is_committed(session, facts.id, 1, "all")
        assert {row.sequence for row in session.query(SegmentRow)} == {0}


def test_running_attempts_are_spared_by_the_collector_and_silent_ones_are_not(house: House) -> None:
    facts = house.planned(house.account())
    attempt = house.attempt(facts, 0)
    assert collect_all(house.database, house.objects, house.clock.now()) == 0
    house.clock.advance(SILENCE + timedelta(seconds=1))
    assert collect_all(house.database, house.objects, house.clock.now()) == 4
    assert not list(house.objects.list())
    with house.database.write() as session:
        assert attempts.abandon_silent_attempts(session, house.clock.now(), SILENCE) == 1
    assert outcomes(house) == ["died"]
    assert attempt_of(attempt.segments[0].object) == attempt.attempt


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations(range(5)))
def test_the_gapless_run_is_playable_in_whatever_order_chunks_commit(house: House, order: list[int]) -> None:
    facts = house.planned(house.account(), chunks=5)
    index = TitleIndex(house.database)
    done: set[int] = set()
    for number in order:
        assert house.commit(facts, house.attempt(facts, number))
        done.add(number)
        run = next(place for place in range(6) if place not in done)
        assert [s.sequence for s in index.segments(facts.id, "v240")] == list(range(run))
        with house.database.read() as session:
            assert session.get_one(VersionRow, facts.id).playable_us == run * 1_000_000
            assert making.count_frames(session, facts.id) == 25 * len(done)
    with house.database.write() as session:
        making.publish(session, facts.id, "m", b"m" * 32, 1, house.clock.now())
        session.query(VersionRow).filter_by(id=facts.id).one().worker = "gone"


def test_bandwidths_are_measured(house: House) -> None:
    facts = house.planned(house.account())
    house.commit(facts, house.attempt(facts, 0))
    version = TitleIndex(house.database).version(facts.title_id)
    assert version is not None
    assert [(r.name, r.bandwidth, r.average_bandwidth) for r in version.renditions] == [
        ("v240", 8001, 8001),
        ("a0", 8001, 8001),
    ]
    assert version.renditions[0].codecs == "avc1.42c01e"
    assert not version.complete


def test_a_title_is_claimed_by_one_worker_only(house: House) -> None:
    owner = house.account()
    titles = [house.uploaded(owner) for _ in range(3)]

    def claim(worker: str) -> str | None:
        with house.database.write() as session:
            found = queue.claim(session, worker, house.clock.now(), 99)
            return found.version_id if found else None

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(claim, ["w1", "w2", "w3", "w4"]))
    assert len({c for c in claimed if c}) == len(titles)
    assert claimed.count(None) == 1


def test_adopting_fences_the_old_run_off(house: House) -> None:
    facts = house.planned(house.account())
    with house.database.write() as session:
        assert queue.adopt(session, facts.id, facts.run, "w2")
        assert not queue.adopt(session, facts.id, facts.run, "w3")
        assert making.check_running(session, facts.id, facts.run + 1).run == 1
    with house.database.read() as session, pytest.raises(Stopped):
        making.check_running(session, facts.id, facts.run)


def test_replanning_keeps_what_is_committed(house: House) -> None:
    facts = house.planned(house.account())
    house.commit(facts, house.attempt(facts, 0))
    with house.database.write() as session:
        from fractions import Fraction

        from streaming.catalogue.values import ChunkPart, NewRendition, SourceFacts

        making.save_plan(
            session,
            facts.id,
            "{}",
            SourceFacts(1, 2, 3, Fraction(25)),
            [NewRendition("v240", "video", "sd", 25_000)],
            [ChunkPart(0, "all", 25), ChunkPart(1, "all", 25)],
        )
        assert attempts.is_committed(session, facts.id, 0, "all")
