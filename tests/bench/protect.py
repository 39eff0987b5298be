"""What protection costs (encrypted against clear), and what the starter gains (against a plain ladder)."""

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from unittest.mock import patch

from tests.bench import bare
from tests.bench.context import Bench
from tests.bench.films import Film, large_film, small_film
from tests.bench.processes import TIED
from tests.bench.rounds import Aim, Figure
from tests.media.films import FFMPEG, picture_film
from transcoder.encoding import encode
from transcoder.encoding.encode import EncodedSegment, InitSegment, encode_chunk
from transcoder.errors import Cancelled
from transcoder.keys.encrypt import decrypt_segment
from transcoder.keys.keyschedule import KeySource, TitleKeys
from transcoder.keys.secret import SecretBytes
from transcoder.planning.plan import Plan

AT_ONCE = 2
LADDER_SECONDS = 2
POLL_SECONDS = 0.002
PATIENCE_SECONDS = 120
KEYS = TitleKeys("ti_bench", 1, SecretBytes(bytes(range(32))), SecretBytes(bytes(range(32, 64))))

COST = (
    "{story}, ladder {ladder}: every chunk, two at a time, as the house runs them: one ffmpeg each, pipes, "
    "split at fragments, times patched, hashed; a sink drops the segments, so that no disk is measured. "
    "The peer is the same code in which `encrypt_segment` gives back what it got and no key is derived."
)
START = (
    "{story}, ladder {ladder}. Ours: from the call of `encode_chunk` for the starter (lowest rung and sound "
    "of chunk 0) until init segment and first segment of both are there, and decrypt. The peer: one ffmpeg "
    "with the whole ladder, the same rates and preset and {seconds} s segments, written by its own HLS muxer "
    "in clear, until the playlist of the lowest rung lists a segment and the multivariant playlist is there "
    "(looked for every {poll:.0f} ms)."
)


def measure(bench: Bench) -> list[Figure]:
    """Measure both on the real film and on generated ones."""
    folder = bench.place("protect")
    small, large = small_film(folder), large_film(folder, 12 if bench.quick else 30)
    found = [_cost(bench, film) for film in (small, large)]
    seconds = 6 if bench.quick else 20
    tall = Film(picture_film(folder, seconds, "1920x1080"), f"a generated film ({seconds} s, 1080p)")
    return [*found, *(_start(bench, film, folder) for film in (small, tall))]


def _cost(bench: Bench, film: Film) -> Figure:
    bench.tell(film.story)
    plan = bare.plan_of(film.path)
    found = bench.interleave(
        {
            "encrypted": lambda _: _whole(film, plan, KEYS.content_key),
            "clear": lambda _: _clear(film, plan),
        },
        warm=not bench.quick,
    )
    return Figure(
        name=f"Encrypted against clear, {film.story}",
        unit="s",
        ours_name="encrypted",
        peer_name="clear",
        ours=found["encrypted"],
        peers=found["clear"],
        aim=Aim(1.05, most=True),
        how=COST.format(story=_sentence(film), ladder=", ".join(plan.renditions)),
    )


class _Nowhere:
    """Takes everything, keeps nothing."""

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Count that something came."""
        if not data:
            raise RuntimeError("an empty object")


def _whole(film: Film, plan: Plan, keys: KeySource) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [
            pool.submit(encode_chunk, film.path, plan, chunk, plan.renditions, keys, _Nowhere())
            for chunk in plan.chunks
        ]
        for one in running:
            one.result()
    return time.perf_counter() - begun


def _clear(film: Film, plan: Plan) -> float:
    key = SecretBytes(bytes(16))
    with patch.object(encode, "encrypt_segment", lambda clear, _key, _sequence: bytes(clear)):
        return _whole(film, plan, lambda *_: key)


def _start(bench: Bench, film: Film, folder: Path) -> Figure:
    bench.tell(f"first segment, {film.story}")
    plan = bare.plan_of(film.path)
    found = bench.interleave(
        {
            "starter": lambda _: first_playable(film.path, plan),
            "ladder": lambda _: _plain_ladder(film.path, plan, folder / "ladder"),
        }
    )
    return Figure(
        name=f"Starter to first playable segment, {film.story}",
        unit="ms",
        ours_name="starter",
        peer_name=f"plain {LADDER_SECONDS} s ladder",
        ours=found["starter"],
        peers=found["ladder"],
        aim=Aim(0.2, most=True),
        how=START.format(
            story=_sentence(film),
            ladder=", ".join(rung.name for rung in plan.video),
            seconds=LADDER_SECONDS,
            poll=POLL_SECONDS * 1000,
        ),
    )


class _First:
    """Waits for init and first segment of every starting rendition, then stops the encoder."""

    def __init__(self, plan: Plan, begun: float, cancel: threading.Event) -> None:
        self._plan = plan
        self._wanted = {(name, number) for name in plan.starter for number in (-1, 0)}
        self._begun = begun
        self._cancel = cancel
        self._lock = threading.Lock()
        self.took: float | None = None

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        """Take an object; a segment counts once it is decrypted."""
        number = -1
        if isinstance(item, EncodedSegment):
            number = item.sequence
            key = KEYS.content_key(item.rendition, item.tier, item.period)
            if b"moof" not in decrypt_segment(data, key, item.sequence)[:64]:
                raise RuntimeError("the first segment does not decrypt")
        with self._lock:
            self._wanted.discard((item.rendition, number))
            if not self._wanted and self.took is None:
                self.took = time.perf_counter() - self._begun
                self._cancel.set()


def first_playable(film: Path, plan: Plan) -> float:
    """Give the milliseconds until the starter's first segments are there and decrypt."""
    cancel = threading.Event()
    first = _First(plan, time.perf_counter(), cancel)
    with suppress(Cancelled):  # the rest of the chunk is not what is measured
        encode_chunk(film, plan, plan.chunks[0], plan.starter, KEYS.content_key, first, cancel=cancel)
    if first.took is None:
        raise RuntimeError("the starter gave no segment")
    return first.took * 1000


def _plain_ladder(film: Path, plan: Plan, folder: Path) -> float:
    """Give the milliseconds until ffmpeg's own HLS muxer has listed a segment of the lowest rung."""
    rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lowest = folder / f"{len(plan.video) - 1}.m3u8"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*TIED, *ladder_argv(film, plan, folder)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        while not (_lists(lowest) and (folder / "main.m3u8").exists()):
            if process.poll() or time.perf_counter() - begun > PATIENCE_SECONDS:
                raise RuntimeError("the plain ladder gave no segment")
            time.sleep(POLL_SECONDS)
        return (time.perf_counter() - begun) * 1000
    finally:
        process.kill()
        process.wait()


def ladder_argv(film: Path, plan: Plan, folder: Path) -> list[str]:
    """Build the command that people write: one decode, every rung, HLS of short segments."""
    count, audio = len(plan.video), bool(plan.audios)
    split = f"[0:v:0]split={count}" + "".join(f"[s{n}]" for n in range(count))
    scales = [f"[s{n}]scale={rung.width}:{rung.height}[v{n}]" for n, rung in enumerate(plan.video)]
    words = [FFMPEG, "-v", "error", "-nostdin", "-y", "-i", str(film)]
    words += ["-filter_complex", ";".join((split, *scales))]
    for number, rung in enumerate(plan.video):
        words += ["-map", f"[v{number}]", *(("-map", "0:a:0") if audio else ())]
        words += [f"-crf:v:{number}", str(rung.crf), f"-maxrate:v:{number}", str(rung.maxrate)]
        words += [f"-bufsize:v:{number}", str(rung.bufsize)]
    words += ["-c:v", "libx264", "-preset", plan.policy.preset, "-pix_fmt", "yuv420p", "-sc_threshold", "0"]
    words += ["-force_key_frames", f"expr:gte(t,n_forced*{LADDER_SECONDS})"]
    words += ["-c:a", "aac", "-ac", "2"] if audio else []
    words += ["-f", "hls", "-hls_time", str(LADDER_SECONDS), "-hls_segment_type", "fmp4"]
    words += ["-hls_playlist_type", "event", "-master_pl_name", "main.m3u8"]
    streams = " ".join(f"v:{n},a:{n}" if audio else f"v:{n}" for n in range(count))
    return [*words, "-var_stream_map", streams, str(folder / "%v.m3u8")]


def _lists(playlist: Path) -> bool:
    try:
        return "#EXTINF" in playlist.read_text()
    except OSError:
        return False


def _sentence(film: Film) -> str:
    return film.story[0].upper() + film.story[1:]
