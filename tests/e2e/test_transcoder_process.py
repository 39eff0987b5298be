"""A process ends when it should: on cancel, in time, with its parent; and it says why it failed."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.media import films
from tests.media.pipeline import KEYS, SHORT, MemorySink
from transcoder.encoding.encode import EncodedSegment, InitSegment, encode_chunk
from transcoder.errors import Cancelled, EncodeFailed
from transcoder.planning.plan import Policy, make_plan
from transcoder.programs.isolation import Isolation
from transcoder.programs.process import protection, run
from transcoder.programs.sandbox import Bounds, Limits, Sandbox
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e

PYTHON = str(Path(sys.executable).resolve())
LIBRARY = Path(sys.base_prefix)
"""What Python itself needs to read, where it is not the system's."""

ROOMY = Bounds(seconds=30, memory=1 << 30, open_files=64)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.counted(tmp_path_factory.mktemp("films"), Fraction(25), 225)


def drain(stream: Iterator[bytes]) -> None:
    for _ in stream:
        pass


older: set[int] = set()
"""Processes that other tests keep for the whole run, as multiprocessing's tracker of resources."""


@pytest.fixture(autouse=True)
def _note_older_processes() -> None:
    older.clear()
    older.update(each.pid for each in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """Processes that this test has begun and that still live."""
    return [each for each in psutil.Process().children(recursive=True) if each.pid not in older]


def gone(word: str) -> None:
    """No process has `word` among its arguments, or will not in a moment."""
    named = [each for each in psutil.process_iter(["cmdline"]) if word in (each.info["cmdline"] or [])]
    assert psutil.wait_procs(named, timeout=5)[1] == []


class BlockingSink(MemorySink):
    """Sets an event at the first segment and then takes nothing more until released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.release = threading.Event()

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        if isinstance(item, EncodedSegment):
            self.reached.set()
            self.release.wait(20)
        super().put(item, data)


def test_cancel_ends_the_encoder_within_a_second(tmp_path: Path) -> None:
    film = films.picture_film(tmp_path, 20, "640x360")
    plan, cancel, sink = make_plan(probe(film), Policy(preset="veryslow")), threading.Event(), BlockingSink()
    since: list[float] = []

    def stop() -> None:
        sink.reached.wait(20)
        since.append(time.monotonic())
        cancel.set()
        sink.release.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        encode_chunk(film, plan, plan.chunks[-1], plan.renditions, KEYS.content_key, sink, cancel=cancel)
    assert time.monotonic() - since[0] < 1
    stopper.join()
    assert children() == []


def test_a_cancel_set_before_starts_nothing_that_stays(film: Path) -> None:
    plan, cancel = make_plan(probe(film), SHORT), threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        encode_chunk(
            film, plan, plan.chunks[0], plan.renditions, KEYS.content_key, MemorySink(), cancel=cancel
        )
    assert children() == []


@pytest.mark.parametrize("moment", range(12))
def test_a_cancel_at_any_moment_of_the_start_leaves_nothing(isolation: Isolation, moment: int) -> None:
    name, cancel = f"canary-{os.getpid()}-{moment}", threading.Event()
    timer = threading.Timer(moment / 2000, cancel.set)
    timer.start()
    with pytest.raises(Cancelled):
        run(
            lambda _: [PYTHON, "-c", "import time; time.sleep(60)", name],
            {},
            ROOMY,
            Sandbox((LIBRARY,)),
            cancel,
        )
    timer.join()
    gone(name)


def test_a_sink_that_fails_ends_the_chunk_with_its_own_fault(film: Path) -> None:
    class Full(MemorySink):
        def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
            raise OSError("no space")

    plan = make_plan(probe(film), SHORT)
    with pytest.raises(OSError, match="no space"):
        encode_chunk(film, plan, plan.chunks[0], plan.renditions, KEYS.content_key, Full())
    assert children() == []


def test_a_missing_source_is_a_failure_with_the_encoders_words(film: Path, tmp_path: Path) -> None:
    plan = make_plan(probe(film), SHORT)
    with pytest.raises(EncodeFailed) as caught:
        encode_chunk(
            tmp_path / "gone.mp4", plan, plan.chunks[0], plan.renditions, KEYS.content_key, MemorySink()
        )
    assert caught.value.code == "encoder_failed"
    assert any("No such file" in line for line in caught.value.lines)


def test_a_process_beyond_its_time_is_ended(film: Path) -> None:
    plan = make_plan(probe(film), SHORT)
    hurried = Limits(encode_seconds=0.02, encode_factor=0)
    with pytest.raises(EncodeFailed) as caught:
        encode_chunk(
            film, plan, plan.chunks[1], plan.renditions, KEYS.content_key, MemorySink(), limits=hurried
        )
    assert caught.value.code == "timed_out"
    assert children() == []


def test_progress_reaches_the_chunks_frames(film: Path) -> None:
    plan = make_plan(probe(film), SHORT)
    seen: list[int] = []
    chunk = plan.chunks[1]
    encode_chunk(film, plan, chunk, plan.renditions, KEYS.content_key, MemorySink(), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == chunk.frames


def test_a_process_that_ignores_terminate_is_killed(isolation: Isolation) -> None:
    stubborn = "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    cancel = threading.Event()

    def cancel_when_ready(stream: Iterator[bytes]) -> None:
        for _ in stream:
            cancel.set()

    with pytest.raises(Cancelled):
        run(
            lambda _: [PYTHON, "-c", stubborn],
            {"stdout": cancel_when_ready},
            ROOMY,
            Sandbox((LIBRARY,)),
            cancel,
        )
    assert children() == []


@pytest.mark.parametrize("code", [0, 1])
def test_a_cancelled_run_says_so_however_its_process_ended_by_itself(isolation: Isolation, code: int) -> None:
    cancel = threading.Event()

    def cancel_at_the_end(stream: Iterator[bytes]) -> None:
        drain(stream)
        cancel.set()

    with pytest.raises(Cancelled):
        run(
            lambda _: [PYTHON, "-c", f"raise SystemExit({code})"],
            {"stdout": cancel_at_the_end},
            ROOMY,
            Sandbox((LIBRARY,)),
            cancel,
        )


def test_a_process_gets_no_input_and_no_environment(isolation: Isolation) -> None:
    script = "import os,sys\nassert sys.stdin.read() == ''\nassert 'MATINEE_SECRET' not in os.environ\n"
    os.environ["MATINEE_SECRET"] = "x"
    try:
        finished = run(lambda _: [PYTHON, "-c", script], {"stdout": drain}, ROOMY, Sandbox((LIBRARY,)))
    finally:
        del os.environ["MATINEE_SECRET"]
    assert finished.code == 0, finished.lines


def test_a_process_writes_no_file(isolation: Isolation, tmp_path: Path) -> None:
    (tmp_path / "leak").touch()
    script = f"open({str(tmp_path / 'leak')!r}, 'w').write('x' * 9999)\n"
    sandbox = Sandbox((tmp_path / "leak", LIBRARY))
    assert run(lambda _: [PYTHON, "-c", script], {"stdout": drain}, ROOMY, sandbox).code != 0
    assert (tmp_path / "leak").stat().st_size == 0


def test_a_process_reads_what_it_may_while_that_grows(isolation: Isolation, tmp_path: Path) -> None:
    film, subtitles = tmp_path / "film 'a'\n.mp4", tmp_path / "subtitles.srt"
    film.write_text("begun, ")
    subtitles.write_text("and read.")
    script = (
        f"import sys\nfilm = open({str(film)!r})\nprint(film.read(), flush=True)\n"
        f"while not (more := film.read()): pass\nprint(more, open({str(subtitles)!r}).read())\n"
    )
    heard: list[bytes] = []

    def grow(stream: Iterator[bytes]) -> None:
        for data in stream:
            heard.append(data)
            if len(heard) == 1:
                with film.open("a") as file:
                    file.write("grown ")

    finished = run(
        lambda _: [PYTHON, "-c", script], {"stdout": grow}, ROOMY, Sandbox((film, subtitles, LIBRARY))
    )
    assert finished.code == 0, finished.lines
    assert b"".join(heard) == b"begun, \ngrown  and read.\n"


def test_a_process_reaches_no_listener_on_this_machine() -> None:
    if protection().isolation is Isolation.NONE:
        pytest.skip("this machine gives no namespaces")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        script = f"import socket; socket.create_connection({address!r}, 5)"
        finished = run(lambda _: [PYTHON, "-c", script], {"stdout": drain}, ROOMY, Sandbox((LIBRARY,)))
        assert finished.code != 0
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_in_bubblewrap_a_process_is_alone_with_its_file(tmp_path: Path) -> None:
    if protection().isolation is not Isolation.BUBBLEWRAP:
        pytest.skip("bubblewrap does not work on this machine")
    film, other = tmp_path / "film.mp4", tmp_path / "other.mp4"
    film.touch()
    other.touch()
    script = (
        f"import os\nassert os.listdir({str(tmp_path)!r}) == ['film.mp4']\n"
        "assert (os.getpid(), os.getuid(), os.uname().nodename) == (1, 65534, 'film')\n"
        "assert not any(os.path.exists(path) for path in ('/etc', '/home', '/proc', '/dev'))\n"
    )
    finished = run(lambda _: [PYTHON, "-c", script], {"stdout": drain}, ROOMY, Sandbox((film, LIBRARY)))
    assert finished.code == 0, finished.lines


def test_what_nobody_waits_for_stands_back(isolation: Isolation) -> None:
    script = f"import os\nassert os.nice(0) == {min(19, os.nice(0) + 10)}"
    spare = replace(ROOMY, niceness=10)
    finished = run(lambda _: [PYTHON, "-c", script], {"stdout": drain}, spare, Sandbox((LIBRARY,)))
    assert finished.code == 0, finished.lines


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel has no groups by session")
def test_the_session_of_what_nobody_waits_for_stands_back_too(isolation: Isolation) -> None:
    """A nice value counts within a session alone where sessions are groups, and each process has its own."""
    wanted, seen = f"nice {min(19, os.nice(0) + 10)}\n", list[str]()
    earlier = set(psutil.Process().children())

    def until_it_stands_back() -> Iterator[bytes]:
        (process,) = set(psutil.Process().children()) - earlier
        deadline = time.monotonic() + 10
        while not seen or (not seen[-1].endswith(wanted) and time.monotonic() < deadline):
            seen.append(Path(f"/proc/{process.pid}/autogroup").read_text())
            time.sleep(0.01)
        yield b""

    spare, argv = replace(ROOMY, niceness=10), [PYTHON, "-c", "import sys; sys.stdin.read()"]
    finished = run(lambda _: argv, {"stdout": drain}, spare, Sandbox((LIBRARY,)), feed=until_it_stands_back())
    assert finished.code == 0, finished.lines
    assert seen[-1].endswith(wanted), seen[-1]


def test_memory_is_bounded(isolation: Isolation) -> None:
    greedy = "x = bytearray(2 << 30)"
    finished = run(lambda _: [PYTHON, "-c", greedy], {"stdout": drain}, ROOMY, Sandbox((LIBRARY,)))
    assert finished.code != 0
    assert any("MemoryError" in line for line in finished.lines)


def test_the_encoder_dies_when_its_parent_is_killed(film: Path) -> None:
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from tests.media.pipeline import KEYS, SHORT\n"
        "from transcoder.encoding.encode import encode_chunk\n"
        "from transcoder.planning.plan import make_plan\n"
        "from transcoder.studying.probe import probe\n"
        "class Stuck:\n"
        "    def put(self, item, data):\n"
        "        print('put', flush=True)\n"
        "        threading.Event().wait()\n"
        f"film = Path({str(film)!r})\n"
        "plan = make_plan(probe(film), SHORT)\n"
        "encode_chunk(film, plan, plan.chunks[0], plan.renditions, KEYS.content_key, Stuck())\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"put\n"
        grandchildren = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(signal.SIGKILL)
    assert grandchildren
    _, alive = psutil.wait_procs(grandchildren, timeout=5)
    assert alive == []


@pytest.mark.parametrize("lack", [errno.EAGAIN, errno.ENOMEM, errno.EFAULT])
def test_a_start_that_fails_for_the_moment_is_tried_again(monkeypatch: pytest.MonkeyPatch, lack: int) -> None:
    faults = [OSError(lack, os.strerror(lack)), OSError(lack, os.strerror(lack))]
    start = subprocess.Popen

    def popen(*words: Any, **options: Any) -> Any:
        if faults:
            raise faults.pop()
        return start(*words, **options)

    protection()
    monkeypatch.setattr(subprocess, "Popen", popen)
    finished = run(lambda _: ["/bin/true"], {}, ROOMY, Sandbox())
    assert (finished.code, faults) == (0, [])


def test_a_program_that_is_not_there_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def popen(*_: Any, **__: Any) -> Any:
        tries.append(1)
        raise FileNotFoundError(errno.ENOENT, "no such program")

    protection()
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(FileNotFoundError):
        run(lambda _: ["/bin/true"], {}, ROOMY, Sandbox())
    assert len(tries) == 1
