"""Wall time of the whole pipeline, from a finished upload to a published title, against ffmpeg alone."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from sqlalchemy import select

from streaming.catalogue.model import VersionRow
from streaming.ids import TitleId
from tests.bench import bare
from tests.bench.context import Bench
from tests.bench.films import Film, large_film, small_film
from tests.bench.rounds import Aim, Figure
from tests.e2e.transcode_house import OWNER, TranscodeHouse
from transcoder.planning.plan import Plan

OURS = (
    "{story}; the ladder is {ladder}. Ours runs from the moment an upload is finished to the moment the "
    "title is published, in a real worker process with its database: taking it from the queue, probing, "
    "planning, every chunk encoded, split, encrypted and stored durably (fsync), pictures, decrypting and "
    "checking every object, and the signed manifest. The upload itself and the start of the worker are not "
    "counted. "
)
BARE = (
    "The peer is one ffmpeg process that decodes once and writes the same rungs with the same encoder "
    "settings and the same segment borders in clear to files, without fsync; its arguments come from "
    "`transcoder.programs.graph`, its plan from the title that was published."
)
APART = (
    "The peer is one ffmpeg process for each rung, {when}, each with a decoder of its own; settings and "
    "segment borders are the same, and the sound is made beside the lowest rung."
)


def measure(bench: Bench) -> list[Figure]:
    """Measure a small and a large film."""
    folder = bench.place("pipeline")
    house = TranscodeHouse(folder / "data")
    try:
        house.start_worker()
        films = [small_film(folder), large_film(folder, 30 if bench.quick else 60)]
        return [figure for film in films for figure in _film(bench, house, film)]
    finally:
        house.close()


def _film(bench: Bench, house: TranscodeHouse, film: Film) -> list[Figure]:
    bench.tell(film.story)
    folder = film.path.parent if film.path.is_relative_to(bench.folder) else bench.folder / "pipeline"
    one, chunk = bare.whole(plan_made(house, film.path))
    work: dict[str, list[float]] = {"house": [], "bare": []}
    found = bench.interleave(
        {
            "house": lambda _: _counted(work["house"], _workers(house), lambda: publish(house, film.path)),
            "bare": lambda _: _counted(
                work["bare"],
                _ended_children,
                lambda: bare.encode(film.path, one, chunk, one.renditions, folder),
            ),
            "turns": lambda _: bare.encode_in_turns(film.path, one, chunk, folder),
            "apart": lambda _: bare.encode_apart(film.path, one, chunk, folder),
        },
        warm=False,  # the film that told its plan was the warming up
    )
    story = film.story[0].upper() + film.story[1:]
    ours = OURS.format(story=story, ladder=", ".join(one.renditions))
    peers = (
        ("bare", "one bare ffmpeg", 1.05, BARE),
        ("turns", "one ffmpeg for each rung, in turns", 0.75, APART.format(when="one after another")),
        ("apart", "one ffmpeg for each rung, all at once", 0.75, APART.format(when="all at once")),
    )
    figures = [
        Figure(
            name=f"Whole pipeline, {film.story}, to {peer}",
            unit="s",
            ours_name="upload finished to published",
            peer_name=peer,
            ours=found["house"],
            peers=found[side],
            aim=Aim(bound, most=True),
            how=ours + how,
        )
        for side, peer, bound, how in peers
    ]
    return [*figures, _work(film, work["house"], work["bare"], ours + BARE)]


def _work(film: Film, ours: list[float], peers: list[float], how: str) -> Figure:
    return Figure(
        name=f"Processor time of the pipeline, {film.story}",
        unit="s",
        ours_name="worker and all its processes",
        peer_name="one bare ffmpeg",
        ours=tuple(ours),
        peers=tuple(peers),
        how=f"From the same rounds, user and system time: what else a machine does changes it little. {how}",
    )


def _counted(into: list[float], clock: Callable[[], float], run: Callable[[], float]) -> float:
    """Run one side, and note by how much a clock of processor time went on meanwhile."""
    before = clock()
    took = run()
    into.append(clock() - before)
    return took


def _workers(house: TranscodeHouse) -> Callable[[], float]:
    processes = [psutil.Process(worker.pid) for worker in house.workers]

    def clock() -> float:
        times = [process.cpu_times() for process in processes]
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)

    return clock


def _ended_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def publish(house: TranscodeHouse, film: Path) -> float:
    """Put a film into the queue and wait until it is published; gives seconds, as the database has them."""
    title, took = _published(house, film)
    _remove(house, title)
    return took


def plan_made(house: TranscodeHouse, film: Path) -> Plan:
    """Publish a film once and give the plan that the house made for it."""
    title, _ = _published(house, film)
    with house.services.database.read() as session:
        text = session.scalar(select(VersionRow.plan).where(VersionRow.id == house.version(title)))
    if text is None:
        raise RuntimeError(f"the film has no plan: {house.said()}")
    _remove(house, title)
    return Plan.from_json(text)


def publish_kept(house: TranscodeHouse, film: Path) -> tuple[TitleId, VersionRow]:
    """Publish a film and give its version, as the database has it."""
    title = house.publish(film)
    view = house.ended(title, 300)
    row = house.facts(title)
    if row.published_at is None or row.queued_at is None:
        raise RuntimeError(f"the film ended as {view.state}: {house.said()}")
    return title, row


def _published(house: TranscodeHouse, film: Path) -> tuple[TitleId, float]:
    title, row = publish_kept(house, film)
    assert row.published_at is not None
    assert row.queued_at is not None
    return title, (row.published_at - row.queued_at).total_seconds()


def _remove(house: TranscodeHouse, title: TitleId) -> None:
    house.services.catalogue.delete(OWNER, title)
    time.sleep(0.5)  # the worker clears up after a film; that is not the next round's work
