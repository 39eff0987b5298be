"""Clears away what nobody will come back for: expired uploads, broken joins, files without a row."""

import logging
from datetime import timedelta

from streaming.uploads.files import Busy
from streaming.uploads.keeper import Keeper
from streaming.uploads.model import State, Upload

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 3600.0
"""A file is made before its row; one without a row is only garbage once it is this old."""
TOMBSTONES = timedelta(days=30)
ENDS = (State.SPENT, State.JOINED, State.TERMINATED, State.EXPIRED)


class Collector:
    """Removes garbage, never anything that is locked or that may still be asked for."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def collect(self) -> int:
        """Remove what is overdue; gives how many uploads or stray files were removed."""
        removed = self._expired() + self._broken_joins() + self._strays()
        now = self._keeper.clock.now()
        self._keeper.store.remove_ended_before(now - TOMBSTONES, ENDS)
        return removed

    def _expired(self) -> int:
        keeper = self._keeper
        rows = keeper.store.in_states(State.RECEIVING, State.COMPLETE)
        overdue = [upload for row in rows if keeper.is_overdue(upload := keeper.compose(row))]
        return sum(self._remove(upload, State.EXPIRED) for upload in overdue)

    def _broken_joins(self) -> int:
        joining = self._keeper.store.in_states(State.JOINING)
        return sum(self._remove(self._keeper.compose(row), State.TERMINATED) for row in joining)

    def _remove(self, upload: Upload, to: State) -> bool:
        try:
            with self._keeper.files.open(upload.id):
                row = self._keeper.store.get(upload.id)
                # Under the lock nothing moves: a byte may have arrived since it was found overdue.
                if row is None or row.state not in (State.RECEIVING, State.COMPLETE, State.JOINING):
                    return False
                if to is State.EXPIRED and not self._keeper.is_overdue(self._keeper.compose(row)):
                    return False
                self._keeper.remove(upload, to)
        except Busy:
            return False
        except FileNotFoundError:
            self._keeper.remove(upload, to)
        return True

    def _strays(self) -> int:
        files = self._keeper.files
        removed = set()
        for upload_id, age in list(files.ids()):
            row = self._keeper.store.get(upload_id)
            if (row is None and age > ORPHAN_SECONDS) or (row is not None and row.state in ENDS):
                files.delete(upload_id)
                removed.add(upload_id)
        if removed:
            log.info("removed %d stray upload files", len(removed))
        return len(removed)
