"""The steps of the workflow over a real encoder and a tiny film, in this process."""

import errno
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from streaming.catalogue import queue, store, work
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.making import Stopped
from streaming.catalogue.model import ChunkAttemptRow, VersionRow
from streaming.catalogue.published import signing_key
from streaming.catalogue.turns import ALL, BOARD, REST, STARTER
from streaming.catalogue.values import Asker, Claim, Failure, Task, TitleState
from streaming.errors import Fault
from streaming.ids import TitleId, UploadId, new_id
from streaming.jobs.durable import Jobs
from streaming.jobs.identity import Identity
from streaming.workflows.chunks import do_task, extract_part
from streaming.workflows.crew import Crew, take
from streaming.workflows.dispatch import Dispatcher
from streaming.workflows.ending import end_making
from streaming.workflows.faults import verdict_of
from streaming.workflows.finish import VerifyFailed, publish
from streaming.workflows.house import House as Worker
from streaming.workflows.pictures import make_storyboard, paint_candidates, paint_poster
from streaming.workflows.prepare import parts_of, prepare
from streaming.workflows.transcode import Transcoding, extract_texts, workflow_id
from streaming.workflows.waiting import ChunksFailed, await_chunks
from streaming.workflows.watch import Watch
from tests.media.films import run_ffmpeg
from tests.unit.streaming.catalogue.house import House
from transcoder.encoding.encode import encode_chunk
from transcoder.errors import EncodeFailed, Refused
from transcoder.keys.manifest import verify_manifest
from transcoder.planning.plan import Chunk, Plan, Policy


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    sources = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=3", "-f", "lavfi", "-i", "sine=440:r=48000:d=3")
    run_ffmpeg(*sources, "-pix_fmt", "yuv420p", "-preset", "ultrafast", str(path))
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "long.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=24", "-preset", "ultrafast", str(path))
    return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
def worker(house: House) -> Iterator[Worker]:
    worker = Worker(
        house.database,
        house.objects,
        house.clock,
        house.root,
        house.sources,
        "w1",
        policy=Policy(copied_rate=0),
    )
    yield worker
    worker.writers.shutdown()


def taken(house: House, film: Path, owner: Asker | None = None) -> tuple[TitleId, Claim]:
    """A title of `film` that worker w1 has claimed."""
    owner, upload = owner or house.account(), UploadId(new_id("up"))
    shutil.copy(film, house.sources.root / upload)
    title = house.catalogue.title_for_upload(owner.account_id, upload, film.name, length=1)
    house.catalogue.upload_finished(upload)
    with house.database.write() as session:
        claim = queue.claim(session, "w1", house.clock.now(), 99)
    assert claim is not None
    return title, claim


def make_all(worker: Worker, claim: Claim, *, texts: bool = True) -> None:
    prepare(worker, claim.version_id, claim.run)
    while do_next(worker):
        pass
    if texts:
        extract_texts(worker, claim.version_id, claim.run)


def do_next(worker: Worker) -> Task | None:
    """Take a chunk, as a worker's hand does, and encode it."""
    task = take(worker, threading.Lock())
    if task is not None:
        do_task(worker, task)
    return task


def begun(worker: Worker, claim: Claim, number: int, part: str, by: str = "w1") -> Task:
    """A chunk taken by force, whoever has it."""
    with worker.database.write() as session:
        return work.begin(session, claim.version_id, [number], part, by, worker.clock.now())


def outcomes(house: House) -> list[str]:
    with house.database.read() as session:
        return sorted(row.outcome for row in session.query(ChunkAttemptRow))


def test_a_film_becomes_playable_with_its_starter_and_ready_with_its_manifest(
    house: House, worker: Worker, film: Path
) -> None:
    title, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    assert do_next(worker)
    index = TitleIndex(house.database)
    early = index.version(title)
    assert early is not None
    assert not early.complete
    assert early.playable_us >= 1_900_000
    make_all(worker, claim)
    paint_poster(worker, claim.version_id, claim.run)
    paint_candidates(worker, claim.version_id, claim.run)
    make_storyboard(worker, claim.version_id, claim.run)
    publish(worker, claim.version_id, claim.run)
    done = index.version(title)
    assert done is not None
    assert (done.complete, done.state) == (True, TitleState.READY)
    for rendition in done.renditions:
        segments = index.segments(done.version_id, rendition.name)
        assert segments[0].start_s == 0
        for before, after in pairwise(segments):
            assert before.start_s + before.duration_s == after.start_s
    with house.database.read() as session:
        row = session.get_one(VersionRow, claim.version_id)
        known = store.object_names(session, claim.version_id)
    assert set(house.objects.list()) == known
    manifest = verify_manifest(
        house.objects.get(row.manifest_object or ""), signing_key(house.root).public_key()
    )
    assert {item.name for item in manifest.objects} == known - {row.manifest_object}
    poster = house.catalogue.poster(Asker(done.owner_id), title)
    assert poster.data.startswith(b"\xff\xd8")


def test_what_is_committed_is_not_encoded_again(house: House, worker: Worker, film: Path) -> None:
    _, claim = taken(house, film)
    make_all(worker, claim)
    tries = outcomes(house)
    make_all(worker, claim)
    assert outcomes(house) == tries


def test_two_workers_on_one_chunk_show_one_set_of_segments(house: House, worker: Worker, film: Path) -> None:
    title, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    tasks = [begun(worker, claim, 0, STARTER, by) for by in ("w1", "w2")]
    with ThreadPoolExecutor(2) as pool:
        for run in [pool.submit(do_task, worker, task) for task in tasks]:
            run.result()
    assert outcomes(house) == ["committed", "lost"]
    with house.database.read() as session:
        assert set(house.objects.list(title)) == store.object_names(session, claim.version_id)


def test_a_tampered_object_keeps_the_film_from_being_published(
    house: House, worker: Worker, film: Path
) -> None:
    title, claim = taken(house, film)
    make_all(worker, claim)
    victim = next(name for name in house.objects.list(title) if "/v-" in name)
    changed = bytearray(house.objects.get(victim))
    changed[100] ^= 1
    house.objects.put(victim, bytes(changed))
    with pytest.raises(VerifyFailed):
        publish(worker, claim.version_id, claim.run)


def test_a_subtitle_track_that_cannot_be_read_is_left_out(
    house: House, worker: Worker, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, titled = tmp_path / "words.srt", tmp_path / "titled.mkv"
    words.write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    both = ("-i", str(film), "-i", str(words), "-map", "0", "-map", "1")
    run_ffmpeg(*both, "-c", "copy", "-c:s", "srt", str(titled))
    for readable in (True, False):
        title, claim = taken(house, titled)
        make_all(worker, claim, texts=False)
        if not readable:
            # Stands for a track that ffmpeg chokes on.
            def broken(*_: object, **__: object) -> None:
                raise EncodeFailed("encoder_failed", "The subtitles could not be read.")

            monkeypatch.setattr("streaming.workflows.chunks.extract_text", broken)
        for _ in range(2):
            extract_part(worker, claim.version_id, claim.run, 0)
        publish(worker, claim.version_id, claim.run)
        shown = house.catalogue.show(Asker(house.account().account_id, admin=True), title)
        assert shown.state is TitleState.READY
        assert ("t0" in [rendition.name for rendition in shown.renditions]) is readable


def test_a_cancelled_run_stops_in_the_middle_and_leaves_nothing(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    title, claim = taken(house, film, owner)
    make_all(worker, claim)
    house.catalogue.cancel(owner, title)
    with pytest.raises(Stopped):
        publish(worker, claim.version_id, claim.run)
    assert take(worker, threading.Lock()) is None
    assert not list(house.objects.list())


def test_one_chunk_that_fails_is_told_with_its_place_and_tried_alone_while_the_rest_is_kept(
    house: House, worker: Worker, long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = house.account()
    title, claim = taken(house, long, owner)
    broken = True

    def encode(source: Path, plan: Plan, chunk: Chunk, *more: object, **options: object) -> object:
        if broken and chunk.index == 1:
            lines = (f"file:{source}: Invalid data found", "Error while decoding")
            raise EncodeFailed("encoder_failed", "The film could not be encoded.", lines)
        return encode_chunk(source, plan, chunk, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("streaming.workflows.chunks.encode_chunk", encode)
    make_all(worker, claim)
    with pytest.raises(ChunksFailed, match=r"between 0:02 and 0:08\.$") as caught:
        await_chunks(worker, claim.version_id, claim.run)
    end_making(worker, claim.version_id, verdict_of(caught.value))

    view = house.catalogue.show(owner, title)
    assert view.state is TitleState.FAILED
    (fault,) = view.chunk_failures
    assert (fault.number, fault.code, fault.start_s, fault.end_s) == (1, "encoder_failed", 2.0, 8.0)
    assert fault.sentence == "Between 0:02 and 0:08: The film could not be encoded."
    assert fault.lines == ("the film: Invalid data found", "Error while decoding")
    assert outcomes(house).count("failed") == work.MOST_FAULTS
    committed = outcomes(house).count("committed")
    assert committed >= 2, "the rest of the film was encoded all the same"

    broken = False
    with pytest.raises(Fault, match="nothing to try again"):
        house.catalogue.retry(owner, title, 0)
    assert house.catalogue.retry(owner, title, 1).state is TitleState.QUEUED
    with house.database.write() as session:
        again = queue.claim(session, "w1", house.clock.now(), 99)
    assert again is not None
    assert (again.version_id, again.run) == (claim.version_id, claim.run + 1)
    make_all(worker, again)
    assert outcomes(house).count("committed") == committed + 1
    publish(worker, again.version_id, again.run)
    view = house.catalogue.show(owner, title)
    assert (view.state, view.chunk_failures) == (TitleState.READY, ())


def test_a_failed_chunk_can_be_tried_again_while_the_rest_is_still_being_encoded(
    house: House, worker: Worker, long: Path
) -> None:
    owner = house.account()
    title, claim = taken(house, long, owner)
    prepare(worker, claim.version_id, claim.run)
    failure = Failure("timed_out", "The encoder took too long.")
    with house.database.write() as session:
        work.give_up(session, claim.version_id, 1, ALL, failure)
    assert [fault.number for fault in house.catalogue.show(owner, title).chunk_failures] == [1]
    view = house.catalogue.retry(owner, title, 1)
    assert (view.state, view.chunk_failures) == (TitleState.ENCODING, ())


def test_a_full_disk_ends_the_making_at_once_and_blames_no_chunk(
    house: House, worker: Worker, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = house.account()
    title, claim = taken(house, film, owner)
    prepare(worker, claim.version_id, claim.run)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("streaming.workflows.chunks.encode_chunk", full)
    assert do_next(worker)
    view = house.catalogue.show(owner, title)
    assert view.failure is not None
    assert (view.state, view.failure.code, view.chunk_failures) == (TitleState.FAILED, "storage_full", ())
    assert take(worker, threading.Lock()) is None


def test_progress_is_by_frames_and_ends_with_the_check(house: House, worker: Worker, long: Path) -> None:
    owner = house.account()
    title, claim = taken(house, long, owner)
    prepare(worker, claim.version_id, claim.run)
    seen = [0.0]
    while task := take(worker, threading.Lock()):
        with Watch(worker, claim.version_id, attempts=["none"], rungs=1) as watch:
            do_task(worker, task)
            watch.beat()
        progress = house.catalogue.show(owner, title).progress
        assert progress is not None
        seen.append(progress.percent)
    assert seen == sorted(set(seen)), "every chunk brings the film further"
    assert seen[-1] == 98.0
    publish(worker, claim.version_id, claim.run)
    with house.database.read() as session:
        row = session.get_one(VersionRow, claim.version_id)
        assert (row.percent, row.eta_s, row.frames_done) == (100.0, None, row.frames_total)


def test_a_text_file_is_refused(house: House, worker: Worker, tmp_path: Path) -> None:
    text = tmp_path / "film.txt"
    text.write_text("no film")
    _, claim = taken(house, text)
    with pytest.raises(Refused):
        prepare(worker, claim.version_id, claim.run)


def test_parts_are_in_the_order_in_which_a_viewer_wants_them(
    house: House, worker: Worker, film: Path
) -> None:
    _, claim = taken(house, film)
    prepare(worker, claim.version_id, claim.run)
    kinds = [part.part for part in parts_of(worker.plan(claim.version_id))]
    assert kinds[0] == STARTER
    assert set(kinds) <= {STARTER, REST, ALL, BOARD}


def test_a_workflow_that_ended_in_silence_fails_its_title_once(
    house: House, worker: Worker, film: Path, tmp_path: Path
) -> None:
    owner = house.account()
    title, claim = taken(house, film, owner)
    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}", "w1")
    try:
        transcoding = Transcoding(worker, jobs)
        jobs.register("silent", lambda *_: "")
        jobs.launch()
        jobs.result(jobs.start(workflow_id(claim), "silent"))
        with Identity.take(tmp_path / "workers"):
            Dispatcher(worker, jobs, transcoding, tmp_path / "workers").reconcile()
        view = house.catalogue.show(owner, title)
        assert view.state is TitleState.FAILED
        assert view.failure is not None
        assert view.failure.code == "too_many_crashes"
    finally:
        jobs.close()


def test_the_dispatcher_takes_a_waiting_film_and_makes_it(
    house: House, worker: Worker, film: Path, tmp_path: Path
) -> None:
    owner, upload, stop = house.account(), UploadId(new_id("up")), threading.Event()
    shutil.copy(film, house.sources.root / upload)
    title = house.catalogue.title_for_upload(owner.account_id, upload, "film.mp4", length=1)
    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}", "w1")
    ready = threading.Event()
    try:
        transcoding = Transcoding(worker, jobs)
        jobs.launch()
        crew = Crew(worker, 2)
        crew.start()
        dispatcher = Dispatcher(worker, jobs, transcoding, tmp_path / "workers")
        thread = threading.Thread(target=dispatcher.run, args=(stop,))
        thread.start()
        house.catalogue.upload_finished(upload)
        for _ in range(600):
            if house.catalogue.show(owner, title).state is TitleState.READY:
                break
            ready.wait(0.05)
        stop.set()
        thread.join(10)
        crew.stop()
        assert house.catalogue.show(owner, title).state is TitleState.READY
    finally:
        jobs.close()
