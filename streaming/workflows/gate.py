"""Whose turn it is to encode: one process at a time uses the cores there are, starts of films first."""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 0.3


class Gate:
    """Lets `width` holders in at once; those who wait are served by priority (low first), then by arrival."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: list[tuple[int, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        with self._changed:
            return len(self._waiting)

    @contextmanager
    def enter(self, priority: int, given_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for a place; yields False, without one, as soon as `given_up()` says so."""
        mine = (priority, next(self._numbers))
        inside = self._wait(mine, given_up)
        try:
            yield inside
        finally:
            if inside:
                with self._changed:
                    self._free += 1
                    self._changed.notify_all()

    def _wait(self, mine: tuple[int, int], given_up: Callable[[], bool]) -> bool:
        with self._changed:
            heapq.heappush(self._waiting, mine)
            try:
                while not (self._free and self._waiting[0] == mine):
                    self._changed.wait(PATIENCE)
                    if given_up():
                        return False
                self._free -= 1
                return True
            finally:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
