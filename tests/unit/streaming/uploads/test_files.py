"""Bytes on the disk: ledgers that survive torn writes, appenders that acknowledge only what is synced."""

import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.clock import FixedClock
from streaming.uploads import appender as appending
from streaming.uploads.files import Busy, UploadFiles
from streaming.uploads.ledger import Ledger

AT = datetime(2031, 5, 1, tzinfo=UTC)
ID = "up_" + "a" * 20


@pytest.fixture
def files(tmp_path: Path) -> UploadFiles:
    made = UploadFiles(tmp_path / "uploads", FixedClock(AT))
    made.create(ID)
    return made


@settings(deadline=None)  # it waits for the disk
@given(offsets=st.lists(st.integers(0, 2**60), max_size=6), torn=st.binary(min_size=1, max_size=512))
def test_a_torn_write_leaves_the_mark_before_it(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[int], torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "x.ack"
    ledger = Ledger(path)
    ledger.create(AT)
    for offset in offsets:
        ledger.record(offset, AT)
    mark = ledger.read()
    assert mark.offset == ([0, *offsets])[-1]
    with path.open("r+b") as file:  # the next write goes to the other slot, and stops half-way
        file.seek((mark.sequence + 1) % 2 * 512)
        file.write(torn[:30])
    assert ledger.read() == mark


def test_a_ledger_without_a_whole_mark_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.ack"
    path.write_bytes(bytes(1024))
    with pytest.raises(ValueError, match="damaged"):
        Ledger(path).read()


def test_nothing_is_acknowledged_before_it_is_settled(files: UploadFiles) -> None:
    with files.open(ID) as upload:
        upload.write([b"abc", b"", b"def"])
        assert upload.pending
        assert files.mark(ID).offset == 0
        assert upload.settle() == 6
        assert files.mark(ID).offset == 6
    assert files.path(ID).read_bytes() == b"abcdef"


def test_without_a_checksum_every_sixteen_megabytes_are_acknowledged(
    files: UploadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "SYNC_BYTES", 100)
    monkeypatch.setattr(appending, "MAX_UNSYNCED", 150)
    with files.open(ID) as upload:
        for _ in range(10):
            upload.write([b"x" * 60])
        assert files.mark(ID).offset >= 10 * 60 - 150 - 60


def test_with_a_checksum_nothing_is_acknowledged_on_the_way(
    files: UploadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "SYNC_BYTES", 100)
    monkeypatch.setattr(appending, "MAX_UNSYNCED", 150)
    body = os.urandom(600)
    with files.open(ID, "sha256") as upload:
        for start in range(0, 600, 60):
            upload.write([body[start : start + 60]])
        assert files.mark(ID).offset == 0
        assert upload.matches(hashlib.sha256(body).digest())
        assert not upload.matches(hashlib.sha256(b"other").digest())
        assert upload.settle() == 600
    assert files.mark(ID).offset == 600


def test_discarding_goes_back_to_the_acknowledged_offset(files: UploadFiles) -> None:
    with files.open(ID) as upload:
        upload.write([b"abc"])
        upload.settle()
        upload.write([b"defgh"])
        assert upload.discard() == 3
        upload.write([b"D"])
        upload.settle()
    assert files.path(ID).read_bytes() == b"abcD"


def test_after_a_failed_write_nothing_can_be_appended_or_settled(
    files: UploadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with files.open(ID) as upload:
        with monkeypatch.context() as patch:
            patch.setattr("os.pwritev", full)
            with pytest.raises(OSError, match="full"):
                upload.write([b"lost"])
        with pytest.raises(OSError, match="full"):
            upload.write([b"after the hole"])
        with pytest.raises(OSError, match="full"):
            upload.settle()
        upload.discard()
        upload.write([b"whole"])
        assert upload.settle() == 5


@settings(deadline=None)  # it waits for the disk
@given(st.lists(st.binary(max_size=50), max_size=1200))
def test_any_batch_is_written_as_it_is(tmp_path_factory: pytest.TempPathFactory, batch: list[bytes]) -> None:
    files = UploadFiles(tmp_path_factory.mktemp("files"), FixedClock(AT))
    files.create(ID)
    with files.open(ID) as upload:
        upload.write(batch)
        upload.settle()
    assert files.path(ID).read_bytes() == b"".join(batch)


def test_one_at_a_time(files: UploadFiles) -> None:
    with files.open(ID), pytest.raises(Busy):
        files.open(ID)
    files.open(ID).close()


def test_files_of_a_deleted_upload_are_gone(files: UploadFiles, tmp_path: Path) -> None:
    files.delete(ID)
    files.delete(ID)
    assert list((tmp_path / "uploads").iterdir()) == []
    with pytest.raises(FileNotFoundError):
        files.open(ID)


def test_joining_works_where_the_kernel_cannot_copy_ranges(
    files: UploadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr("os.copy_file_range", cannot)
    parts = [f"up_{letter * 20}" for letter in "bc"]
    for part in parts:
        files.create(part)
        with files.open(part) as upload:
            upload.write([part.encode() * 1000])
            upload.settle()
    with files.open(ID) as target:
        files.join(target, parts)
    assert files.path(ID).read_bytes() == b"".join(part.encode() * 1000 for part in parts)
    assert files.mark(ID).offset == 46_000
