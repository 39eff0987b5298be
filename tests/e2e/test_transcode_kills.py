"""Films in the making survive what happens to workers: killed, stopped, doubled, cancelled."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streaming.catalogue.values import TitleState
from streaming.ids import TitleId
from tests.e2e.transcode_house import OWNER, TranscodeHouse
from tests.media.films import run_ffmpeg

pytestmark = pytest.mark.e2e
KILLS = 10


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("films") / "film.mp4", 36, "480x360")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("films") / "short.mp4", 3, "320x180")


def made(path: Path, seconds: int, size: str) -> Path:
    pattern, tone = f"testsrc2=s={size}:r=25:d={seconds}", f"sine=440:r=48000:d={seconds}"
    sources = ("-f", "lavfi", "-i", pattern, "-f", "lavfi", "-i", tone)
    run_ffmpeg(*sources, "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-shortest", str(path))
    return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TranscodeHouse]:
    house = TranscodeHouse(tmp_path / "data")
    yield house
    house.close()


def committed(house: TranscodeHouse, title: TitleId) -> dict[tuple[int, str], str]:
    return {place: row.attempt for place, row in house.chunks(title).items() if row.attempt}


def assert_whole(house: TranscodeHouse, title: TitleId) -> None:
    """Published and complete, every chunk committed by one attempt, nothing else in the store."""
    view = house.ended(title)
    assert view.state is TitleState.READY, (view.failure, house.said())
    chunks = house.chunks(title)
    won = [a for a in house.attempts(title) if a.outcome == "committed" and (a.number, a.part) in chunks]
    assert sorted(a.attempt for a in won) == sorted(row.attempt or "" for row in chunks.values())
    house.until(lambda: house.objects(title) == house.known_objects(title), 20)
    house.until(lambda: not any(house.settings.uploads_folder.glob("up_*")), 20)


def test_ten_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    house: TranscodeHouse, film: Path
) -> None:
    untouched = house.publish(film)
    worker = house.start_worker()
    assert_whole(house, untouched)
    house.kill(worker)

    chance = random.Random(7)
    title = house.publish(film)
    finished: dict[tuple[int, str], str] = {}
    kills = 0
    while kills < KILLS:
        worker = house.start_worker()
        # A start costs about a second; kills shortly after it hit recovery, later ones the encoding.
        time.sleep(chance.uniform(0.8, 3.0))
        house.kill(worker)
        kills += 1
        now = committed(house, title)
        assert finished.items() <= now.items(), "a committed chunk changed its attempt"
        finished = now
    house.start_worker()
    assert_whole(house, title)
    assert finished.items() <= committed(house, title).items()
    assert house.structure(title) == house.structure(untouched)
    # An attempt is begun only for chunks that no attempt before it had committed.
    for place, attempt in committed(house, title).items():
        tries = [a for a in house.attempts(title) if (a.number, a.part) == place]
        assert tries[-1].attempt == attempt
        assert all(a.outcome != "committed" for a in tries[:-1])


def test_ffmpeg_dies_with_its_worker(house: TranscodeHouse, film: Path) -> None:
    house.publish(film)
    worker = house.start_worker()
    children: list[psutil.Process] = []

    def encoding() -> bool:
        children[:] = psutil.Process(worker.pid).children(recursive=True)
        return bool(children)

    house.until(encoding)
    house.kill(worker)
    house.until(lambda: not any(child.is_running() for child in children), 5)


def test_two_workers_share_two_films_and_spoil_nothing(house: TranscodeHouse, film: Path) -> None:
    workers = [house.start_worker(), house.start_worker()]
    titles = [house.publish(film), house.publish(film)]
    for title in titles:
        assert_whole(house, title)
    assert house.structure(titles[0]) == house.structure(titles[1])
    assert all(worker.poll() is None for worker in workers)


def test_two_workers_encode_one_film_together(house: TranscodeHouse, film: Path) -> None:
    workers = [house.start_worker(among=2), house.start_worker(among=2)]
    house.until(lambda: all((house.settings.data / f"workers/w{n}.lock").exists() for n in (1, 2)))
    title = house.publish(film)
    assert_whole(house, title)
    chunks = house.chunks(title)
    assert {a.worker for a in house.attempts(title) if (a.number, a.part) in chunks} == {"w1", "w2"}
    assert all(worker.poll() is None for worker in workers)


def test_a_living_worker_adopts_the_film_of_a_dead_one(house: TranscodeHouse, film: Path) -> None:
    locks = house.settings.data / "workers"
    workers = {"w1": house.start_worker()}
    house.until(lambda: (locks / "w1.lock").exists())
    workers["w2"] = house.start_worker()
    house.until(lambda: (locks / "w2.lock").exists())
    title = house.publish(film)
    house.until(lambda: bool(committed(house, title)))
    before, first = committed(house, title), house.facts(title).worker or ""
    house.kill(workers.pop(first))
    assert house.show(title).state is TitleState.ENCODING
    assert_whole(house, title)
    assert before.items() <= committed(house, title).items()
    (survivor,) = workers
    assert house.facts(title).worker == survivor
    assert workers[survivor].poll() is None


def test_cancel_stops_ffmpeg_and_leaves_nothing(house: TranscodeHouse, film: Path) -> None:
    worker = house.start_worker()
    title = house.publish(film)
    house.until(lambda: house.show(title).size_bytes > 0)
    house.until(lambda: bool(psutil.Process(worker.pid).children(recursive=True)))
    house.services.catalogue.cancel(OWNER, title)
    took = house.until(lambda: not psutil.Process(worker.pid).children(recursive=True), 10)
    print(f"ffmpeg was gone {took * 1000:.0f} ms after the cancellation")
    house.until(lambda: not house.objects(title), 10)
    assert not house.attempts(title)
    assert not house.chunks(title)
    assert house.show(title).state is TitleState.CANCELLED
    house.services.catalogue.retry(OWNER, title)
    assert_whole(house, title)


def test_delete_while_encoding_leaves_nothing(house: TranscodeHouse, film: Path) -> None:
    worker = house.start_worker()
    title = house.publish(film)
    house.until(lambda: house.show(title).size_bytes > 0)
    house.services.catalogue.delete(OWNER, title)
    house.until(lambda: not psutil.Process(worker.pid).children(recursive=True), 10)
    house.until(lambda: not list(house.services.objects.list()), 5)
    assert not any(house.settings.uploads_folder.glob("up_*"))
    again = house.publish(film)
    assert_whole(house, again)


def test_what_is_no_film_is_refused_and_removed(house: TranscodeHouse, tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("This is not a film.")
    house.start_worker()
    title = house.publish(text)
    view = house.ended(title)
    assert view.state is TitleState.FAILED
    assert view.failure is not None
    assert view.failure.code == "not_a_film"
    assert "removed" in view.failure.hint
    house.until(lambda: house.services.catalogue.stored_bytes(OWNER.account_id) == 0, 5)
    house.until(lambda: not any(house.settings.uploads_folder.glob("up_*")), 5)
    assert not house.objects(title)


def test_a_worker_ends_on_sigterm_and_the_next_one_goes_on(house: TranscodeHouse, film: Path) -> None:
    worker = house.start_worker()
    title = house.publish(film)
    house.until(lambda: len(committed(house, title)) >= 2)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(3) == 0
    before = committed(house, title)
    house.start_worker()
    assert_whole(house, title)
    assert before.items() <= committed(house, title).items()


def test_key_bytes_stay_out_of_the_jobs_database(house: TranscodeHouse, short: Path) -> None:
    house.start_worker()
    title = house.publish(short)
    assert_whole(house, title)
    keys = house.services.keys_of(title, house.version(title))
    secrets = [keys.poster_key().reveal(), *(keys.content_key(n, "sd", 0).reveal() for n in ("v240", "a0"))]
    for file in house.settings.data.glob("jobs.sqlite*"):
        content = file.read_bytes()
        for secret in secrets:
            assert secret not in content
            assert secret.hex().encode() not in content
