"""The one place that starts processes: argv lists, pipes, a time limit, and a sure end."""

import errno
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fcntl import F_SETPIPE_SZ, fcntl
from functools import cache, partial

from transcoder.errors import Cancelled, EncodeFailed
from transcoder.programs import binaries
from transcoder.programs.isolation import Isolation, Protection, confine, tool
from transcoder.programs.sandbox import Bounds, Sandbox
from transcoder.programs.standing import stand_back

Consumer = Callable[[Iterator[bytes]], None]
"""Eats one pipe to its end; raising ends the process."""

_READ = 1 << 18
_PIPE = 1 << 20
_POLL_SECONDS = 0.05
_RING_LINES = 40
_RING_CHARS = 400
_PASSING = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EFAULT, errno.ETXTBSY})
"""What a kernel says that is short of processes or memory just now, or of a page of the program."""
_PAUSES = (0.05, 0.2, 1.0)
"""Seconds before each further try to start a program."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended: exit code (0: well) and its last lines on stderr."""

    code: int
    lines: tuple[str, ...]


def run(
    make_argv: Callable[[Mapping[str, int]], Sequence[str]],
    consumers: Mapping[str, Consumer],
    bounds: Bounds,
    sandbox: Sandbox,
    cancel: threading.Event | None = None,
    feed: Iterable[bytes] | None = None,
) -> Finished:
    """Run one process and feed each named pipe to its consumer, each in a thread of its own.

    `make_argv` gets the file descriptor of every pipe by name, to write as `pipe:N`; the pipe named
    "stdout" is the standard output. Standard input gives what `feed` gives, for what must not lie on a disk.
    Returns however the process ended; raises Cancelled if `cancel` was set before that, whatever came of it,
    what a consumer or `feed` raised, or EncodeFailed("timed_out"). No process is left behind in any case,
    even if this one is killed: the child gets SIGKILL when the thread that started it dies.

    The process sees the files of `sandbox` and no network, as far as this machine can do that (`protection`).
    """
    return _run(protection().isolation, make_argv, consumers, bounds, sandbox, cancel, feed)


@cache
def protection() -> Protection:
    """Find the strongest isolation that works here by trying it out once; never raises."""
    said = []
    for isolation in Isolation:
        fault = _trial(isolation)
        if not fault:
            break
        said.append(f"{isolation.tool}: {fault}")
    missing = tuple(name for name in ("prlimit", "setpriv") if not tool(name))
    return Protection(isolation, tuple(said), missing)


def _trial(isolation: Isolation) -> str:
    if isolation is Isolation.NONE:
        return ""
    if not tool(isolation.tool):
        return "not installed"
    argv, bounds = [binaries.ffprobe(), "-version"], Bounds(seconds=10, memory=1 << 30, open_files=64)
    try:
        finished = _run(isolation, lambda _: argv, {}, bounds, Sandbox(), None)
    except (EncodeFailed, OSError) as fault:
        return str(fault)
    if finished.code == 0:
        return ""
    return finished.lines[-1] if finished.lines else f"exit code {finished.code}"


def _run(
    isolation: Isolation,
    make_argv: Callable[[Mapping[str, int]], Sequence[str]],
    consumers: Mapping[str, Consumer],
    bounds: Bounds,
    sandbox: Sandbox,
    cancel: threading.Event | None,
    feed: Iterable[bytes] | None = None,
) -> Finished:
    def confined(pipes: Mapping[str, int]) -> Sequence[str]:
        return confine(isolation, make_argv(pipes), sandbox, bounds)

    running = _Running(confined, consumers, feed, os.nice(0) + bounds.niceness)
    try:
        running.watch(time.monotonic() + bounds.seconds, cancel)
    finally:
        running.end()
    # What a cancelled process said at its end, or what came of cutting its pipes, is nobody's fault.
    if cancel is not None and cancel.is_set():
        raise Cancelled("cancelled")
    return running.result()


def check(finished: Finished, sentence: str) -> None:
    """Raise EncodeFailed with the last lines unless the process ended well."""
    if finished.code != 0:
        raise EncodeFailed("encoder_failed", sentence, finished.lines)


class _Running:
    def __init__(
        self,
        make_argv: Callable[[Mapping[str, int]], Sequence[str]],
        consumers: Mapping[str, Consumer],
        feed: Iterable[bytes] | None,
        niceness: int,
    ) -> None:
        self._stopping = threading.Event()
        self._niceness = niceness
        self._changed = threading.Event()
        self._done: list[str] = []
        self._faults: list[BaseException] = []
        self._ring: deque[str] = deque(maxlen=_RING_LINES)
        pipes = {name: os.pipe() for name in consumers}
        try:
            self._process = _start(make_argv, {n: w for n, (_, w) in pipes.items()}, fed=feed is not None)
        except BaseException:
            for read, _ in pipes.values():
                os.close(read)
            raise
        finally:
            for _, write in pipes.values():
                os.close(write)
        self._threads = [
            threading.Thread(target=self._consume, args=(pipes[name][0], consumer), name=f"pipe-{name}")
            for name, consumer in consumers.items()
        ]
        if feed is not None:
            self._threads.append(threading.Thread(target=self._feed, args=(feed,), name="pipe-stdin"))
        self._stderr = threading.Thread(target=self._listen, name="pipe-stderr")
        for thread in (*self._threads, self._stderr):
            thread.daemon = True
            thread.start()

    def watch(self, deadline: float, cancel: threading.Event | None) -> None:
        """Wait for the end of every pipe and of the process, or for a fault, or until it is cancelled.

        It stands back as soon as the kernel lets it. Raises EncodeFailed("timed_out").
        """
        placed = self._niceness <= 0
        while not self._has_ended():
            placed = placed or stand_back(self._process.pid, self._niceness)
            if self._faults or (cancel is not None and cancel.is_set()):
                return
            if time.monotonic() > deadline:
                raise EncodeFailed("timed_out", "The encoder took too long.", tuple(self._ring))
            self._changed.wait(_POLL_SECONDS)
            self._changed.clear()

    def _has_ended(self) -> bool:
        if len(self._done) < len(self._threads):
            return False
        try:  # Its pipes are closed, so its end is a matter of a moment: seen at once, not at the next look.
            self._process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Kill the process and all it started; wait for it and for every thread.

        Nothing is lost: it writes no file. Bubblewrap's child is killed with it, by its process group: before
        that child is tied to its parent it would wait for a dead one for ever.
        """
        self._stopping.set()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for thread in (*self._threads, self._stderr):
            thread.join()
        if self._process.stderr:
            self._process.stderr.close()

    def result(self) -> Finished:
        if self._faults:
            raise self._faults[0]
        return Finished(self._process.returncode, tuple(self._ring))

    def _consume(self, pipe: int, consumer: Consumer) -> None:
        try:
            consumer(self._read(pipe))
        except BaseException as fault:
            self._faults.append(fault)
        finally:
            os.close(pipe)
            self._tell_done()

    def _feed(self, feed: Iterable[bytes]) -> None:
        assert self._process.stdin is not None  # noqa: S101  # a pipe where there is a feed, see _start
        try:
            with self._process.stdin as pipe:
                for data in feed:
                    if self._stopping.is_set():
                        return
                    pipe.write(data)
        except BrokenPipeError:
            return  # it has read enough; what it says at its end counts
        except BaseException as fault:
            self._faults.append(fault)
        finally:
            self._tell_done()

    def _tell_done(self) -> None:
        self._done.append(threading.current_thread().name)
        self._changed.set()

    def _read(self, pipe: int) -> Iterator[bytes]:
        while not self._stopping.is_set() and (data := os.read(pipe, _READ)):
            yield data

    def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  # always a pipe, see _start
        for line in iter(partial(self._process.stderr.readline, _RING_CHARS), b""):
            # A film's own words may be in it: nothing that a terminal would obey, or that turns text around.
            text = "".join(c if c.isprintable() else "�" for c in line.decode("utf-8", "replace").strip())
            if text:
                self._ring.append(text)


def _start(
    make_argv: Callable[[Mapping[str, int]], Sequence[str]], pipes: Mapping[str, int], *, fed: bool
) -> "subprocess.Popen[bytes]":
    for write in pipes.values():
        _widen(write)
    argv = make_argv(pipes)
    for pause in _PAUSES:
        try:
            return _spawn(argv, pipes, fed=fed)
        except OSError as fault:
            if fault.errno not in _PASSING:
                raise
        time.sleep(pause)
    return _spawn(argv, pipes, fed=fed)


def _spawn(argv: Sequence[str], pipes: Mapping[str, int], *, fed: bool) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
        stdout=pipes.get("stdout", subprocess.DEVNULL),
        stderr=subprocess.PIPE,
        pass_fds=[write for name, write in pipes.items() if name != "stdout"],
        env={"LC_ALL": "C", "PATH": os.defpath, "SVT_LOG": "1"},
        cwd="/",
        start_new_session=True,
    )


def _widen(pipe: int) -> None:
    try:
        fcntl(pipe, F_SETPIPE_SZ, _PIPE)
    except OSError:
        return  # the user's pipe quota is spent: slower, not wrong
