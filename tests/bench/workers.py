"""Two workers against one on the same film: what a second process gains where the cores stay the same."""

from tests.bench.context import Bench
from tests.bench.films import large_film
from tests.bench.pipeline import publish
from tests.bench.rounds import Figure
from tests.e2e.transcode_house import TranscodeHouse

HOW = (
    "{story}, from the queue to published. Ours is a house with two worker processes that take chunks of "
    "the same film from one queue, the peer a house with one; both have the same cores, and encode as many "
    "chunks at a time in all. So a second worker cannot be faster here: this shows what sharing a film costs."
)


def measure(bench: Bench) -> list[Figure]:
    """Make a film in two houses, turn by turn."""
    folder = bench.place("workers")
    film = large_film(folder, 30 if bench.quick else 60)
    houses = {count: TranscodeHouse(folder / f"house-{count}") for count in (1, 2)}
    try:
        for count, house in houses.items():
            for _ in range(count):
                house.start_worker(among=count)
        found = bench.interleave(
            {
                "two": lambda _: publish(houses[2], film.path),
                "one": lambda _: publish(houses[1], film.path),
            },
            warm=not bench.quick,
        )
    finally:
        for house in houses.values():
            house.close()
    return [
        Figure(
            name="Two workers on one film",
            unit="s",
            ours_name="two workers",
            peer_name="one worker",
            ours=found["two"],
            peers=found["one"],
            how=HOW.format(story=film.story[0].upper() + film.story[1:]),
        )
    ]
