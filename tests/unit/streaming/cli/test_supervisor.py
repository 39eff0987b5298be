import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streaming.cli.supervisor import (
    CannotStart,
    Child,
    children,
    how_it_ended,
    require_free_port,
    sole_holder,
)

HOUSE = """
import sys
from streaming.cli.supervisor import Child, supervise
program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
supervise([Child("sleeper", [sys.executable, "-c", program])])
"""


def start_house() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOUSE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def next_pid(house: subprocess.Popen[str]) -> int:
    assert house.stdout is not None
    assert select.select([house.stdout], [], [], 20)[0], "no child was started within 20 s"
    return int(house.stdout.readline())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_is_killed_is_started_again() -> None:
    house = start_house()
    first = next_pid(house)
    os.kill(first, signal.SIGKILL)
    second = next_pid(house)
    house.terminate()
    _, said = house.communicate(timeout=20)
    assert second != first
    assert "The sleeper stopped (killed by SIGKILL); starting it again" in said


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_child_and_the_house(sign: signal.Signals) -> None:
    house = start_house()
    child = next_pid(house)
    house.send_signal(sign)
    house.communicate(timeout=20)
    assert house.returncode == 0
    assert not is_running(child)


def test_a_house_has_as_many_workers_as_asked_for() -> None:
    assert [child.name for child in children(1, 1, 9)] == ["web server", "worker"]
    assert [child.name for child in children(1, 2, 9)] == ["web server", "worker 1", "worker 2"]


def test_every_web_process_inherits_the_one_listening_socket() -> None:
    house = children(3, 1, 9)
    assert [child.name for child in house] == ["web server 1", "web server 2", "web server 3", "worker"]
    assert [child.keeps for child in house] == [(9,), (9,), (9,), ()]


def test_two_houses_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        sole_holder(tmp_path),
        pytest.raises(CannotStart, match="Another Matinee already runs"),
        sole_holder(tmp_path),
    ):
        pytest.fail("the second house came in")


def test_the_folder_is_free_again_after_the_house_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_holder(tmp_path):
            assert (tmp_path / "serve.lock").exists()


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotStart, match="--port"):
        require_free_port("127.0.0.1", taken.getsockname()[1])


def test_an_end_is_said_in_words() -> None:
    assert how_it_ended(-9) == "killed by SIGKILL"
    assert how_it_ended(3) == "exit code 3"


def test_a_child_that_keeps_dying_is_started_ever_more_slowly() -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    pauses = []
    for _ in range(3):
        child.not_before = 0.0
        child.look_after()
        assert child.process is not None
        child.process.wait(timeout=20)
        child.look_after()
        pauses.append(child.pause)
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
