"""A worker's name is held by one process, and free again when that process is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streaming.jobs.identity import Identity, is_held, is_name, living, take_post

HOLD = """
import sys
from pathlib import Path
from streaming.jobs.identity import Identity
print(Identity.take(Path(sys.argv[1])).name, flush=True)
sys.stdin.read()
"""


def test_names_are_taken_in_order_and_never_twice(tmp_path: Path) -> None:
    with Identity.take(tmp_path) as first, Identity.take(tmp_path) as second:
        assert (first.name, second.name) == ("w1", "w2")
        assert is_held(tmp_path, "w1")
    assert not is_held(tmp_path, "w1")
    with Identity.take(tmp_path) as again:
        assert again.name == "w1"


def test_only_workers_have_workers_names() -> None:
    assert [name for name in ("w1", "w12", "web", "w", "") if is_name(name)] == ["w1", "w12"]


def test_a_killed_process_lets_go_of_its_name(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline().strip() == b"w1"
    assert is_held(tmp_path, "w1")
    holder.kill()
    holder.wait(10)
    holder.stdin.close()
    holder.stdout.close()
    assert not is_held(tmp_path, "w1")


def test_a_folder_with_too_many_workers_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.jobs.identity.MOST", 1)
    with Identity.take(tmp_path), pytest.raises(RuntimeError, match="already run"):
        Identity.take(tmp_path)


def test_a_post_is_held_by_one_at_a_time_and_is_no_worker(tmp_path: Path) -> None:
    held = take_post(tmp_path, "early")
    assert held is not None
    assert take_post(tmp_path, "early") is None
    assert living(tmp_path) == []
    os.close(held)
    again = take_post(tmp_path, "early")
    assert again is not None
    os.close(again)
    with pytest.raises(ValueError, match="name of a worker"):
        take_post(tmp_path, "w1")
