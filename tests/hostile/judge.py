"""Read a hostile film as a house would (probe, plan, first chunk, subtitles) and say what came of it."""

import os
import re
import resource
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.media.pipeline import KEYS, MemorySink
from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import encode_chunk
from transcoder.errors import EncodeFailed, Refused
from transcoder.keys.encrypt import decrypt_segment
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.programs import process
from transcoder.programs.isolation import Isolation, Protection
from transcoder.programs.sandbox import Limits
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe
from transcoder.texts.subtitles import extract_text

QUICK = Policy(crypto_period_seconds=4, preset="ultrafast", crf=30)
TIGHT = Limits(
    probe_seconds=20, encode_seconds=20, encode_factor=0, memory=3 << 30, probe_memory=1 << 30, threads=1
)
"""A house's limits, but with clocks that a test can wait for."""

SECRET = b"CANARY-5d1f77b2-MUST-STAY-WHERE-IT-IS"
_SENTENCE = re.compile(r"[A-Z“0-9][^\x00-\x1f\x7f-\x9f{}<>]*[.!?”]")
_MACHINE = re.compile(r"Traceback|Error\b|\bNone\b|/tmp|/home|[Ee]rrno")


@dataclass(frozen=True)
class Verdict:
    """What came of one film.

    `outcome`: played, refused, failed (in the encoder, with a sentence) or broken (an exception that nobody
    meant). `words` is all that was said, `leaked` whether the canary's bytes are in any output, `peak` the
    most memory (KB) that any process of this worker has used so far.
    """

    outcome: str
    code: str = ""
    words: tuple[str, ...] = ()
    leaked: bool = False
    seconds: float = 0.0
    peak: int = 0
    trace: str = field(default="", repr=False)

    @property
    def speaks(self) -> bool:
        """Whether sentence and hint of a refusal can be read aloud."""
        said = [text for text in self.words[:2] if text]
        return bool(said) and all(_SENTENCE.fullmatch(text) and not _MACHINE.search(text) for text in said)


def judge(film: Path, limits: Limits = TIGHT, isolation: Isolation | None = None) -> Verdict:
    """Do with `film` what a house does until its first segment is seen, and with subtitles; never raises."""
    began = time.monotonic()
    with _under(isolation):
        outcome, code, words, output, trace = _tried(film, limits)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    leaked = any(SECRET in data for data in (*output, *(word.encode() for word in words)))
    return Verdict(outcome, code, words, leaked, time.monotonic() - began, peak, trace)


def _tried(film: Path, limits: Limits) -> tuple[str, str, tuple[str, ...], list[bytes], str]:
    sink = MemorySink()
    plan = None
    try:
        plan = make_plan(probe(film, limits), QUICK)
        plan = copy_if_possible(film, plan, limits=limits)
        if plan.copied:
            # What turns out not to be as it was planned is encoded instead.
            with suppress(EncodeFailed):
                copy_chunks(
                    film, plan, plan.chunks, KEYS.content_key, lambda _: sink, lambda _: None, limits=limits
                )
        encode_chunk(film, plan, plan.chunks[0], plan.starter, KEYS.content_key, sink, limits=limits)
        for text in plan.texts[:3]:
            # A film is worth having without subtitles that cannot be read: so a house leaves them out.
            with suppress(EncodeFailed):
                extract_text(film, plan, text, KEYS.content_key, sink, limits=limits)
    except Refused as fault:
        return "refused", fault.code, (fault.sentence, fault.hint), [], ""
    except EncodeFailed as fault:
        return "failed", fault.code, (fault.sentence, "", *fault.lines), _clear(plan, sink), ""
    except Exception as fault:
        return "broken", type(fault).__name__, (str(fault),), _clear(plan, sink), traceback.format_exc()
    return "played", "", tuple(_words(plan)), _clear(plan, sink), ""


def _words(plan: Plan) -> Iterator[str]:
    """Everything in a plan that a film's maker wrote, or could have."""
    info = plan.info
    yield from (word for track in info.audios for word in (track.title, track.language))
    yield from (word for track in info.texts for word in (track.title, track.language))
    yield from (chapter.title for chapter in info.chapters)


def _clear(plan: Plan | None, sink: MemorySink) -> list[bytes]:
    if plan is None:
        return []
    texts = {text.name: text for text in plan.texts}
    clear = [data for found in sink.inits.values() for data in found]
    for (name, sequence), stored in sink.stored.items():
        tier = texts[name].tier if name in texts else plan.rendition(name).tier
        period = sink.segments[name, sequence].period
        clear.append(decrypt_segment(stored, KEYS.content_key(name, tier, period), sequence))
    return clear


@contextmanager
def _under(isolation: Isolation | None) -> Iterator[None]:
    if isolation is None:
        yield
        return
    usual = process.protection
    process.protection = lambda: Protection(isolation)  # type: ignore[assignment]
    try:
        yield
    finally:
        process.protection = usual


class Canary:
    """Listeners on loopback that note whoever comes, and a file that notes whether it was read."""

    def __init__(self, folder: Path) -> None:
        self.callers: list[str] = []
        self.file = folder / "canary.txt"
        self.file.write_bytes(SECRET * 200)
        self.notes_readers = self._read_is_noted(folder / "trial.txt")
        _forget_readers(self.file)
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for listen in (self._accept, self._receive):
            threading.Thread(target=listen, daemon=True).start()

    def was_read(self) -> bool:
        """Whether anybody read the file, where this file system notes that."""
        return self.notes_readers and self.file.stat().st_atime > 1

    def _read_is_noted(self, trial: Path) -> bool:
        trial.write_bytes(b"x")
        _forget_readers(trial)
        trial.read_bytes()
        noted = trial.stat().st_atime > 1
        trial.unlink()
        return noted

    def close(self) -> None:
        """Stop listening."""
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._udp.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, whence = self._tcp.accept()
            except OSError:
                return
            self.callers.append(f"tcp {whence}")
            caller.close()

    def _receive(self) -> None:
        while data := self._udp.recv(2048):
            self.callers.append(f"udp {data[:40]!r}")


def _forget_readers(file: Path) -> None:
    os.utime(file, (0, time.time()))


@contextmanager
def canary(folder: Path) -> Iterator[Canary]:
    """Set up a canary in `folder`."""
    bird = Canary(folder)
    try:
        yield bird
    finally:
        bird.close()
