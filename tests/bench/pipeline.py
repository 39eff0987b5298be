"""Wall time of the whole pipeline, from a finished upload to a published title, against one bare ffmpeg."""

import time

from tests.bench import bare
from tests.bench.context import Bench
from tests.bench.films import Film, large_film, small_film
from tests.bench.rounds import Aim, Figure
from tests.e2e.transcode_house import OWNER, TranscodeHouse

HOW = (
    "{story}; the ladder is {ladder}. Ours runs from the moment an upload is finished to the moment the "
    "title is published, in a real worker process with its database: taking it from the queue, probing, "
    "planning, every chunk encoded, split, encrypted and stored durably (fsync), poster, decrypting and "
    "checking every object, and the signed manifest. The upload itself and the start of the worker are not "
    "counted. The peer is one ffmpeg process that decodes once and writes the same rungs with the same "
    "encoder settings and the same segment borders in clear to files, without fsync; its arguments come from "
    "`transcoder.graph`."
)


def measure(bench: Bench) -> list[Figure]:
    """Measure a small and a large film."""
    folder = bench.place("pipeline")
    house = TranscodeHouse(folder / "data")
    try:
        house.start_worker()
        films = [small_film(folder), large_film(folder, 30 if bench.quick else 60)]
        return [_film(bench, house, film, warm=not place) for place, film in enumerate(films)]
    finally:
        house.close()


def _film(bench: Bench, house: TranscodeHouse, film: Film, *, warm: bool) -> Figure:
    bench.tell(film.story)
    folder = film.path.parent if film.path.is_relative_to(bench.folder) else bench.folder / "pipeline"
    plan = bare.plan_of(film.path)
    one, chunk = bare.whole(plan)
    found = bench.interleave(
        {
            "house": lambda _: publish(house, film),
            "bare": lambda _: bare.encode(film.path, one, chunk, one.renditions, folder),
        },
        warm=warm and not bench.quick,
    )
    return Figure(
        name=f"Whole pipeline, {film.story}",
        unit="s",
        ours_name="upload finished to published",
        peer_name="one bare ffmpeg",
        ours=found["house"],
        peers=found["bare"],
        aim=Aim(1.10, most=True),
        how=HOW.format(story=film.story[0].upper() + film.story[1:], ladder=", ".join(plan.renditions)),
    )


def publish(house: TranscodeHouse, film: Film) -> float:
    """Put a film into the queue and wait until it is published; gives seconds, as the database has them."""
    title = house.publish(film.path)
    view = house.ended(title, 300)
    row = house.facts(title)
    if row.published_at is None or row.queued_at is None:
        raise RuntimeError(f"the film ended as {view.state}: {house.said()}")
    took = (row.published_at - row.queued_at).total_seconds()
    house.services.catalogue.delete(OWNER, title)
    time.sleep(0.5)  # the worker clears up after a film; that is not the next round's work
    return took
