from pathlib import Path

import pytest

from streaming.errors import Fault
from streaming.storage.objects import LocalObjects, MemoryObjects, ObjectStore


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryObjects() if request.param == "memory" else LocalObjects(tmp_path / "objects")


def test_what_was_put_is_given(store: ObjectStore) -> None:
    store.put("ti_1/1/v480/media-1.m4s", b"cipher")
    assert store.get("ti_1/1/v480/media-1.m4s") == b"cipher"


def test_an_absent_object_is_a_fault_people_can_read(store: ObjectStore) -> None:
    with pytest.raises(Fault, match="no such object"):
        store.get("ti_1/none")


def test_objects_are_listed_below_a_folder_only(store: ObjectStore) -> None:
    for name in ("a/1", "a/b/2", "c/3"):
        store.put(name, b"x")
    assert sorted(store.list("a")) == ["a/1", "a/b/2"]
    assert sorted(store.list()) == ["a/1", "a/b/2", "c/3"]


def test_deleting_twice_is_no_fault(store: ObjectStore) -> None:
    store.put("a/1", b"x")
    store.delete(["a/1"])
    store.delete(["a/1"])
    assert list(store.list()) == []


def test_a_path_never_leaves_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    store = LocalObjects(tmp_path / "objects")
    store.put("a/1", b"x")
    assert store.path("a/1") is not None
    assert store.path("../secret") is None
    assert store.path("a") is None
