"""Collecting orphans: objects that no row of the index knows and no running attempt may still want."""

from datetime import datetime, timedelta
from itertools import groupby

from streaming.catalogue import attempts, store
from streaming.db.engine import Database
from streaming.ids import TitleId
from streaming.storage.objects import ObjectStore

SILENCE = timedelta(minutes=2)
"""An attempt that gave no sign of life for this long is dead."""


def collect_title(database: Database, objects: ObjectStore, title_id: TitleId, now: datetime) -> int:
    """Remove one title's orphans; gives how many."""
    return _sweep(database, objects, title_id, list(objects.list(title_id)), now)


def collect_all(database: Database, objects: ObjectStore, now: datetime) -> int:
    """Remove every orphan of the store, title by title; gives how many."""
    removed = 0
    names = sorted(objects.list())
    for folder, found in groupby(names, key=lambda name: name.split("/", 1)[0]):
        removed += _sweep(database, objects, TitleId(folder), list(found), now)
    return removed


def _sweep(
    database: Database, objects: ObjectStore, title_id: TitleId, listed: list[str], now: datetime
) -> int:
    """Compare a listing with the index. The listing is older than the reading, so whatever it names is
    either visible by now, or its attempt still runs, or nobody will ever want it."""
    if not listed:
        return 0
    with database.read() as session:
        known: set[str] = set()
        for version_id in store.versions_of(session, title_id):
            known |= store.object_names(session, version_id)
        alive = attempts.live_attempts(session, title_id, now - SILENCE)
    orphans = [name for name in listed if name not in known and attempt_of(name) not in alive]
    objects.delete(orphans)
    return len(orphans)


def attempt_of(name: str) -> str:
    """The attempt that an object's name carries: `…/v-000012-k3x9q2ab.m4s` → `k3x9q2ab`."""
    return name.rsplit("/", 1)[-1].rsplit("-", 1)[-1].split(".", 1)[0]
