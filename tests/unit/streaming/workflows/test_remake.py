"""A title is made anew beside the version that plays, and takes its place at once or spoils nothing."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, insert

from streaming.catalogue import making, queue, store
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.values import Asker, Claim, Failure, TitleState
from streaming.db.base import Base
from streaming.delivery.model import PlaybackRow
from streaming.errors import Fault
from streaming.ids import TitleId, UploadId, VersionId, new_id
from streaming.workflows.chunks import do_task
from streaming.workflows.crew import take
from streaming.workflows.ending import ANEW_HINT, end_making
from streaming.workflows.finish import publish
from streaming.workflows.house import House as Worker
from streaming.workflows.prepare import prepare
from streaming.workflows.retire import retire
from streaming.workflows.verdict import failed
from tests.media.films import run_ffmpeg
from tests.unit.streaming.catalogue.house import House

FAILURE = Failure("encoder_failed", "The film could not be encoded between 0:00 and 0:02.", "Try it again.")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-preset", "ultrafast", str(path))
    return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    tables: list[Table] = [Base.metadata.tables[name] for name in ("licences", "playback_sessions")]
    Base.metadata.create_all(house.database.engine, tables=tables)
    yield house
    house.database.close()


@pytest.fixture
def worker(house: House) -> Iterator[Worker]:
    worker = Worker(house.database, house.objects, house.clock, house.root, house.sources, "w1")
    yield worker
    worker.writers.shutdown()


def claimed(house: House) -> Claim:
    with house.database.write() as session:
        claim = queue.claim(session, "w1", house.clock.now(), 99)
    assert claim is not None
    return claim


def make(house: House, worker: Worker) -> VersionId:
    claim = claimed(house)
    prepare(worker, claim.version_id, claim.run)
    while task := take(worker, threading.Lock()):
        do_task(worker, task)
    publish(worker, claim.version_id, claim.run)
    return claim.version_id


def ready(house: House, worker: Worker, film: Path, owner: Asker) -> tuple[TitleId, VersionId]:
    title = house.uploaded(owner)
    (house.sources.root / upload_of(house, owner, title)).write_bytes(film.read_bytes())
    return title, make(house, worker)


def upload_of(house: House, owner: Asker, title: TitleId) -> UploadId:
    upload = house.catalogue.show(owner, title).upload_id
    assert upload is not None
    return upload


def playing(house: House, title: TitleId) -> VersionId:
    found = TitleIndex(house.database).version(title)
    assert found is not None
    return found.version_id


def known(house: House, *versions: VersionId) -> set[str]:
    with house.database.read() as session:
        return set().union(*(store.object_names(session, version) for version in versions))


def watch(house: House, owner: Asker, title: TitleId, version: VersionId) -> None:
    """Somebody begins to watch, and holds a lease of 5 minutes."""
    now = house.clock.now()
    with house.database.write() as session:
        session.execute(
            insert(PlaybackRow).values(
                id=new_id("pb"),
                token_hash=b"t" * 32,
                native=True,
                title_id=title,
                version_id=version,
                account_id=owner.account_id,
                started_at=now,
                lease_until=now + timedelta(minutes=5),
                seen_at=now,
                budget_level=0,
                budget_at=now,
            )
        )


def test_a_new_version_takes_the_place_of_the_old_one_which_stays_until_nobody_watches_it(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    title, old = ready(house, worker, film, owner)
    watch(house, owner, title, old)
    before = known(house, old)

    view = house.catalogue.remake(owner, title)
    assert view.state is TitleState.READY
    assert view.remake is not None
    assert view.remake.queue_position == 1
    assert playing(house, title) == old
    new = make(house, worker)

    assert playing(house, title) == new != old
    view = house.catalogue.show(owner, title)
    assert (view.state, view.remake, view.version_id) == (TitleState.READY, None, new)
    index = TitleIndex(house.database)
    kept = index.version(title, old)
    assert kept is not None
    assert (kept.version_id, kept.number, kept.complete) == (old, 1, True)
    assert index.segments(old, kept.renditions[0].name)
    secrets = {index.secrets(version) for version in (old, new)}
    assert len(secrets) == 2

    assert retire(worker) == 0, "somebody still watches it"
    assert set(house.objects.list()) == before | known(house, new)
    house.clock.advance(timedelta(minutes=5) + worker.lease_grace)
    assert retire(worker) == 1
    assert index.version(title, old) is None
    assert set(house.objects.list()) == known(house, new)


def test_a_remake_that_fails_leaves_the_old_version_and_says_why(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    title, old = ready(house, worker, film, owner)
    house.catalogue.remake(owner, title)
    claim = claimed(house)
    prepare(worker, claim.version_id, claim.run)
    end_making(worker, claim.version_id, failed(FAILURE))
    view = house.catalogue.show(owner, title)
    assert (view.state, view.remake, view.version_id) == (TitleState.READY, None, old)
    assert view.failure == replace(FAILURE, hint=ANEW_HINT)
    assert known(house, old) == set(house.objects.list())
    assert take(worker, threading.Lock()) is None
    house.catalogue.remake(owner, title)
    assert house.catalogue.show(owner, title).failure is None
    make(house, worker)
    assert playing(house, title) != old


def test_a_cancelled_remake_leaves_nothing_but_the_old_version(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    title, old = ready(house, worker, film, owner)
    house.catalogue.remake(owner, title)
    claim = claimed(house)
    prepare(worker, claim.version_id, claim.run)
    task = take(worker, threading.Lock())
    assert task is not None
    do_task(worker, task)
    assert set(house.objects.list()) > known(house, old)
    view = house.catalogue.cancel(owner, title)
    assert (view.state, view.remake) == (TitleState.READY, None)
    assert set(house.objects.list()) == known(house, old)
    with house.database.read() as session:
        assert making.facts(session, claim.version_id) is None


def test_only_a_finished_film_whose_file_is_here_is_made_anew_and_once_at_a_time(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    waiting = house.uploaded(owner)
    with pytest.raises(Fault, match="Only a finished film"):
        house.catalogue.remake(owner, waiting)
    house.catalogue.cancel(owner, waiting)
    title, _ = ready(house, worker, film, owner)
    house.catalogue.remake(owner, title)
    with pytest.raises(Fault, match="already"):
        house.catalogue.remake(owner, title)
    house.catalogue.cancel(owner, title)
    house.sources.discard(upload_of(house, owner, title))
    with pytest.raises(Fault, match="was removed") as caught:
        house.catalogue.remake(owner, title)
    assert "--source" in caught.value.hint


def test_a_new_upload_can_be_the_source_and_giving_it_up_changes_nothing(
    house: House, worker: Worker, film: Path
) -> None:
    owner, stranger = house.account(), house.account()
    title, old = ready(house, worker, film, owner)
    catalogue = house.catalogue
    given_up, upload = UploadId(new_id("up")), UploadId(new_id("up"))
    with pytest.raises(Fault, match="no such film"):
        catalogue.remake_for_upload(stranger.account_id, title, upload)
    assert catalogue.remake_for_upload(owner.account_id, title, given_up, 7) == title
    catalogue.upload_gone(given_up)
    assert catalogue.show(owner, title).remake is None
    for _ in range(2):
        assert catalogue.remake_for_upload(owner.account_id, title, upload, 7) == title
    (house.sources.root / upload).write_bytes(film.read_bytes())
    for _ in range(2):
        catalogue.upload_finished(upload)
    assert make(house, worker) == playing(house, title) != old
    assert upload_of(house, owner, title) == upload
