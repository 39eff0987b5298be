"""What is made of a film while it arrives: seen by nobody, taken over if it is right, gone if it is not."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest

from streaming.catalogue import early, queue, store, work
from streaming.catalogue.index import IndexedVersion, TitleIndex
from streaming.catalogue.model import ChunkAttemptRow, ChunkRow, VersionRow
from streaming.catalogue.turns import ALL, BOARD, REST, STARTER
from streaming.catalogue.values import Asker, Claim, Task, TitleState
from streaming.ids import TitleId, UploadId, VersionId, new_id
from streaming.workflows import early as hands
from streaming.workflows.choose import choose
from streaming.workflows.early import EarlyHand, make_early
from streaming.workflows.finish import publish
from streaming.workflows.house import House as Worker
from streaming.workflows.pictures import make_storyboard
from streaming.workflows.prepare import prepare
from tests.media.films import run_ffmpeg, streamable
from tests.unit.streaming.catalogue.house import House
from tests.unit.streaming.workflows.test_transcode import do_next, make_all, outcomes, taken
from transcoder.errors import EncodeFailed
from transcoder.planning.plan import Plan, Policy

FRONT = ("-movflags", "+faststart")
SECONDS = 26


def made_film(folder: Path, name: str, *words: str, seconds: float = SECONDS, rate: int = 10) -> Path:
    path = folder / name
    sources = ("-f", "lavfi", "-i", f"testsrc2=s=64x36:r={rate}", "-f", "lavfi", "-i", "sine=440:r=48000")
    run_ffmpeg(*sources, "-t", str(seconds), "-preset", "ultrafast", "-pix_fmt", "yuv420p", *words, str(path))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return made_film(folder, "front.mp4", *FRONT)


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


@dataclass
class Arriving:
    """An upload of a film, of which as many bytes as are said have come."""

    house: House
    worker: Worker
    film: Path
    upload: UploadId = field(default_factory=lambda: UploadId(new_id("up")))
    come: int | None = 0
    remakes: tuple[Asker, TitleId] | None = None

    def __post_init__(self) -> None:
        self.owner: Asker = self.remakes[0] if self.remakes else self.house.account()
        self.title = self.begin()
        self.hand = EarlyHand(self.worker, self, self.house.sources.root)
        shutil.copy(self.film, self.path)

    @property
    def path(self) -> Path:
        return self.house.sources.root / self.upload

    def begin(self) -> TitleId:
        if self.remakes:
            return self.house.catalogue.remake_for_upload(self.owner.account_id, self.remakes[1], self.upload)
        return self.house.catalogue.title_for_upload(self.owner.account_id, self.upload, self.film.name)

    def arrived(self, upload_id: UploadId) -> tuple[Path, int] | None:
        return (self.path, self.come) if upload_id == self.upload and self.come is not None else None

    def come_to(self, share: float) -> int:
        """Let a share of the film arrive, and make what can be made; gives how many chunks that was."""
        self.come = int(self.film.stat().st_size * share)
        made = 0
        while self.hand.turn():
            made += 1
        return made

    def complete(self) -> Claim:
        """The last byte is here, and a worker claims the film."""
        self.come = None
        self.house.catalogue.upload_finished(self.upload)
        with self.house.database.write() as session:
            claim = queue.claim(session, "w1", self.house.clock.now(), 99)
        assert claim is not None
        return claim

    @property
    def version(self) -> VersionRow:
        with self.house.database.read() as session:
            found = store.version_of_upload(session, self.upload)
            assert found is not None
            return found

    @property
    def seen(self) -> IndexedVersion:
        found = TitleIndex(self.house.database).version(self.title)
        assert found is not None
        return found

    def segments(self, name: str) -> list[int]:
        index = TitleIndex(self.house.database)
        return [one.sequence for one in index.segments(VersionId(self.version.id), name)]

    @property
    def chunks(self) -> dict[tuple[int, str], ChunkRow]:
        with self.house.database.read() as session:
            rows = session.query(ChunkRow).where(ChunkRow.version_id == self.version.id)
            return {(row.number, row.part): row for row in rows}

    @property
    def objects(self) -> set[str]:
        return set(self.house.objects.list(self.title))

    def publish(self, claim: Claim) -> None:
        """Make all that is left; the check of everything made is part of publishing."""
        choose(self.worker, claim.version_id, claim.run)
        make_all(self.worker, claim)
        make_storyboard(self.worker, claim.version_id, claim.run)
        publish(self.worker, claim.version_id, claim.run)
        assert self.seen.complete
        plan = self.worker.plan(claim.version_id)
        for name in plan.renditions:
            assert self.segments(name) == [segment.sequence for segment in plan.segments]
        with self.house.database.read() as session:
            assert store.object_names(session, claim.version_id) <= self.objects


@pytest.fixture
def arriving(house: House, worker: Worker, film: Path) -> Arriving:
    return Arriving(house, worker, film)


def test_what_was_made_while_a_film_arrived_plays_the_moment_it_is_complete(arriving: Arriving) -> None:
    assert arriving.come_to(0.1) == 0
    assert arriving.come_to(0.3) == 1
    assert arriving.come_to(0.6) == 1
    assert {place for place, row in arriving.chunks.items() if row.attempt} == {(0, STARTER), (1, STARTER)}
    show = arriving.house.catalogue.show(arriving.owner, arriving.title)
    assert show.state is TitleState.UPLOADING
    assert show.progress is not None
    assert (show.progress.playable_s, show.progress.prepared_s, show.renditions) == (0, 8, ())
    assert (arriving.seen.renditions, arriving.seen.playable_us, arriving.segments("v240")) == ((), 0, [])

    claim = arriving.complete()
    assert (arriving.seen.renditions, arriving.segments("v240")) == ((), [])
    assert do_next(arriving.worker) is None
    prepare(arriving.worker, claim.version_id, claim.run)
    assert (arriving.seen.playable_us, arriving.version.early_us) == (8_000_000, None)
    assert [one.name for one in arriving.seen.renditions][-1] == "a0"
    early_ones = {place: row.attempt for place, row in arriving.chunks.items() if row.attempt}
    arriving.publish(claim)
    assert {place: arriving.chunks[place].attempt for place in early_ones} == early_ones
    assert set(arriving.chunks) >= {*early_ones, (2, ALL)}
    assert set(outcomes(arriving.house)) == {"committed"}


def test_a_film_with_more_rungs_gets_the_others_of_what_was_made(
    house: House, worker: Worker, folder: Path
) -> None:
    worker = replace(worker, policy=Policy(copied_rate=0, ladder="fixed", preset="ultrafast"))
    large = made_film(folder, "large.mkv", "-s", "640x360")
    arriving = Arriving(house, worker, large)
    assert arriving.come_to(0.95) == 3
    claim = arriving.complete()
    prepare(worker, claim.version_id, claim.run)
    assert {place for place in arriving.chunks if place[1] != BOARD} == {
        *((number, part) for number in (0, 1, 2) for part in (STARTER, REST)),
        (3, ALL),
    }
    arriving.publish(claim)


def test_a_film_that_waits_for_its_end_is_left_alone(house: House, worker: Worker, folder: Path) -> None:
    tail = Arriving(house, worker, made_film(folder, "tail.mp4"))
    assert [tail.come_to(share) for share in (0.1, 0.5, 0.99)] == [0, 0, 0]
    copying = replace(worker, policy=Policy())
    copied = Arriving(house, copying, streamable(folder, Fraction(25), 400, extra=FRONT))
    assert [copied.come_to(share) for share in (0.1, 0.5, 0.99)] == [0, 0, 0]
    assert list(house.objects.list()) == []


def test_a_film_that_does_not_say_how_long_it_is_keeps_what_was_made(
    house: House, worker: Worker, folder: Path
) -> None:
    short = made_film(folder, "short.mp4", "-movflags", "+frag_keyframe+empty_moov", "-g", "5", seconds=13)
    arriving = Arriving(house, worker, short)
    assert arriving.come_to(0.99) == 2
    claim, before = arriving.complete(), arriving.objects
    prepare(worker, claim.version_id, claim.run)
    assert (arriving.seen.playable_us, arriving.version.early_us) == (8_000_000, None)
    with house.database.read() as session:
        assert before <= store.object_names(session, claim.version_id)
    arriving.publish(claim)


def test_of_a_film_that_ends_too_soon_the_beginning_is_kept(arriving: Arriving, folder: Path) -> None:
    assert arriving.come_to(0.6) == 2
    stored = arriving.version.stored_bytes
    shutil.copy(made_film(folder, "sooner.mp4", *FRONT, seconds=7), arriving.path)
    claim, before = arriving.complete(), arriving.objects
    prepare(arriving.worker, claim.version_id, claim.run)
    assert (arriving.seen.playable_us, arriving.version.early_us) == (2_000_000, None)
    assert {place for place in arriving.chunks if place[1] != BOARD} == {(0, STARTER), (1, ALL)}
    assert 0 < arriving.version.stored_bytes < stored
    arriving.publish(claim)
    with arriving.house.database.read() as session:
        assert before - store.object_names(session, claim.version_id), "some of it was made anew"


def test_a_film_whose_end_contradicts_its_beginning_is_made_clean(arriving: Arriving, folder: Path) -> None:
    assert arriving.come_to(0.6) == 2
    other = made_film(folder, "other.mp4", *FRONT, "-metadata:s:a:0", "language=deu", seconds=9)
    shutil.copy(other, arriving.path)
    claim, before = arriving.complete(), arriving.objects
    prepare(arriving.worker, claim.version_id, claim.run)
    assert (arriving.seen.playable_us, arriving.version.early_us, arriving.version.stored_bytes) == (
        0,
        None,
        0,
    )
    assert {place for place, row in arriving.chunks.items() if row.attempt} == set()
    arriving.publish(claim)
    with arriving.house.database.read() as session:
        assert not before & store.object_names(session, claim.version_id)


def test_a_cancelled_upload_leaves_nothing(arriving: Arriving, monkeypatch: pytest.MonkeyPatch) -> None:
    assert arriving.come_to(0.3) == 1
    assert arriving.objects
    arriving.come = int(arriving.film.stat().st_size * 0.6)

    def cancelled(worker: Worker, task: Task, plan: Plan, arrived: int) -> None:
        arriving.house.catalogue.upload_gone(arriving.upload)
        make_early(worker, task, plan, arrived)

    monkeypatch.setattr(hands, "make_early", cancelled)
    assert arriving.hand.turn(), "it had begun the next chunk"
    assert arriving.objects == set()
    assert not arriving.hand.turn()
    with arriving.house.database.read() as session:
        assert session.query(ChunkAttemptRow).count() == session.query(VersionRow).count() == 0


def test_a_film_that_is_refused_when_complete_leaves_nothing_to_play(arriving: Arriving) -> None:
    assert arriving.come_to(0.6) == 2
    claim = arriving.complete()
    with arriving.house.database.write() as session:
        store.wipe_version(session, claim.version_id)
    assert (arriving.version.early_us, arriving.seen.renditions) == (None, ())
    with arriving.house.database.read() as session:
        assert store.object_names(session, claim.version_id) == set()
        assert early.plan_of(session, claim.version_id) is None


def begun(arriving: Arriving, number: int, by: str) -> Task:
    with arriving.house.database.write() as session:
        now = arriving.house.clock.now()
        task = early.take(session, arriving.version.id, number, 150, by, now)
    assert task is not None
    return task


def test_what_a_dead_worker_left_is_made_again_but_not_for_ever(arriving: Arriving) -> None:
    assert arriving.come_to(0.3) == 1
    for _ in range(early.MOST_DEATHS):
        begun(arriving, 1, "w9")
        assert arriving.come_to(0.6) == 0, "somebody is at it"
        with arriving.house.database.write() as session:
            work.bury(session, "w9", arriving.house.clock.now())
    again = EarlyHand(arriving.worker, arriving, arriving.house.sources.root)
    assert not again.turn(), "it is left for when the film is complete"
    claim = arriving.complete()
    prepare(arriving.worker, claim.version_id, claim.run)
    assert (1, STARTER) not in arriving.chunks


def test_another_worker_goes_on_where_one_was(arriving: Arriving) -> None:
    assert arriving.come_to(0.3) == 1
    arriving.hand = EarlyHand(replace(arriving.worker, worker="w2"), arriving, arriving.house.sources.root)
    assert arriving.come_to(0.6) == 1
    assert arriving.version.early_us == 8_000_000


def test_what_is_in_hand_when_the_film_is_complete_is_waited_for(arriving: Arriving) -> None:
    assert arriving.come_to(0.3) == 1
    arrived, task = int(arriving.film.stat().st_size * 0.6), begun(arriving, 1, "w2")
    plan = arriving.hand._study(VersionId(arriving.version.id)).plan
    assert plan is not None
    claim = arriving.complete()
    prepare(arriving.worker, claim.version_id, claim.run)
    assert arriving.seen.playable_us == 2_000_000
    make_early(arriving.worker, task, plan, arrived)
    assert arriving.seen.playable_us == 8_000_000
    assert set(outcomes(arriving.house)) == {"committed"}


def test_what_is_in_hand_is_not_waited_for_where_nothing_plays_yet(
    arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    arriving.come = int(arriving.film.stat().st_size * 0.3)
    with monkeypatch.context() as slow:
        slow.setattr(hands, "make_early", lambda *_: None)
        assert arriving.hand.turn()
    assert outcomes(arriving.house) == ["running"]
    claim = arriving.complete()
    prepare(arriving.worker, claim.version_id, claim.run)
    assert outcomes(arriving.house) == ["cancelled"]
    task = do_next(arriving.worker)
    assert task is not None
    assert (task.part, arriving.seen.playable_us) == (STARTER, 2_000_000)


def test_a_film_that_is_made_anew_is_begun_beside_the_one_that_plays(
    house: House, worker: Worker, film: Path, folder: Path
) -> None:
    owner = house.account()
    title, claim = taken(house, made_film(folder, "old.mp4", seconds=2), owner)
    make_all(worker, claim)
    make_storyboard(worker, claim.version_id, claim.run)
    publish(worker, claim.version_id, claim.run)
    plays = set(house.objects.list(title))
    anew = Arriving(house, worker, film, remakes=(owner, title))
    assert anew.come_to(0.6) == 2
    shown = house.catalogue.show(owner, title)
    assert shown.remake is not None
    assert (shown.state, shown.remake.prepared_s, shown.remake.playable_s) == (TitleState.READY, 8, 0)
    assert (anew.seen.version_id, anew.seen.complete) == (claim.version_id, True)
    assert plays < anew.objects
    house.catalogue.upload_gone(anew.upload)
    assert anew.objects == plays


def test_complete_films_come_first(arriving: Arriving, folder: Path) -> None:
    _, claim = taken(arriving.house, made_film(folder, "complete.mp4", seconds=2))
    prepare(arriving.worker, claim.version_id, claim.run)
    assert arriving.come_to(0.6) == 0
    make_all(arriving.worker, claim, texts=False)
    assert arriving.come_to(0.6) == 2


def test_what_cannot_be_encoded_early_waits_for_the_whole_film(
    arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise EncodeFailed("encoder_failed", "The film could not be encoded.")

    with monkeypatch.context() as broken:
        broken.setattr(hands, "make_early", fails)
        assert arriving.come_to(0.6) == 1
    with arriving.house.database.write() as session:
        work.bury(session, "w1", arriving.house.clock.now())
    assert arriving.come_to(0.9) == 0
    claim = arriving.complete()
    prepare(arriving.worker, claim.version_id, claim.run)
    assert {place for place in arriving.chunks if place[1] != BOARD} == {
        (0, STARTER),
        *((number, ALL) for number in (1, 2, 3)),
    }
