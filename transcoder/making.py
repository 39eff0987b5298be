"""Encode whatever is missing in a film's folder, several chunks at a time, check it and sign for it."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from transcoder.encode import encode_chunk
from transcoder.encrypt import poster_aad, seal_poster
from transcoder.errors import Cancelled, EncodeFailed, TranscoderError
from transcoder.events import Event, LeftOut, Planned, Progressed, Tell
from transcoder.folder import MANIFEST, TITLE, Folder, PartSink, Record, Title, whole_object
from transcoder.keyfile import TITLE_VERSION, KeyFile
from transcoder.manifest import Kind, Manifest, sign_manifest
from transcoder.plan import Chunk, Plan, TextRendition
from transcoder.poster import make_poster
from transcoder.rate import RateMeter
from transcoder.sandbox import Limits
from transcoder.subtitles import extract_text
from transcoder.verify import verify_title

TRIES = 2
"""A chunk is tried once more if the encoder fails: a second fault is the film's own."""
POSTER_PART = "poster"
Work = Callable[[], None]


class Making:
    """One run over one folder."""

    def __init__(
        self,
        film: Path,
        folder: Folder,
        title: Title,
        keys: KeyFile,
        tell: Tell,
        cancel: threading.Event,
        limits: Limits,
    ) -> None:
        self._film = film
        self._folder = folder
        self._title = title
        self._signing = keys.signing_key()
        self._keys = keys.title_keys(title.id)
        self._hear = tell
        self._cancel = cancel
        self._limits = limits
        self._lock = threading.Lock()
        self._meter = RateMeter()
        self._frames: dict[int, int] = {}
        self._records: dict[str, Record] = {}
        self._known: dict[str, bytes] = {}

    @property
    def _plan(self) -> Plan:
        return self._title.plan

    def run(self, at_once: int) -> None:
        """Make every part that has no record, check the whole, and sign it.

        Raises EncodeFailed, Cancelled, OSError.
        """
        run_all(self._works(), at_once, self._cancel)
        self._sign()

    def _works(self) -> list[Work]:
        missing = [chunk for chunk in self._plan.chunks if not self._is_recorded(_part(chunk))]
        for chunk in self._plan.chunks:
            self._frames[chunk.index] = 0 if chunk in missing else chunk.frames
        self._tell(Planned(self._plan, len(self._plan.chunks) - len(missing)))
        self._meter.note(time.monotonic(), sum(self._frames.values()))
        works = [self._chunk(chunk) for chunk in missing]
        works += [self._text(text) for text in self._plan.texts if not self._is_recorded(text.name)]
        return works if self._is_recorded(POSTER_PART) else [*works, self._poster]

    def _chunk(self, chunk: Chunk) -> Work:
        def work() -> None:
            for left in reversed(range(TRIES)):
                sink = self._sink()
                try:
                    encode_chunk(
                        self._film,
                        self._plan,
                        chunk,
                        self._plan.renditions,
                        self._keys.content_key,
                        sink,
                        progress=lambda frames: self._note(chunk, frames),
                        cancel=self._cancel,
                        limits=self._limits,
                    )
                except EncodeFailed:
                    if not left:
                        raise
                else:
                    self._commit(_part(chunk), sink)
                    self._note(chunk, chunk.frames)
                    return

        return work

    def _text(self, text: TextRendition) -> Work:
        def work() -> None:
            sink = self._sink()
            try:
                extract_text(
                    self._film,
                    self._plan,
                    text,
                    self._keys.content_key,
                    sink,
                    cancel=self._cancel,
                    limits=self._limits,
                )
            except EncodeFailed as fault:
                # The film is worth having without it.
                self._folder.remove(text.name)
                self._tell(LeftOut(text.name, fault.sentence))
            else:
                self._commit(text.name, sink)

        return work

    def _poster(self) -> None:
        sink = self._sink()
        try:
            picture = make_poster(self._film, self._plan, cancel=self._cancel, limits=self._limits)
        except Cancelled:
            raise
        except TranscoderError as fault:
            self._tell(LeftOut(POSTER_PART, str(fault)))
            return
        aad = poster_aad(self._title.id, TITLE_VERSION)
        sink.put_poster(seal_poster(picture, self._keys.poster_key(), aad))
        self._commit(POSTER_PART, sink)

    def _sign(self) -> None:
        """Check every object; then sign for all of them, the title itself included."""
        objects = tuple(item for record in self._records.values() for item in record.objects)
        listed = {item.name: item for item in objects}
        texts = tuple(text for text in self._plan.texts if text.name in self._records)
        codecs = tuple(sorted({pair for record in self._records.values() for pair in record.codecs}))
        self._title = replace(self._title, plan=replace(self._plan, texts=texts), codecs=codecs)
        self._folder.begin(self._title)
        title = whole_object(TITLE, Kind.PLAN, self._title.to_json())
        manifest = self._folder.listed((*listed.values(), title))
        self._check(manifest)
        self._folder.write(MANIFEST, sign_manifest(manifest, self._signing))
        self._folder.sync([MANIFEST])

    def _check(self, manifest: Manifest) -> None:
        read = 0

        def get(name: str) -> bytes:
            nonlocal read
            read += 1
            self._tell(Progressed("checking", read, len(manifest.objects)))
            return self._folder.read(name)

        findings = verify_title(manifest, self._plan, get, self._keys.content_key)
        if findings:
            lines = tuple(f"{found.name}: {found.sentence}" for found in findings)
            raise EncodeFailed("verification_failed", "The finished film did not pass its check.", lines)

    def _sink(self) -> PartSink:
        return PartSink(self._folder, self._plan, self._known)

    def _is_recorded(self, part: str) -> bool:
        record = self._folder.recorded(part)
        if record is None:
            return False
        self._keep(part, record)
        return True

    def _commit(self, part: str, sink: PartSink) -> None:
        record = sink.record()
        self._folder.record(part, record)
        with self._lock:
            self._keep(part, record)

    def _keep(self, part: str, record: Record) -> None:
        self._records[part] = record
        for item in record.objects:
            if item.kind is Kind.INIT:
                self._known.setdefault(item.rendition, item.sha256)

    def _note(self, chunk: Chunk, frames: int) -> None:
        with self._lock:
            self._frames[chunk.index] = frames
            done = sum(self._frames.values())
            self._meter.note(time.monotonic(), done)
            total = self._plan.frames
            rate, left = self._meter.rate(), self._meter.seconds_left(total)
            self._hear(Progressed("encoding", done, total, rate, left))

    def _tell(self, event: Event) -> None:
        with self._lock:
            self._hear(event)


def run_all(works: Sequence[Work], at_once: int, cancel: threading.Event) -> None:
    """Run works side by side, in order; raises what the first of them raised, once all have ended.

    A thread lives until its work returns, as ffmpeg's life asks. Whatever goes wrong, a KeyboardInterrupt
    too, sets `cancel`.
    """
    with ThreadPoolExecutor(at_once, "part") as pool:
        futures = [pool.submit(work) for work in works]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            cancel.set()
            for future in futures:
                future.cancel()
            raise


def _part(chunk: Chunk) -> str:
    return f"chunk-{chunk.index:06d}"
