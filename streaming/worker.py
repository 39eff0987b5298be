"""The worker process: opens a house, finishes what was left unfinished, and takes titles from the queue."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from streaming.clock import SystemClock
from streaming.db.engine import Database, open_engine
from streaming.jobs.identity import Identity
from streaming.keys.root import load_or_make
from streaming.settings import Settings
from streaming.storage.objects import LocalObjects

log = logging.getLogger(__name__)
PARENT_LOOK_SECONDS = 1.0
NICENESS = 5


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, or until the parent process dies. Never returns: the process ends.

    The end is abrupt on purpose. What is in hand is recorded as unfinished and begins again at the next
    start, as it does after a power cut; ffmpeg dies with the threads that started it.
    """
    from streaming.catalogue import work
    from streaming.jobs.durable import Jobs
    from streaming.workflows.crew import Crew
    from streaming.workflows.dispatch import Dispatcher, give_memory_back
    from streaming.workflows.early import EarlyHand
    from streaming.workflows.house import House
    from streaming.workflows.sources import UploadedFiles
    from streaming.workflows.transcode import Transcoding
    from transcoder.planning.plan import Policy
    from transcoder.programs.sandbox import Limits
    from transcoder.programs.standing import stand_back

    stop = threading.Event()
    # Nothing is in hand yet, and on a busy machine starting takes long.
    _at_signals(lambda *_: os._exit(0))
    threading.Thread(target=_follow_parent, args=(stop,), name="parent", daemon=True).start()
    os.nice(NICENESS)
    while not stand_back(os.getpid(), NICENESS) and not stop.wait(0.1):
        pass
    clock = SystemClock()
    database = Database(open_engine(settings.database_url))
    names = settings.data / "workers"
    width = encodes_at_once(cores := os.cpu_count() or 1, settings.workers)
    identity = Identity.take(names)
    sources = UploadedFiles(database, settings.uploads_folder, clock)
    house = House(
        database=database,
        objects=LocalObjects(settings.objects_folder),
        clock=clock,
        root=load_or_make(settings.root_key_file),
        sources=sources,
        worker=identity.name,
        limits=Limits(max_pixels=settings.max_pixels, threads=threads_each(cores, width * settings.workers)),
        keep_uploads=settings.keep_uploads,
        policy=Policy(codecs=settings.video_codecs, audio_codecs=settings.sound_codecs),
        lease_grace=timedelta(seconds=settings.lease_grace_seconds),
    )
    with database.write() as session:
        work.bury(session, identity.name, clock.now())  # an earlier process of this name
    jobs = Jobs(settings.jobs_url, identity.name)
    transcoding = Transcoding(house, jobs)
    jobs.launch()
    Crew(house, width).start()
    EarlyHand(house, sources, names).start()
    give_memory_back()
    _at_signals(lambda *_: stop.set())
    log.info("worker %s is ready", identity.name)
    Dispatcher(house, jobs, transcoding, names).run(stop)
    logging.shutdown()
    os._exit(0)


def _at_signals(do: Callable[..., None]) -> None:
    """Say what is done when this process is told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


def encodes_at_once(cores: int, workers: int = 1) -> int:
    """Chunks that one of several workers on a machine encodes side by side.

    One ffmpeg with a whole ladder leaves two cores idle for a third of its time (it decodes, scales and
    starts in turns), so chunks overlap: two, measured, take 0.75 to 0.9 of the time of one after another.
    More workers share the same cores.
    """
    width = 1 if cores < 2 else max(2, cores // 4)
    return max(1, width // workers)


def threads_each(cores: int, chunks: int) -> int:
    """Threads of every decoder and encoder while so many chunks are encoded side by side on a machine.

    Each would take half as many again as there are cores, and lose a twentieth of the time to waiting for
    each other. One more than a fair share: the last chunk of a film is encoded alone.
    """
    return max(1, cores // chunks) + 1


def _follow_parent(stop: threading.Event) -> None:
    """End when the parent is gone: nobody would restart or stop this worker any more."""
    parent = os.getppid()
    while not stop.wait(PARENT_LOOK_SECONDS):
        if os.getppid() != parent:
            stop.set()
