"""Run the whole transcoder over a small film in memory and put the pieces back together."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.media.films import run_ffmpeg
from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import ChunkResult, EncodedSegment, InitSegment, encode_chunk
from transcoder.encoding.opening import Opener
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.keys.secret import SecretBytes
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.standalone.folder import segment_object
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe

KEYS = TitleKeys("ti_test", 1, SecretBytes(bytes(range(32))), SecretBytes(bytes(range(32, 64))))
SHORT = Policy(crypto_period_seconds=4, preset="ultrafast", crf=18)


@dataclass
class MemorySink:
    """Keeps what the encoder gives."""

    inits: dict[str, list[bytes]] = field(default_factory=dict)
    by_period: dict[tuple[str, int], bytes] = field(default_factory=dict)
    stored: dict[tuple[str, int], bytes] = field(default_factory=dict)
    segments: dict[tuple[str, int], EncodedSegment] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        with self.lock:
            if isinstance(item, InitSegment):
                self.inits.setdefault(item.rendition, []).append(data)
                self.by_period[item.rendition, item.period] = data
            else:
                self.stored[item.rendition, item.sequence] = data
                self.segments[item.rendition, item.sequence] = item


@dataclass
class Transcoded:
    """A film that went through: the plan, what was stored, the result of every chunk."""

    plan: Plan
    sink: MemorySink
    results: list[ChunkResult]

    def clear(self, rendition: str) -> bytes:
        """One rendition decrypted and joined."""
        return b"".join(self.pieces(rendition))

    def pieces(self, rendition: str) -> Iterator[bytes]:
        """One rendition decrypted: its init segment, then its segments."""
        opener = Opener(self.plan, KEYS.content_key, KEYS.common_key)
        return opener.track((item, data) for item, data in self.objects() if item.rendition == rendition)

    def objects(self) -> Iterator[tuple[ManifestObject, bytes]]:
        """Everything that was stored of pictures and sound, init segments first."""
        for (name, period), data in sorted(self.sink.by_period.items()):
            tier, digest = self.plan.rendition(name).tier, hashlib.sha256(data).digest()
            yield (
                ManifestObject(f"{name}/{period}", Kind.INIT, name, tier, period, -1, len(data), digest),
                data,
            )
        for (name, number), data in sorted(self.sink.stored.items()):
            if (name, number) in self.sink.segments and name[0] in "vai":
                yield segment_object(self.sink.segments[name, number]), data

    def write(self, rendition: str, folder: Path) -> Path:
        """Write a decrypted rendition as a file a player reads."""
        path = folder / f"{rendition}.mp4"
        path.write_bytes(self.clear(rendition))
        return path

    def codecs(self, rendition: str) -> set[str]:
        """What the chunks' init segments say the codec is."""
        return {init.codecs for done in self.results for init in done.inits if init.rendition == rendition}

    def join(self, video: str, folder: Path, sound: str = "a0") -> Path:
        """Put one video rendition and a sound into one file without touching their times."""
        path = folder / f"joined-{sound}.mkv"
        words = ("-i", str(self.write(video, folder)), "-i", str(self.write(sound, folder)))
        run_ffmpeg("-copyts", *words, "-map", "0:v", "-map", "1:a", "-c", "copy", str(path))
        return path


def copy(film: Path, policy: Policy = SHORT) -> Transcoded:
    """Probe and plan a film that can be copied, copy its best rung in one run, encode the others."""
    plan = copy_if_possible(film, make_plan(probe(film), policy))
    assert plan.copied, plan.reasons
    return carry_out(film, plan)


def transcode(film: Path, policy: Policy = SHORT) -> Transcoded:
    """Probe, plan and encode every chunk of a film."""
    return carry_out(film, make_plan(probe(film), policy))


def carry_out(film: Path, plan: Plan) -> Transcoded:
    """Make everything that a plan says: what is copied in one run, the rest chunk by chunk."""
    sink, results = MemorySink(), list[ChunkResult]()
    if plan.copied:
        copy_chunks(
            film,
            plan,
            plan.chunks,
            KEYS.content_key,
            lambda _: sink,
            results.append,
            common=KEYS.common_key,
        )
    others = [name for name in plan.renditions if name not in plan.copied]
    for chunk in plan.chunks if others else ():
        results.append(
            encode_chunk(film, plan, chunk, others, KEYS.content_key, sink, common=KEYS.common_key)
        )
    return Transcoded(plan, sink, results)
