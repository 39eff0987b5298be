"""Versions that another took the place of: removed once nobody watches them any more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

import streaming.licences.model  # noqa: F401  # playbacks refer to licences: the mapper must know both
from streaming.catalogue import remaking
from streaming.catalogue.collector import collect_title
from streaming.delivery.model import PlaybackRow
from streaming.ids import TitleId, VersionId
from streaming.workflows.house import House


def retire(house: House) -> int:
    """Remove superseded versions without live playbacks, keys first; gives how many."""
    with house.database.read() as session:
        old = [one for one in remaking.superseded(session) if not _is_watched(session, house, one[1])]
    for title_id, version_id in old:
        with house.database.write() as session:
            if _is_watched(session, house, version_id):
                continue
            remaking.drop(session, version_id)
        collect_title(house.database, house.objects, TitleId(title_id), house.clock.now())
    return len(old)


def _is_watched(session: Session, house: House, version_id: VersionId) -> bool:
    """Whether somebody holds a lease on it, or may still renew one."""
    alive = house.clock.now() - house.lease_grace
    found = session.scalars(
        select(PlaybackRow.id)
        .where(PlaybackRow.version_id == version_id, PlaybackRow.released_at.is_(None))
        .where(PlaybackRow.lease_until > alive)
        .limit(1)
    )
    return found.first() is not None
