"""Where encoded segments go: durable objects whose names carry the attempt, put beside the encoder."""

import threading
from concurrent.futures import Executor, Future

from streaming.catalogue.values import NewInit, NewSegment
from streaming.storage.objects import ObjectStore
from transcoder.encoding.encode import EncodedSegment, InitSegment
from transcoder.keys.keyschedule import NO_PERIOD
from transcoder.planning.ladder import AudioRendition
from transcoder.planning.plan import Plan, TextRendition
from transcoder.planning.tiles import PER_SHEET, Storyboard

IN_FLIGHT = 12
"""Objects of one attempt waiting for the disk; then its encoder waits too."""


ENDINGS = {"t": "vtt", "s": "jpg"}
"""How the names of a rendition's objects end, by its first letter; all others are fragments."""


class ObjectSink:
    """Puts one attempt's objects. fsync is slow and the encoder should not wait for it, so a few threads do.

    `known` is the SHA-256 of init segments, by rendition and period, that are visible already: an equal one
    is not put again.
    """

    def __init__(
        self,
        objects: ObjectStore,
        writers: Executor,
        folder: str,
        attempt: str,
        known: dict[tuple[str, int], bytes],
    ) -> None:
        self._objects = objects
        self._writers = writers
        self._folder = folder
        self._attempt = attempt
        self._known = known
        self._room = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self._puts: list[Future[None]] = []
        self._names: dict[tuple[str, int], str] = {}
        self._fault: BaseException | None = None

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Take an object; it is durable once `finish` returns. Raises what an earlier put raised."""
        if self._fault is not None:
            raise self._fault
        if isinstance(item, InitSegment):
            if self._known.get((item.rendition, item.period)) == item.sha256:
                return
            period = "" if item.period == NO_PERIOD else f"{item.period}-"
            place, name = _init_place(item), f"{item.rendition}/init-{period}{self._attempt}.mp4"
        else:
            kind = item.rendition[0]
            ending = ENDINGS.get(kind, "m4s")
            place = (item.rendition, item.sequence)
            name = f"{item.rendition}/{kind}-{item.sequence:06d}-{self._attempt}.{ending}"
        self.write(place, f"{self._folder}/{name}", data)

    def write(self, place: tuple[str, int], name: str, data: bytes) -> None:
        """Put any object of this attempt under its full name."""
        self._room.acquire()
        with self._lock:
            self._names[place] = name
            self._puts.append(self._writers.submit(self._write, name, data))

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._objects.put(name, data)
        except BaseException as fault:
            self._fault = fault
            raise
        finally:
            self._room.release()

    def finish(self) -> None:
        """Wait until everything is durable. Raises what a put raised."""
        for put in self._puts:
            put.result()

    def discard(self) -> None:
        """Remove everything this attempt has put."""
        for put in self._puts:
            put.exception()
        self._objects.delete(self._names.values())

    def init(self, item: InitSegment) -> NewInit:
        """Describe an init segment for the index."""
        name = self._names.get(_init_place(item), "")
        return NewInit(item.rendition, name, item.sha256, item.size, item.codecs, item.period)

    def segment(self, plan: Plan, item: EncodedSegment) -> NewSegment:
        """Describe a segment for the index: its place in exact ticks."""
        scale = timescale(plan, item.rendition)
        return NewSegment(
            rendition=item.rendition,
            sequence=item.sequence,
            object=self._names[item.rendition, item.sequence],
            period=item.period,
            start_ticks=start_ticks(plan, item),
            duration_ticks=round(item.duration * scale),
            size=item.size,
            sha256=item.sha256,
        )


def _init_place(item: InitSegment) -> tuple[str, int]:
    """Where an init segment stands among an attempt's objects: before all segments, which count from 0."""
    return item.rendition, -2 - item.period


def timescale(plan: Plan, rendition: str) -> int:
    """Ticks a second in which every segment of a rendition has a whole length."""
    found = plan.rendition(rendition)
    return found.rate if isinstance(found, AudioRendition) else plan.timescale


def start_ticks(plan: Plan, item: EncodedSegment) -> int:
    """Where a segment begins, in its rendition's ticks."""
    found = plan.rendition(item.rendition)
    if isinstance(found, AudioRendition):
        return max(0, found.phase + plan.audio_borders(found.name)[item.sequence] * found.samples)
    if isinstance(found, Storyboard):
        return item.sequence * PER_SHEET * found.frames * plan.frame_ticks
    if isinstance(found, TextRendition):
        return item.sequence * plan.period_frames * plan.frame_ticks
    return plan.segments[item.sequence].first_frame * plan.frame_ticks
