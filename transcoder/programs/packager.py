"""Shaka Packager, which knows what of a frame must stay clear: clear fragments in, `cbcs` fragments out.

It reads and writes files by name, and opens one for each of its segments. Here these are named pipes in a
folder of one's own: nothing clear comes to lie on a disk. The key goes the same way, as a file of flags, so
that no list of processes shows it.
"""

import errno
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.keys.keyschedule import CommonKey
from transcoder.programs import binaries, process
from transcoder.programs.sandbox import DEFAULT_LIMITS, Bounds, Limits, Sandbox

SEGMENT_SECONDS = 4
"""How long the packager's own segments are at least. They are joined again: ours are others'."""

_INPUT, _FLAGS, _OUTPUT, _INIT = "in", "flags", "out", "init.mp4"
_READ = 1 << 18
_LOOK_SECONDS = 0.001
_SECONDS = 60.0
_MEMORY = 1 << 30


def package(
    fragments: Sequence[bytes],
    kind: str,
    names: int,
    key: CommonKey,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Encrypt an init segment and the fragments that follow it, of one track: `kind` is "video" or "audio".

    Gives what the packager writes, in one piece: an init segment, then fragments that hold the same samples
    in the same order. `names` is a bound on the segments that it may cut. Raises Cancelled or
    EncodeFailed("protection_failed"). Call it in a thread that lives until it returns.
    """
    with tempfile.TemporaryDirectory(prefix="matinee-") as name, _Pipes(Path(name), names) as pipes:
        pipes.feed(_FLAGS, [flags(key)])
        pipes.feed(_INPUT, fragments)
        finished = process.run(
            lambda _: argv(binaries.packager(), Path(name), kind),
            {"stdout": _ignore},  # its end is seen at once, that of a process without pipes is not
            Bounds(_SECONDS, _MEMORY, limits.open_files, limits.niceness),
            Sandbox((Path(name),)),
            cancel,
        )
        if finished.code != 0:
            raise EncodeFailed("protection_failed", "The film could not be encrypted.", finished.lines)
        return pipes.output()


def argv(program: str, folder: Path, kind: str) -> list[str]:
    """Write the command line: nothing in it is secret."""
    stream = {
        "in": folder / _INPUT,
        "stream": kind,
        "init_segment": folder / _INIT,
        "segment_template": folder / "$Number$.m4s",
    }
    return [
        program,
        ",".join(f"{name}={value}" for name, value in stream.items()),
        f"--flagfile={folder / _FLAGS}",
        "--protection_scheme=cbcs",
        "--clear_lead=0",  # by default the first seconds stay clear
        f"--segment_duration={SEGMENT_SECONDS}",
        "--generate_sidx_in_media_segments=false",
        "--io_cache_size=0",  # else each segment gets a thread of its own
        "--quiet",
    ]


def flags(key: CommonKey) -> bytes:
    """Write the file of flags: the key, its name, and the one IV of all samples (ISO/IEC 23001-7 §9.7)."""
    named = f"label=:key_id={key.kid.hex}:key={key.key.reveal().hex()}"
    return f"--enable_raw_key_encryption\n--keys={named}\n--iv={key.iv.hex()}\n".encode()


def _ignore(stream: Iterator[bytes]) -> None:
    for _ in stream:
        pass


class _Pipes:
    """Named pipes in a folder, and the threads at our end of them. All names of output are one pipe."""

    def __init__(self, folder: Path, names: int) -> None:
        self._folder = folder
        self._over = threading.Event()
        self._read = bytearray()
        for name in (_INPUT, _FLAGS, _OUTPUT):
            os.mkfifo(folder / name, 0o600)
        for name in (_INIT, *(f"{number}.m4s" for number in range(1, names + 1))):
            (folder / name).symlink_to(_OUTPUT)
        reading = os.open(folder / _OUTPUT, os.O_RDONLY | os.O_NONBLOCK)
        # As long as somebody could still write, the end of one segment is not the end of all.
        self._spare: int | None = os.open(folder / _OUTPUT, os.O_WRONLY)
        os.set_blocking(reading, True)
        self._reader = self._begun(self._drain, reading)
        self._feeders: list[threading.Thread] = []

    def __enter__(self) -> "_Pipes":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._close()
        for thread in self._feeders:
            thread.join()

    def feed(self, name: str, pieces: Sequence[bytes]) -> None:
        """Give the pipe `name` these bytes as soon as somebody reads it."""
        self._feeders.append(self._begun(self._give, self._folder / name, pieces))

    def output(self) -> bytes:
        """Give all that was written; whoever wrote it has ended."""
        self._close()
        return bytes(self._read)

    def _close(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
            self._reader.join()

    def _drain(self, pipe: int) -> None:
        with os.fdopen(pipe, "rb", buffering=0) as file:
            while data := file.read(_READ):
                self._read += data

    def _give(self, place: Path, pieces: Sequence[bytes]) -> None:
        pipe = self._opened(place)
        if pipe is None:
            return
        with suppress(BrokenPipeError), os.fdopen(pipe, "wb", buffering=0) as file:  # its end tells why
            for piece in pieces:
                file.write(piece)

    def _opened(self, place: Path) -> int | None:
        """Open a pipe to write once it is read: opened at once, it would wait for ever for a dead reader."""
        while not self._over.wait(_LOOK_SECONDS):
            try:
                pipe = os.open(place, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as fault:
                if fault.errno != errno.ENXIO:
                    raise
            else:
                os.set_blocking(pipe, True)
                return pipe
        return None

    @staticmethod
    def _begun(work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, name="packager-pipe", daemon=True)
        thread.start()
        return thread
