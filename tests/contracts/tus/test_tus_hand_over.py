"""What happens after the last byte, and after crashes and full disks on the way there."""

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from streaming.ids import UploadId
from streaming.uploads.model import State, UploadRow
from streaming.uploads.refusals import Refusal
from tests.support.pause import Pause

if TYPE_CHECKING:
    from tests.contracts.tus.conftest import House


def ident(url: str) -> UploadId:
    return UploadId(url.rpartition("/")[2])


def state(house: "House", url: str) -> str:
    with house.database.read() as session:
        return session.get_one(UploadRow, ident(url)).state


def test_a_failing_hand_over_is_tried_again_until_it_works(house: "House") -> None:
    house.told.failures = 2
    url = house.begin(3)
    assert house.patch(url, 0, b"abc").status == 204
    assert state(house, url) == State.COMPLETE
    assert house.service.hand_over_pending() == 0
    house.restart()
    assert house.service.hand_over_pending() == 1
    assert house.service.hand_over_pending() == 0
    assert [u.id for u in house.told.finished] == [ident(url)]
    assert state(house, url) == State.HANDED_OVER


def test_a_kill_between_the_last_byte_and_its_note_is_made_good(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.begin(3)

    def killed(*_: object) -> None:
        raise SystemError("killed")

    monkeypatch.setattr("streaming.uploads.keeper.Keeper.complete", killed)
    with pytest.raises(SystemError):
        house.patch(url, 0, b"abc")
    monkeypatch.undo()
    house.restart()
    assert state(house, url) == State.RECEIVING
    assert house.service.hand_over_pending() == 1
    assert [u.id for u in house.told.finished] == [ident(url)]


def test_a_kill_before_the_title_was_noted_makes_it_at_the_hand_over(house: "House") -> None:
    url = house.begin(3)
    with house.database.write() as session:
        session.get_one(UploadRow, ident(url)).title_id = None
    house.patch(url, 0, b"abc")
    assert house.told.finished[0].title_id == f"ti_{ident(url)[3:]}"


def test_the_file_of_a_verified_title_is_deleted_and_head_still_says_complete(house: "House") -> None:
    url = house.begin(3)
    house.patch(url, 0, b"abc")
    house.service.delete_file(ident(url))
    house.service.delete_file(ident(url))
    assert house.files() == []
    assert house.offset(url) == 3
    assert house.send("DELETE", url).status == 409


def test_a_title_deleted_while_its_film_arrives_ends_the_upload(house: "House") -> None:
    async def meanwhile() -> None:
        url = (await house.ask("POST", upload_length="6")).headers["location"]
        rest = Pause()
        options: dict[str, Any] = {"content_type": "application/offset+octet-stream", "upload_offset": "0"}
        sending = asyncio.create_task(house.ask("PATCH", url, [b"abc", b"def"], pauses={1: rest}, **options))
        await rest.reached.wait()
        house.service.delete_file(ident(url))
        rest.set()
        assert (await sending).code == "upload_terminated"
        assert (await house.ask("HEAD", url)).status == 410

    asyncio.run(meanwhile())
    assert house.files() == []
    assert house.told.finished == house.told.gone == []


def test_gone_is_told_again_when_it_could_not_be_told(house: "House") -> None:
    house.told.gone_failures = 1
    house.send("DELETE", house.begin(3))
    assert house.told.gone == []
    house.restart()
    house.service.hand_over_pending()
    house.service.hand_over_pending()
    assert len(house.told.gone) == 1


def test_bytes_beyond_the_acknowledged_ones_are_cut_off(house: "House") -> None:
    url = house.begin(10)
    house.patch(url, 0, b"abc")
    with house.service.path(ident(url)).open("ab") as file:
        file.write(b"written but never acknowledged")
    house.restart()
    assert house.offset(url) == 3
    house.patch(url, 3, b"d")
    assert house.content(url) == b"abcd"


def test_a_file_shorter_than_acknowledged_counts_with_what_it_holds(house: "House") -> None:
    url = house.begin(10)
    house.patch(url, 0, b"abcdef")
    os.truncate(house.service.path(ident(url)), 2)
    assert house.offset(url) == 2
    assert house.patch(url, 2, b"cdefghij").status == 204
    assert house.content(url) == b"abcdefghij"


def test_a_join_that_was_killed_is_taken_back(house: "House", monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = house.part(b"ab"), house.part(b"cd")

    def killed(*_: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("streaming.uploads.store.UploadStore.joined", killed)
        patch.setattr("streaming.uploads.keeper.Keeper.remove", lambda *_: None)
        with pytest.raises(SystemError):
            house.send("POST", upload_concat=f"final;{first} {second}")
    house.restart()
    assert len(house.files()) == 6
    assert house.service.collect() == 1
    assert len(house.files()) == 4
    assert len(house.told.gone) == 1
    url = house.begin(upload_concat=f"final;{first} {second}")
    assert house.content(url) == b"abcd"


def test_files_without_a_row_are_collected_when_they_are_old(house: "House") -> None:
    root = house.folder / "uploads"
    root.mkdir(exist_ok=True)
    stray = root / f"up_{'a' * 20}.bin"
    stray.write_bytes(b"x")
    (root / "readme.txt").write_text("not ours")
    now = house.clock.now().timestamp()
    os.utime(stray, (now - 60, now - 60))
    assert house.service.collect() == 0
    house.later(hours=2)
    assert house.service.collect() == 1
    assert house.files() == ["readme.txt"]


def test_tombstones_do_not_stay_for_ever(house: "House") -> None:
    url = house.begin(3)
    house.send("DELETE", url)
    house.later(days=31)
    house.service.collect()
    assert house.send("HEAD", url).status == 404


def test_nothing_is_collected_while_somebody_writes(house: "House") -> None:
    url = house.begin(3)
    house.later(days=8)
    with house.service._files.open(ident(url)):
        assert house.service.collect() == 0
    assert house.service.collect() == 1


def test_another_process_at_the_same_file_locks_it(house: "House") -> None:
    url = house.begin(3)
    with house.service._files.open(ident(url)):
        answer = house.patch(url, 0, b"abc")
        assert (answer.status, answer.code) == (423, "upload_locked")
        assert house.offset(url) == 0
    assert house.patch(url, 0, b"abc").status == 204


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_when_the_disk_takes_no_more_nothing_acknowledged_is_lost(house: "House") -> None:
    house.settings["quota_bytes"] = 10_000_000
    house.restart()
    film = os.urandom(4_000_000)
    url = house.begin(len(film))
    assert house.patch(url, 0, film[:1_000_000]).offset == 1_000_000
    with files_of_at_most(2_000_000):
        answer = house.patch(url, 1_000_000, [film[1_000_000:2_500_000], film[2_500_000:]])
    assert (answer.status, answer.code, answer.offset) == (507, "disk_full", 1_000_000)
    assert "disk is full" in answer.problem["detail"]
    assert house.patch(url, 1_000_000, film[1_000_000:]).status == 204
    assert house.content(url) == film


def test_bytes_that_cannot_be_synced_are_not_acknowledged(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.begin(6)
    house.patch(url, 0, b"abc")

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", fail)
        answer = house.patch(url, 3, b"def")
    assert (answer.status, answer.code, answer.offset) == (500, "disk_failed", 3)
    assert house.offset(url) == 3
    assert house.patch(url, 3, b"def").status == 204


def test_a_disk_without_room_refuses_at_the_door(house: "House", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.uploads.files.DISK_RESERVE", 1 << 62)
    house.settings["quota_bytes"] = 1 << 59
    house.restart()
    answer = house.send("POST", upload_length=str(1 << 58))
    assert (answer.status, answer.code) == (507, "disk_full")
    assert house.told.created == []


def test_the_service_answers_the_rest_of_the_house(house: "House") -> None:
    url = house.begin(3)
    upload = house.service.find(house.told.created[0].owner_id, ident(url))
    assert house.service.unfinished(upload.owner_id) == [upload]
    assert house.service.path(upload.id).read_bytes() == b""
    for hostile in ("../house", "up_../../../../../../etc", "", "up_" + "A" * 20):
        with pytest.raises(ValueError, match="not the id"):
            house.service.path(hostile)
        with pytest.raises(Refusal, match="no such upload"):
            house.service.find(upload.owner_id, hostile)
