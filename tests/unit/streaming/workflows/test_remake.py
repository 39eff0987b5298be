"""A title is made anew beside the version that plays, and takes its place at once or spoils nothing."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from streaming.catalogue import making, queue, store
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.model import ChunkRow, VersionRow
from streaming.catalogue.pictures import Pictures
from streaming.catalogue.published import Published
from streaming.catalogue.subtitles import Subtitles
from streaming.catalogue.values import (
    Asker,
    Claim,
    Failure,
    NewSubtitle,
    SubtitleView,
    SubtitleWords,
    TitleState,
    VersionFacts,
)
from streaming.db.base import Base
from streaming.delivery.model import PlaybackRow
from streaming.errors import Fault
from streaming.ids import TitleId, UploadId, VersionId, new_id
from streaming.workflows import finish
from streaming.workflows.chunks import do_task
from streaming.workflows.crew import take
from streaming.workflows.ending import ANEW_HINT, end_making
from streaming.workflows.finish import publish, tidy
from streaming.workflows.house import House as Worker
from streaming.workflows.pictures import paint_candidates, paint_poster
from streaming.workflows.prepare import prepare
from streaming.workflows.retire import retire
from streaming.workflows.transcode import extract_texts
from streaming.workflows.verdict import failed
from tests.media.films import run_ffmpeg
from tests.unit.streaming.catalogue.house import House, keys_of, manifest_of
from transcoder.encoding.verify import verify_title
from transcoder.keys.encrypt import decrypt_segment

SRT = b"1\n00:00:00,500 --> 00:00:01,500\n{\\an8}Good & <i>well</i>.\n"
FAILURE = Failure("encoder_failed", "The film could not be encoded between 0:00 and 0:02.", "Try it again.")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    words = path.with_name("words.srt")
    words.write_text("1\n00:00:00,500 --> 00:00:01,500\nHello.\n", encoding="utf-8")
    source = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-i", str(words))
    text = ("-c:s", "mov_text", "-metadata:s:s:0", "language=eng")
    run_ffmpeg(*source, "-preset", "ultrafast", *text, str(path))
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


def make(house: House, worker: Worker, *, whole: bool = False) -> VersionId:
    """Make what waits; `whole` with its pictures and subtitles."""
    claim = claimed(house)
    prepare(worker, claim.version_id, claim.run)
    while task := take(worker, threading.Lock()):
        do_task(worker, task)
    if whole:
        paint_poster(worker, claim.version_id, claim.run)
        paint_candidates(worker, claim.version_id, claim.run)
    extract_texts(worker, claim.version_id, claim.run)
    publish(worker, claim.version_id, claim.run)
    return claim.version_id


def ready(
    house: House, worker: Worker, film: Path, owner: Asker, *, whole: bool = False
) -> tuple[TitleId, VersionId]:
    title = house.uploaded(owner)
    (house.sources.root / upload_of(house, owner, title)).write_bytes(film.read_bytes())
    return title, make(house, worker, whole=whole)


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


def making_facts(house: House, version: VersionId) -> VersionFacts:
    with house.database.read() as session:
        facts = making.facts(session, version)
    assert facts is not None
    return facts


def manifest_name(house: House, version: VersionId) -> str:
    with house.database.read() as session:
        return session.get_one(VersionRow, version).manifest_object or ""


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
    assert [one.remake for one in house.catalogue.page(owner).titles] == [view.remake]
    guest = house.account()
    house.guests.held.add((guest.account_id, title))
    assert [one.remake for one in house.catalogue.page(guest).titles] == [None]
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


def test_subtitles_words_and_the_poster_go_over_under_new_keys(
    house: House, worker: Worker, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, added = house.account(), Published(house.database, house.clock, house.objects, house.root)
    title, _ = ready(house, worker, film, owner, whole=True)
    subtitles, pictures = Subtitles(added), Pictures(added)
    monkeypatch.setattr("streaming.catalogue.pictures.repaint", lambda data, _: b"painted " + data)
    words = SubtitleWords("de", "Deutsch", sdh=True, default=True)
    subtitles.add(owner, title, NewSubtitle(SRT, words))
    subtitles.change(owner, title, "t0", lambda now: replace(now, label="Full"))
    pictures.add(owner, title, b"mine")
    old_keys = keys_of(house, title).content_key("t1", "sd", 0)

    house.catalogue.remake(owner, title)
    new = make(house, worker, whole=True)
    assert playing(house, title) == new
    assert subtitles.tracks(owner, title) == [
        SubtitleView("t0", "eng", "Full", sdh=False, forced=False, default=False, origin="film"),
        SubtitleView("t1", "de", "Deutsch", sdh=True, forced=False, default=True, origin="upload"),
    ]
    keys = keys_of(house, title)
    segment = TitleIndex(house.database).segments(new, "t1")[0]
    key = keys.content_key("t1", "sd", 0)
    assert key.reveal() != old_keys.reveal()
    text = decrypt_segment(house.objects.get(segment.object), key, segment.sequence).decode()
    assert "00:00:00.500 --> 00:00:01.500 line:0\nGood &amp; <i>well</i>.\n" in text
    assert house.catalogue.poster(owner, title).data == b"painted mine"
    assert [one.origin for one in pictures.candidates(owner, title)] == ["film", "film", "upload"]
    assert known(house, new) == {item.name for item in manifest_of(house, title).objects} | {
        manifest_name(house, new)
    }

    subtitles.remove(owner, title, "t0")
    pictures.choose(owner, title, 1)
    chosen = pictures.picture(owner, title, 1)
    house.catalogue.remake(owner, title)
    checked = verify_title

    def meanwhile(*what: Any) -> Any:
        """While everything is checked, its owner goes on."""
        monkeypatch.undo()
        subtitles.add(owner, title, NewSubtitle(SRT, SubtitleWords("fr")), replaces="t1")
        return checked(*what)

    monkeypatch.setattr(finish, "verify_title", meanwhile)
    new = make(house, worker, whole=True)
    assert playing(house, title) == new
    assert [(one.language, one.origin) for one in subtitles.tracks(owner, title)] == [("fr", "upload")]
    assert house.catalogue.poster(owner, title).data == chosen
    assert [one.chosen for one in pictures.candidates(owner, title)] == [False, True, False]
    tidy(worker, making_facts(house, new), None)
    house.clock.advance(timedelta(days=1))
    retire(worker)
    assert set(house.objects.list()) == known(house, new)
    assert known(house, new) > {item.name for item in manifest_of(house, title).objects}


def test_a_change_that_a_remake_overtakes_is_refused_not_lost(
    house: House, worker: Worker, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, added = house.account(), Published(house.database, house.clock, house.objects, house.root)
    title, old = ready(house, worker, film, owner)
    house.catalogue.remake(owner, title)
    put = house.objects.put

    def overtaken(name: str, data: bytes) -> None:
        monkeypatch.undo()
        make(house, worker)
        put(name, data)

    monkeypatch.setattr(house.objects, "put", overtaken)
    with pytest.raises(Fault) as refused:
        Subtitles(added).add(owner, title, NewSubtitle(SRT))
    assert refused.value.name == "changed_meanwhile"
    new = playing(house, title)
    assert new != old
    assert set(house.objects.list()) == known(house, old, new)


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


def test_a_failed_chunk_of_a_remake_is_told_and_tried_again_alone(
    house: House, worker: Worker, film: Path
) -> None:
    owner = house.account()
    title, old = ready(house, worker, film, owner)
    house.catalogue.remake(owner, title)
    claim = claimed(house)
    prepare(worker, claim.version_id, claim.run)
    with house.database.write() as session:
        chunk = session.scalars(select(ChunkRow).where(ChunkRow.version_id == claim.version_id)).first()
        assert chunk is not None
        chunk.failure_code, chunk.failure_sentence = FAILURE.code, "It could not be encoded."
    told = house.catalogue.show(owner, title).chunk_failures
    assert [(one.number, one.sentence) for one in told] == [
        (0, "Between 0:00 and 0:02: It could not be encoded.")
    ]
    with pytest.raises(Fault, match="nothing to try again"):
        house.catalogue.retry(owner, title, 7)
    view = house.catalogue.retry(owner, title, 0)
    assert (view.state, view.version_id, view.chunk_failures) == (TitleState.READY, old, ())
    assert view.remake is not None
    with pytest.raises(Fault, match="nothing to try again"):
        house.catalogue.retry(owner, title)


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
