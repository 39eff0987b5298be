"""The starter waits for no measuring; the rest of the plan comes after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streaming.catalogue import making, work
from streaming.catalogue.making import Stopped
from streaming.catalogue.model import ChunkRow, RenditionRow, VersionRow
from streaming.catalogue.turns import STARTER
from streaming.catalogue.values import Claim
from streaming.workflows.choose import choose
from streaming.workflows.house import House as Worker
from streaming.workflows.prepare import parts_of, prepare
from tests.media.films import run_ffmpeg
from tests.unit.streaming.catalogue.house import House
from tests.unit.streaming.workflows.test_transcode import taken
from transcoder.planning.plan import Policy


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    source = "testsrc=s=640x360:r=12:d=3"
    run_ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-preset", "ultrafast", str(path))
    return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
def worker(house: House) -> Iterator[Worker]:
    services = (house.database, house.objects, house.clock, house.root, house.sources)
    worker = Worker(*services, "w1", policy=Policy(copied_rate=0))
    yield worker
    worker.writers.shutdown()


def rungs(worker: Worker, claim: Claim) -> list[str]:
    with worker.database.read() as session:
        rows = session.query(RenditionRow).filter_by(version_id=claim.version_id, kind="video")
        return [row.name for row in rows.order_by(RenditionRow.position)]


def parts(worker: Worker, claim: Claim) -> set[tuple[int, str]]:
    with worker.database.read() as session:
        return {
            (row.number, row.part) for row in session.query(ChunkRow).filter_by(version_id=claim.version_id)
        }


def test_only_the_starter_is_there_before_the_film_is_measured(
    house: House, worker: Worker, film: Path
) -> None:
    _, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    assert not worker.plan(claim.version_id).is_decided
    assert rungs(worker, claim) == ["v240"]
    assert parts(worker, claim) == {(0, STARTER)}
    with worker.database.read() as session:
        assert session.get_one(VersionRow, claim.version_id).frames_total == 2 * 36


def test_measuring_completes_the_plan_and_leaves_what_was_begun(
    house: House, worker: Worker, film: Path
) -> None:
    _, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    early = worker.plan(claim.version_id)
    with worker.database.write() as session:
        task = work.begin(session, claim.version_id, [0], STARTER, "w1", worker.clock.now())
    choose(worker, claim.version_id, claim.run)
    plan = worker.plan(claim.version_id)
    assert plan.is_decided
    assert plan.starter == early.starter
    assert rungs(worker, claim) == [rung.name for rung in plan.video] == ["v360", "v240"]
    assert parts(worker, claim) == {(part.number, part.part) for part in parts_of(plan)}
    with worker.database.read() as session:
        assert work.left_open(session, claim.version_id, (task.part,))


def test_choosing_again_changes_nothing(house: House, worker: Worker, film: Path) -> None:
    _, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    choose(worker, claim.version_id, claim.run)
    with worker.database.read() as session:
        text = making.plan_of(session, claim.version_id)
    choose(worker, claim.version_id, claim.run)
    with worker.database.read() as session:
        assert making.plan_of(session, claim.version_id) == text


def test_another_run_takes_the_choice_over(house: House, worker: Worker, film: Path) -> None:
    _, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    with pytest.raises(Stopped):
        choose(worker, claim.version_id, claim.run + 1)
    assert not worker.plan(claim.version_id).is_decided
