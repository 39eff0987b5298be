"""A process that reads hostile films one after another and must outlive them all."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.judge import Verdict, judge
from transcoder.programs.isolation import Isolation

PATIENCE = 120
"""Seconds until a film counts as hung: above the sum of its processes' clocks."""


class Worker:
    """One process that judges; `judge` raises if it dies or hangs."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self._pid = pool.submit(os.getpid).result(PATIENCE)

    def judge(self, film: Path, isolation: Isolation | None = None) -> Verdict:
        """Let the process read `film`."""
        verdict = self._pool.submit(judge, film, isolation=isolation).result(PATIENCE)
        assert self._pool.submit(os.getpid).result(PATIENCE) == self._pid
        return verdict


@contextmanager
def worker() -> Iterator[Worker]:
    """Start a worker; it is a fresh process, so that the memory it tells of is its children's alone."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield Worker(pool)
