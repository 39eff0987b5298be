"""The bytes of uploads on local disk: durable before they are acknowledged, in constant memory."""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from streaming.clock import Clock
from streaming.uploads.appender import Appender
from streaming.uploads.ledger import Ledger, Mark

_NAME = re.compile(r"up_[a-z2-7]{20}\Z")
_COPY_STEP = 64 << 20
DISK_RESERVE = 256 << 20
"""Bytes of the disk that uploads leave free, for the database and the finished films."""


class Busy(Exception):
    """Another process or thread holds the upload's file."""


class UploadFiles:
    """A folder with two files an upload: `ID.bin`, its bytes, and `ID.ack`, its ledger.

    Names come from ids made here, never from a client. Whoever changes an upload holds an `flock` on its
    bytes, which the kernel lets go of when the process dies, however it dies.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    def path(self, upload_id: str) -> Path:
        """Where the bytes lie, whether or not they are there. Raises ValueError for anything but an id."""
        return self._named(upload_id, "bin")

    def create(self, upload_id: str) -> None:
        """Make an empty upload, durably."""
        self._root.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path(upload_id), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        self._ledger(upload_id).create(self._clock.now())
        sync_folder(self._root)

    def mark(self, upload_id: str) -> Mark:
        """Give the durable offset and when it was reached. Raises FileNotFoundError.

        A file shorter than its ledger says (a disk that lied about a sync, a restored backup) counts with
        what it holds, so that the client sends the rest again.
        """
        mark = self._ledger(upload_id).read()
        return Mark(mark.sequence, min(mark.offset, self.path(upload_id).stat().st_size), mark.at)

    def open(self, upload_id: str, algorithm: str | None = None) -> Appender:
        """Lock an upload for appending; bytes beyond the acknowledged offset are cut off.

        Raises Busy, or FileNotFoundError when it is gone.
        """
        fd = self._lock(upload_id)
        try:
            offset = self.mark(upload_id).offset
            os.ftruncate(fd, offset)
            return Appender(fd, self._ledger(upload_id), offset, self._clock, algorithm)
        except BaseException:
            os.close(fd)
            raise

    def _lock(self, upload_id: str) -> int:
        fd = os.open(self.path(upload_id), os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "deleted while waiting for the lock", upload_id)
        except BlockingIOError:
            os.close(fd)
            raise Busy(upload_id) from None
        except BaseException:
            os.close(fd)
            raise
        return fd

    def join(self, target: Appender, parts: Sequence[str]) -> None:
        """Append whole uploads to `target` and acknowledge the sum; the kernel copies, nothing is held."""
        for part in parts:
            size = self.mark(part).offset
            with self.path(part).open("rb") as source:
                _copy(source.fileno(), target, size)
        target.settle()

    def delete(self, upload_id: str) -> None:
        """Remove the upload's files, durably; absent ones are no error. Hold the lock."""
        self._named(upload_id, "ack").unlink(missing_ok=True)
        self.path(upload_id).unlink(missing_ok=True)
        if self._root.exists():
            sync_folder(self._root)

    def ids(self) -> Iterator[tuple[str, float]]:
        """Give the id and age (seconds since the last change) of everything in the folder."""
        now = self._clock.now().timestamp()
        for entry in sorted(self._root.iterdir()) if self._root.exists() else ():
            if _NAME.match(entry.stem) and entry.suffix in (".bin", ".ack"):
                yield entry.stem, now - entry.stat().st_mtime

    def has_room(self, size: int) -> bool:
        """Tell whether the disk could hold `size` more bytes today."""
        self._root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free >= size + min(DISK_RESERVE, size)

    def is_full(self, received: int) -> bool:
        """Tell whether so little is left that an upload which brought `received` bytes should stop."""
        disk = os.statvfs(self._root)
        return disk.f_bavail * disk.f_frsize < min(DISK_RESERVE, received)

    def _named(self, upload_id: str, suffix: str) -> Path:
        if not _NAME.match(upload_id):
            raise ValueError("not the id of an upload")
        return self._root / f"{upload_id}.{suffix}"

    def _ledger(self, upload_id: str) -> Ledger:
        return Ledger(self._named(upload_id, "ack"))


def sync_folder(folder: Path) -> None:
    """Make names created, renamed or removed in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _copy(source: int, target: Appender, size: int) -> None:
    """Append `size` bytes of the file `source`; copy_file_range shares blocks where the disk can."""
    done = 0
    while done < size:
        step = min(_COPY_STEP, size - done)
        try:
            count = os.copy_file_range(source, target.fd, step, done, target.written)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            os.lseek(target.fd, target.written, os.SEEK_SET)
            count = os.sendfile(target.fd, source, done, step)
        if count == 0:
            raise OSError(errno.EIO, "a part is shorter than its ledger says")
        target.advance(count)
        done += count
