"""Waiting for the chunk queue: whoever works it off, this worker or any other."""

from collections.abc import Collection

from streaming.catalogue import making, work
from streaming.catalogue.failures import places
from streaming.catalogue.turns import PARTS
from streaming.errors import Code, Fault
from streaming.ids import VersionId
from streaming.workflows.house import House

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
