"""The object store: durable puts under names that never change their content."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, MemoryStore

from streaming.errors import not_found


class ObjectStore(Protocol):
    """What every backend offers; names are relative paths with `/`."""

    def put(self, name: str, data: bytes) -> None:
        """Keep `data` under `name`; when this returns, a power cut cannot lose it."""
        ...

    def get(self, name: str) -> bytes:
        """Give the object's bytes. Raises `Fault` NOT_FOUND."""
        ...

    def path(self, name: str) -> Path | None:
        """Give the local file of an object if the backend has files and the object is there."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; absent ones are no fault."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Name the objects below the folder `prefix`."""
        ...


class _Objects:
    """What local disk and memory share, over obstore."""

    def __init__(self, store: LocalStore | MemoryStore) -> None:
        self._store = store

    def put(self, name: str, data: bytes) -> None:
        obstore.put(self._store, name, data, use_multipart=False)

    def get(self, name: str) -> bytes:
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except (NotFoundError, FileNotFoundError):
            raise not_found("object") from None

    def path(self, name: str) -> Path | None:
        return None

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                obstore.delete(self._store, name)
            except (NotFoundError, FileNotFoundError):
                continue

    def list(self, prefix: str = "") -> Iterator[str]:
        for batch in obstore.list(self._store, prefix or None):
            for item in batch:
                yield str(item["path"])


class MemoryObjects(_Objects):
    """Objects in memory, for tests."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())


class LocalObjects(_Objects):
    """Objects as files below a folder.

    obstore writes to a temporary name and renames; it does not fsync. So the file and the folders that
    name it are fsynced here, before anybody commits a row that points at it.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._named: set[Path] = {self._root}
        super().__init__(LocalStore(self._root, automatic_cleanup=True))

    def put(self, name: str, data: bytes) -> None:
        """Keep `data` under `name`, fsynced with its folder."""
        super().put(name, data)
        path = self._root / name
        _fsync(path, os.O_RDONLY)
        _fsync(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        self._fsync_new_folders(path.parent)

    def path(self, name: str) -> Path | None:
        """Give the object's file if it is there and below the root."""
        path = self._root / name
        return path if path.resolve().is_relative_to(self._root) and path.is_file() else None

    def _fsync_new_folders(self, folder: Path) -> None:
        while folder not in self._named:
            self._named.add(folder)
            folder = folder.parent
            _fsync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
