"""A worker's hands: threads that take chunks from the queue, of whichever film, and encode them."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from streaming.catalogue import work
from streaming.catalogue.turns import URGENT
from streaming.catalogue.values import Task
from streaming.workflows.chunks import do_task
from streaming.workflows.house import House

log = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
"""News wake the hands; this is for news that got lost."""


class Crew:
    """`width` threads that take any chunk, and one that takes urgent ones alone: those never wait.

    The threads live as long as the process: ffmpeg dies with the thread that started it.
    """

    def __init__(self, house: House, width: int) -> None:
        self._house = house
        self._over = False
        self._taking = threading.Lock()
        urgent = [False] * width + [True]
        self._threads = [
            threading.Thread(target=self._work, args=(only,), name=f"encode-{place}", daemon=True)
            for place, only in enumerate(urgent)
        ]

    def start(self) -> None:
        """Begin to take work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing more, and wait for what is in hand."""
        self._over = True
        self._house.news.ring()
        for thread in self._threads:
            thread.join()

    def _work(self, urgent: bool) -> None:
        while not self._over:
            seen = self._house.news.count
            try:
                task = take(self._house, self._taking, urgent=urgent)
                if task is not None:
                    do_task(self._house, task)
                    continue
            except SQLAlchemyError:
                log.warning("the database did not answer", exc_info=True)
            except Exception:
                log.exception("a chunk's round failed")
            self._house.news.wait(seen, LOOK_SECONDS)


def take(house: House, taking: threading.Lock, *, urgent: bool = False) -> Task | None:
    """Take a chunk if one is free. Looks before it asks for the write lock."""
    with taking:
        with house.database.read() as session:
            free = work.wanted(session)
        if not any(one.part in URGENT or not urgent for one in free):
            return None
        with house.database.write() as session:
            return work.take(session, house.worker, house.clock.now(), urgent=urgent)
