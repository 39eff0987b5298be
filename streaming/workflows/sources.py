"""Uploaded files as the workflows see them: a path while the film is made, nothing afterwards."""

from pathlib import Path

import streaming.accounts.model  # noqa: F401  # the uploads' rows refer to accounts: the mapper must know both
from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.ids import UploadId
from streaming.uploads.files import UploadFiles
from streaming.uploads.model import State
from streaming.uploads.store import UploadStore


class UploadedFiles:
    """`streaming.catalogue.ports.Sources` and `Arrivals` over the uploads' folder and table."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._store = UploadStore(database)
        self._files = UploadFiles(folder, clock)
        self._clock = clock

    def source_path(self, upload_id: UploadId) -> Path | None:
        """Give the whole uploaded file, or None when it is not there (any more)."""
        path = self._files.path(upload_id)
        return path if path.is_file() else None

    def arrived(self, upload_id: UploadId) -> tuple[Path, int] | None:
        """Give the file of an upload that is being received, and its acknowledged bytes, or None."""
        row = self._store.get(upload_id)
        if row is None or row.state != State.RECEIVING or row.kind != "whole":
            return None
        try:
            return self._files.path(upload_id), self._files.mark(upload_id).offset
        except (FileNotFoundError, ValueError):
            return None

    def discard(self, upload_id: UploadId) -> None:
        """Remove the file; the upload's row stays as a tombstone."""
        self._store.move(upload_id, {State.COMPLETE, State.HANDED_OVER}, State.SPENT, self._clock.now())
        self._files.delete(upload_id)
