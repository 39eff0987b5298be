"""Encode whatever is missing in a film's folder, several chunks at a time, check it and sign for it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path

from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import ChunkResult, encode_chunk
from transcoder.encoding.opening import Opener
from transcoder.encoding.verify import verify_title
from transcoder.errors import Cancelled, EncodeFailed, TranscoderError
from transcoder.keys.encrypt import poster_aad, seal_poster
from transcoder.keys.keyfile import TITLE_VERSION, KeyFile
from transcoder.keys.manifest import Kind, Manifest, sign_manifest
from transcoder.pictures.poster import make_poster
from transcoder.pictures.storyboard import paint_storyboard
from transcoder.planning.plan import Chunk, Plan, TextRendition
from transcoder.programs.sandbox import Limits
from transcoder.standalone.events import Event, LeftOut, Planned, Progressed, Tell
from transcoder.standalone.folder import MANIFEST, TITLE, Folder, PartSink, Record, Title, whole_object
from transcoder.standalone.rate import RateMeter
from transcoder.texts.subtitles import extract_text

TRIES = 2
"""A chunk is tried once more if the encoder fails: a second fault is the film's own."""
CHUNK, COPY, POSTER_PART = "chunk", "copy", "poster"
Work = Callable[[], None]
Make = Callable[[PartSink], None]


class Making:
    """One run over one folder."""

    def __init__(
        self,
        film: Path,
        folder: Folder,
        title: Title,
        keys: KeyFile,
        tell: Tell,
        limits: Limits,
    ) -> None:
        self._film = film
        self._folder = folder
        self._title = title
        self._signing = keys.signing_key()
        self._keys = keys.title_keys(title.id)
        self._hear = tell
        self._cancel = threading.Event()
        self._limits = limits
        self._lock = threading.Lock()
        self._meter = RateMeter()
        self._frames: dict[int, int] = {}
        self._records: dict[str, Record] = {}
        self._known: dict[tuple[str, int], bytes] = {}

    @property
    def _plan(self) -> Plan:
        return self._title.plan

    def run(self, at_once: int) -> None:
        """Make every part that has no record, check the whole, and sign it.

        Raises EncodeFailed, OSError. KeyboardInterrupt goes through once every process has ended.
        """
        run_all(self._works(), at_once, self._cancel)
        board = self._plan.storyboard.name
        if not self._is_recorded(board):
            run_all([lambda: self._spare(board, self._paint_storyboard)], 1, self._cancel)
        self._sign()

    def _works(self) -> list[Work]:
        uncopied = self._missing(COPY) if self._plan.copied else []
        missing = self._missing(CHUNK) if self._encoded else []
        self._frames = {chunk.index: chunk.frames for chunk in self._plan.chunks}
        self._frames |= dict.fromkeys((chunk.index for chunk in (missing if self._encoded else uncopied)), 0)
        undone = {chunk.index for chunk in (*missing, *uncopied)}
        self._tell(Planned(self._plan, len(self._plan.chunks) - len(undone)))
        self._meter.note(time.monotonic(), sum(self._frames.values()))
        works: list[Work] = [partial(self._copy, uncopied)] if uncopied else []
        works += [self._chunk(chunk) for chunk in missing]
        spare = {text.name: self._text(text) for text in self._plan.texts} | {POSTER_PART: self._paint_poster}
        for part, make in spare.items():
            if not self._is_recorded(part):
                works.append(partial(self._spare, part, make))
        return works

    def _missing(self, kind: str) -> list[Chunk]:
        return [chunk for chunk in self._plan.chunks if not self._is_recorded(_part(kind, chunk))]

    @property
    def _encoded(self) -> tuple[str, ...]:
        """The renditions that are not copied."""
        return tuple(name for name in self._plan.renditions if name not in self._plan.copied)

    def _copy(self, missing: Sequence[Chunk]) -> None:
        """Copy what can be copied, from the first chunk on of which it is missing."""
        chunks = self._plan.chunks[missing[0].index :]
        sinks = {chunk.index: self._sink() for chunk in chunks}

        def done(result: ChunkResult) -> None:
            chunk = self._plan.chunks[result.chunk]
            self._commit(_part(COPY, chunk), sinks[chunk.index])
            if not self._encoded:
                self._note(chunk, chunk.frames)

        copy_chunks(
            self._film,
            self._plan,
            chunks,
            self._keys.content_key,
            lambda chunk: sinks[chunk.index],
            done,
            cancel=self._cancel,
            limits=self._limits,
            common=self._keys.common_key,
        )

    def _chunk(self, chunk: Chunk) -> Work:
        def work() -> None:
            for left in reversed(range(TRIES)):
                sink = self._sink()
                try:
                    encode_chunk(
                        self._film,
                        self._plan,
                        chunk,
                        self._encoded,
                        self._keys.content_key,
                        sink,
                        progress=lambda frames: self._note(chunk, frames),
                        cancel=self._cancel,
                        limits=self._limits,
                        common=self._keys.common_key,
                    )
                except EncodeFailed:
                    if not left:
                        raise
                else:
                    self._commit(_part(CHUNK, chunk), sink)
                    self._note(chunk, chunk.frames)
                    return

        return work

    def _text(self, text: TextRendition) -> Make:
        def make(sink: PartSink) -> None:
            keys = self._keys.content_key
            extract_text(self._film, self._plan, text, keys, sink, cancel=self._cancel, limits=self._limits)

        return make

    def _paint_poster(self, sink: PartSink) -> None:
        picture = make_poster(self._film, self._plan, cancel=self._cancel, limits=self._limits)
        aad = poster_aad(self._title.id, TITLE_VERSION)
        sink.put_poster(seal_poster(picture, self._keys.poster_key(), aad))

    def _paint_storyboard(self, sink: PartSink) -> None:
        keys, pictures = self._keys.content_key, self._winding_pictures()
        paint_storyboard(self._plan, pictures, keys, sink, cancel=self._cancel, limits=self._limits)

    def _winding_pictures(self) -> Iterator[bytes]:
        """Give the clear init segment and fragments of the pictures for winding, in order."""
        winding = self._plan.iframes
        objects = {item.name: item for record in self._records.values() for item in record.objects}
        found = sorted(
            (item for item in objects.values() if item.rendition == winding.name),
            key=lambda item: item.sequence,
        )
        opener = Opener(self._plan, self._keys.content_key, self._keys.common_key)
        return opener.track((item, self._folder.read(item.name)) for item in found)

    def _spare(self, part: str, make: Make) -> None:
        """Make a part without which the film is still a film."""
        sink = self._sink()
        try:
            make(sink)
        except Cancelled:
            raise
        except TranscoderError as fault:
            self._folder.remove(part)
            self._tell(LeftOut(part, str(fault)))
        else:
            self._commit(part, sink)

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

        findings = verify_title(manifest, self._plan, get, self._keys.content_key, self._keys.common_key)
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
                self._known.setdefault((item.rendition, item.period), item.sha256)

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


def _part(kind: str, chunk: Chunk) -> str:
    return f"{kind}-{chunk.index:06d}"
