"""A batch of counted films made by workers that are killed at random, and what must be true afterwards."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from subprocess import Popen

import psutil

from streaming.catalogue.collector import collect_all
from streaming.catalogue.turns import PARTS
from streaming.catalogue.values import TitleState
from streaming.ids import TitleId
from streaming.jobs.identity import living
from streaming.settings import Settings
from tests.e2e.transcode_house import ENDED, TranscodeHouse
from tests.media.films import counted, read_numbers
from transcoder.keys.encrypt import decrypt_segment

WORKERS = 2
IN_WORK = 3
"""Films that wait or are being made at any time, so that every kill meets work."""
PERIOD_SECONDS = 8
"""Short crypto periods make many short chunks."""
LONGEST_LIFE_SECONDS = 2.0
PATIENCE_SECONDS = 300.0


@dataclass
class Tally:
    """What happened, in numbers, and every sentence about what should not have."""

    kills: int = 0
    films: int = 0
    chunks: int = 0
    attempts: int = 0
    died: int = 0
    lost: int = 0
    frames: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        good = "every frame once, no orphan, nothing repeated"
        found = f"{len(self.faults)} faults" if self.faults else good
        return (
            f"{self.kills} kills of workers, {self.films} films published, {self.chunks} chunks committed in "
            f"{self.attempts} attempts ({self.died} died, {self.lost} lost), {self.frames} frames read: "
            f"{found}; {self.seconds:.0f} s"
        )


@dataclass(frozen=True)
class Size:
    """How large the batch is."""

    kills: int
    seed: int
    film_seconds: int = 40
    rate: Fraction = Fraction(25)


def run(folder: Path, size: Size, tell: Callable[[str], None] = lambda _: None) -> Tally:
    """Kill workers until it is enough, let the survivors finish, and look at everything."""
    began = time.monotonic()
    film = counted(folder, size.rate, int(size.film_seconds * size.rate), size=(640, 360))
    house = TranscodeHouse(
        folder / "data", Settings(data=folder / "data", crypto_period_seconds=PERIOD_SECONDS)
    )
    tally = Tally()
    try:
        titles = _kill(house, film, size, tally, tell)
        for title in titles:
            house.ended(title, PATIENCE_SECONDS)
        _check_all(house, titles, folder, int(size.film_seconds * size.rate), tally, tell)
    finally:
        house.close()
    tally.seconds = time.monotonic() - began
    return tally


def _kill(
    house: TranscodeHouse, film: Path, size: Size, tally: Tally, tell: Callable[[str], None]
) -> list[TitleId]:
    """Keep work and workers there, and kill one worker after the other."""
    chance = random.Random(size.seed)
    titles: list[TitleId] = []
    workers: list[Popen[bytes]] = []
    while True:
        open_films = sum(1 for title in titles if house.show(title).state not in ENDED)
        if tally.kills < size.kills:
            titles += [house.publish(film) for _ in range(IN_WORK - open_films)]
        workers = [worker for worker in workers if worker.poll() is None]
        workers += [house.start_worker(among=WORKERS) for _ in range(WORKERS - len(workers))]
        house.until(lambda: len(living(house.settings.data / "workers")) == WORKERS, 60)
        if tally.kills == size.kills:
            return titles
        time.sleep(chance.uniform(0.0, LONGEST_LIFE_SECONDS))
        house.kill(chance.choice(workers))
        tally.kills += 1
        tell(f"{tally.kills} of {size.kills} kills, {len(titles)} films")


def _check_all(
    house: TranscodeHouse,
    titles: list[TitleId],
    folder: Path,
    frames: int,
    tally: Tally,
    tell: Callable[[str], None],
) -> None:
    house.until(lambda: not any(house.settings.uploads_folder.glob("up_*")), 60)
    for place, title in enumerate(titles):
        tell(f"looking at film {place + 1} of {len(titles)}")
        view = house.show(title)
        if view.state is not TitleState.READY:
            tally.faults.append(f"{title} is {view.state}: {view.failure}")
            continue
        tally.films += 1
        _check_attempts(house, title, tally)
        for rung in (one for one in view.renditions if one.kind == "video"):
            assert rung.width is not None
            assert rung.height is not None
            path = decrypted(house, title, rung.name, folder)
            found = read_numbers(path, (rung.width, rung.height))
            path.unlink()
            tally.frames += len(found)
            if found != list(range(frames)):
                tally.faults.append(f"{title} {rung.name}: frames are missing, doubled or out of order")
    _check_objects(house, titles, tally)
    left = [one for worker in house.workers for one in _ffmpegs(worker)]
    if left:
        tally.faults.append(f"{len(left)} encoders outlived the films")


def _check_attempts(house: TranscodeHouse, title: TitleId, tally: Tally) -> None:
    """Every chunk was committed by one attempt, and none was begun after that."""
    chunks = {place: row for place, row in house.chunks(title).items() if row.part in PARTS}
    attempts = [one for one in house.attempts(title) if (one.number, one.part) in chunks]
    tally.chunks += len(chunks)
    tally.attempts += len(attempts)
    tally.died += sum(one.outcome == "died" for one in attempts)
    tally.lost += sum(one.outcome == "lost" for one in attempts)
    for place, row in chunks.items():
        tries = [one for one in attempts if (one.number, one.part) == place]
        if [one.attempt for one in tries if one.outcome == "committed"] != [row.attempt]:
            tally.faults.append(f"{title} {place}: not committed by exactly one attempt")
        if row.committed_at is None or any(one.started_at > row.committed_at for one in tries):
            tally.faults.append(f"{title} {place}: encoded again after it was committed")


def _check_objects(house: TranscodeHouse, titles: list[TitleId], tally: Tally) -> None:
    """After collection there is what the index knows, and nothing else."""
    collect_all(house.services.database, house.services.objects, house.services.clock.now())
    known = set().union(*(house.known_objects(title) for title in titles))
    there = set(house.services.objects.list())
    if there != known:
        tally.faults.append(f"{len(there - known)} orphan objects, {len(known - there)} missing ones")


def _ffmpegs(worker: "Popen[bytes]") -> list[psutil.Process]:
    if worker.poll() is not None:
        return []
    return psutil.Process(worker.pid).children(recursive=True)


def decrypted(house: TranscodeHouse, title: TitleId, rendition: str, folder: Path) -> Path:
    """Write a rendition as a player sees it: init segment and decrypted segments, joined."""
    index = house.services.index
    version = index.version(title)
    assert version is not None
    found = next(one for one in version.renditions if one.name == rendition)
    keys = house.services.keys_of(title, version.version_id)
    assert found.init_object is not None
    parts = [house.services.objects.get(found.init_object)]
    for segment in index.segments(version.version_id, rendition):
        key = keys.content_key(rendition, found.tier, segment.period)
        parts.append(decrypt_segment(house.services.objects.get(segment.object), key, segment.sequence))
    path = folder / f"{title}-{rendition}.mp4"
    path.write_bytes(b"".join(parts))
    return path
