"""Feeds damaged films to the transcoder, two at a time, and counts what must never happen."""

import contextlib
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutations import mutate
from tests.fuzz.sources import make_sources
from tests.hostile import lures
from tests.hostile.judge import Canary, Verdict, canary, judge
from transcoder.programs.sandbox import Limits

FUZZED = Limits(probe_seconds=20, encode_seconds=20, encode_factor=0, probe_memory=1 << 30, threads=1)
WORKERS = 2
PATIENCE = 150
"""Seconds until one input counts as hung: above the sum of its processes' clocks."""


@dataclass
class Summary:
    """What came of a run; `bad` are the seeds of single inputs with what was wrong."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    leaks: int = 0
    hung: int = 0
    unhandled: int = 0
    speechless: int = 0
    slow: int = 0
    peak: int = 0
    slowest: float = 0.0
    bad: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.connections or self.leaks or self.hung or self.unhandled or self.speechless)

    def take(self, seed: int, kind: str, verdict: Verdict) -> None:
        """Count one verdict."""
        self.inputs += 1
        self.outcomes[verdict.outcome] += 1
        self.peak = max(self.peak, verdict.peak)
        self.slowest = max(self.slowest, verdict.seconds)
        self.slow += verdict.code in ("too_slow", "timed_out")
        self.leaks += verdict.leaked
        broken = verdict.outcome == "broken"
        mute = verdict.outcome in ("refused", "failed") and not verdict.speaks
        self.unhandled += broken
        self.speechless += mute
        if broken or mute or verdict.leaked:
            self.bad.append(f"input {seed} ({kind}): {verdict} {verdict.trace}")

    def line(self) -> str:
        """The run in one line."""
        ends = ", ".join(f"{name} {self.outcomes[name]}" for name in ("played", "refused", "failed"))
        return (
            f"{self.inputs} inputs: {ends}; connections {self.connections}, canary bytes {self.leaks}, "
            f"hung {self.hung}, unhandled exceptions {self.unhandled}, "
            f"non-sentence refusals {self.speechless}; "
            f"ended by the clock {self.slow}, slowest {self.slowest:.1f} s, peak {self.peak / 1024:.0f} MB"
        )


def fuzz(inputs: int, seed: int, report: Callable[[Summary], None] = lambda _: None) -> Summary:
    """Judge films damaged by the seeds from `seed` on; `report` is called about each second."""
    summary, reported = Summary(), time.monotonic()
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    with folder as name, _pool() as pool, canary(Path(name)) as bird:
        sources = make_sources(Path(name))
        films = [path.read_bytes() for path in sources]
        donors = [*films, *_lures(bird, films[0])]
        waiting: dict[Future[Verdict], tuple[int, Path]] = {}
        for number in range(seed, seed + inputs):
            kind, data = mutate(number, films, donors)
            film = Path(name, f"{number}-{sources[kind].name}")
            film.write_bytes(data)
            waiting[pool.submit(judge, film, FUZZED)] = (number, film)
            while len(waiting) >= 2 * WORKERS:
                _gather(waiting, summary)
            if time.monotonic() - reported > 1:
                report(summary)
                reported = time.monotonic()
        while waiting:
            _gather(waiting, summary)
        summary.connections = len(bird.callers)
        summary.leaks += bird.was_read()
    return summary


def _lures(bird: Canary, film: bytes) -> list[bytes]:
    """Pieces that name the canary, to be spliced into films; as long in every run: a seed stays itself."""
    urls = [f"http://127.0.0.1:{bird.port:05}/a", f"udp://127.0.0.1:{bird.port:05}", str(bird.file)]
    texts = [text.format(url=url, port=bird.port).encode() for text in lures.TEXTS.values() for url in urls]
    return texts + [lures.elsewhere(film, kind, url) for kind in ("url ", "alis") for url in urls]


def _gather(waiting: dict[Future[Verdict], tuple[int, Path]], summary: Summary) -> None:
    done, _ = wait(waiting, PATIENCE, FIRST_COMPLETED)
    if not done:
        summary.hung += len(waiting)
        summary.bad += [f"input {number} ({film.name}): hung" for number, film in waiting.values()]
        raise TimeoutError(summary.bad)
    for future in done:
        number, film = waiting.pop(future)
        summary.take(number, film.name, future.result())
        film.unlink()


@contextlib.contextmanager
def _pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool
