"""Putting an object that belongs to no chunk."""

from streaming.catalogue import attempts, making
from streaming.catalogue.values import VersionFacts
from streaming.workflows.house import House


def put_noted(house: House, facts: VersionFacts, part: str, attempt: str, name: str, data: bytes) -> None:
    """Put an object of an attempt; the attempt is noted first, so that the collector spares it.

    Raises `Stopped`.
    """
    with house.database.write() as session:
        making.check_running(session, facts.id, facts.run)
        attempts.begin_attempt(session, facts.id, 0, part, attempt, house.worker, house.clock.now())
    house.objects.put(name, data)
