"""Waiting for the chunk queue: whoever works it off, this worker or any other."""

from collections.abc import Collection
from fractions import Fraction

from streaming.catalogue import making, work
from streaming.catalogue.model import ChunkRow
from streaming.catalogue.turns import PARTS
from streaming.errors import Code, Fault
from streaming.ids import VersionId
from streaming.workflows.house import House
from transcoder.plan import Plan

LOOK_SECONDS = 1.0


class ChunksFailed(Fault):
    """Some of the film could not be encoded; the rest is finished and kept."""

    def __init__(self, code: str, places: str) -> None:
        super().__init__(
            Code.INTERNAL,
            f"The film could not be encoded {places}.",
            "Everything else is finished and kept. Try that part again; if it fails again, the file may be "
            "damaged there.",
            name=code,
        )


def await_chunks(house: House, version_id: VersionId, run: int, parts: Collection[str] = PARTS) -> None:
    """Return once no chunk of these parts is left to do. Raises `Stopped`, `ChunksFailed`.

    A chunk that was given up does not end the waiting for the others: its failure is told when they are done.
    """
    seen = house.news.count
    while True:
        with house.database.read() as session:
            making.check_running(session, version_id, run)
            left = work.left_open(session, version_id, parts)
            failed = [row for row in work.given_up(session, version_id) if row.part in parts]
        if not left:
            break
        seen = house.news.wait(seen, LOOK_SECONDS)
    if failed:
        raise ChunksFailed(failed[0].failure_code or "encoder_failed", places(house.plan(version_id), failed))


def places(plan: Plan, failed: Collection[ChunkRow]) -> str:
    """Say where in the film some chunks lie: "between 2:10 and 3:10, and in 2 more places"."""
    numbers = sorted({row.number for row in failed})
    begin, end = span(plan, numbers[0])
    more = len(numbers) - 1
    words = f"between {clock(begin)} and {clock(end)}"
    if not more:
        return words
    return f"{words}, and in {more} more place{'s' if more > 1 else ''}"


def span(plan: Plan, number: int) -> tuple[Fraction, Fraction]:
    """Seconds of film at which a chunk begins and ends."""
    chunk = plan.chunks[number]
    return chunk.first_frame / plan.frame_rate, chunk.end_frame / plan.frame_rate


def clock(seconds: Fraction) -> str:
    """Say a time of the film as m:ss or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
