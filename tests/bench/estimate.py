"""How true the time is that a house says is left of a film: at a quarter, a half, three quarters."""

import json
from pathlib import Path

from tests.bench.context import Bench
from tests.bench.films import large_film
from tests.bench.pipeline import publish_kept
from tests.bench.rounds import Figure
from tests.e2e.transcode_house import OWNER, TranscodeHouse

QUARTERS = (25, 50, 75)
HOW = (
    "{story}, from the queue to published, by one worker. The house keeps what it first says is left once "
    "{quarter} % of the work are done; the peer is what was really left then until the title was published, "
    "the check of every object and the signed manifest included. A ratio of 1 is the truth."
)


def measure(bench: Bench) -> list[Figure]:
    """Make a film once a round, and compare what was said with what came true."""
    folder = bench.place("estimate")
    film = large_film(folder, 30 if bench.quick else 60)
    house = TranscodeHouse(folder / "data")
    said: dict[int, list[float]] = {quarter: [] for quarter in QUARTERS}
    true: dict[int, list[float]] = {quarter: [] for quarter in QUARTERS}
    try:
        house.start_worker()
        for number in range(bench.rounds):
            bench.tell(f"round {number + 1} of {bench.rounds}")
            for quarter, (told, left) in zip(QUARTERS, _round(house, film.path), strict=True):
                said[quarter].append(told)
                true[quarter].append(left)
    finally:
        house.close()
    story = film.story[0].upper() + film.story[1:]
    return [
        Figure(
            name=f"Time left as told at {quarter} %",
            unit="s",
            ours_name="told",
            peer_name="true",
            ours=tuple(said[quarter]),
            peers=tuple(true[quarter]),
            how=HOW.format(story=story, quarter=quarter),
        )
        for quarter in QUARTERS
    ]


def _round(house: TranscodeHouse, film: Path) -> list[tuple[float, float]]:
    title, row = publish_kept(house, film)
    end = row.published_at.timestamp() if row.published_at else 0.0
    told = [(left, end - at / 1e6) for _, at, left in json.loads(row.estimates)]
    house.services.catalogue.delete(OWNER, title)
    if len(told) != len(QUARTERS):
        raise RuntimeError(f"the house told what is left {len(told)} times only")
    return told
