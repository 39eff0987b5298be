"""Putting objects that belong to no chunk."""

from collections.abc import Mapping

from streaming.catalogue import attempts, making
from streaming.catalogue.values import VersionFacts
from streaming.workflows.house import House


def put_noted(
    house: House, facts: VersionFacts, part: str, attempt: str, objects: Mapping[str, bytes]
) -> None:
    """Put objects of an attempt, by name; the attempt is noted first, so that the collector spares them.

    Raises `Stopped`.
    """
    with house.database.write() as session:
        making.check_running(session, facts.id, facts.run)
        attempts.begin_attempt(session, facts.id, 0, part, attempt, house.worker, house.clock.now())
    for name, data in objects.items():
        house.objects.put(name, data)
