"""A source that is copied instead of encoded: how fast, how soon, and what it saves of the whole ladder."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.bench.context import Bench
from tests.bench.processes import TIED
from tests.bench.rounds import Aim, Figure, Side
from tests.media.films import FFMPEG, run_ffmpeg
from tests.media.pipeline import KEYS
from transcoder.encoding.copyrun import copy_chunks
from transcoder.encoding.encode import EncodedSegment, InitSegment, encode_chunk
from transcoder.formats.fmp4 import Splitter
from transcoder.planning.plan import Chunk, Plan, Policy, make_plan
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe

LOOP_SECONDS = 20
HANDS = 2
"""Chunks at a time, as a house on two cores encodes them."""


def measure(bench: Bench) -> list[Figure]:
    """Measure a long film for the copy and a short one for the ladder."""
    folder = bench.place("remux")
    seconds = 300 if bench.quick else 1800
    film = streamable(folder, seconds)
    plan = planned(film)
    short = streamable(folder, LOOP_SECONDS if bench.quick else 3 * LOOP_SECONDS)
    bench.tell(f"copying {seconds} s")
    copies = bench.interleave({"ours": _times_real(film, plan), "bare": _bare_times_real(film, plan)})
    bench.tell("first segments")
    firsts = bench.interleave({"ours": _first_ours(film, plan), "bare": _first_bare(film)})
    bench.tell("the whole ladder")
    copied = planned(short)
    ladders = bench.interleave(
        {"copied": _ladder(short, copied), "encoded": _ladder(short, encoded(copied))}, warm=not bench.quick
    )
    return [
        Figure(
            name="Remux of a streamable film",
            unit="× real time",
            ours_name="copy, split, encrypt",
            peer_name="ffmpeg -c copy alone",
            ours=copies["ours"],
            peers=copies["bare"],
            aim=Aim(100, most=False, absolute=True),
            how=f"`copy_chunks` over {seconds} s of 720p H.264 (about 2 Mbit/s, a key frame every 2 s) with "
            "AAC in MP4: one ffmpeg that copies, packets numbered and checked, segments encrypted and "
            "hashed, kept nowhere. The peer is the same ffmpeg copying to one fragmented MP4 in clear, to "
            "/dev/null.",
        ),
        Figure(
            name="First segment of a streamable film",
            unit="ms",
            ours_name="first encrypted segment",
            peer_name="first fragment of ffmpeg",
            ours=firsts["ours"],
            peers=firsts["bare"],
            aim=Aim(150, most=True, absolute=True),
            how="From the call of `copy_chunks` to the first encrypted video segment in the sink, against "
            "the time until a bare `ffmpeg -c copy` has written its first fragment to a pipe; same film.",
        ),
        Figure(
            name="Copied best rung against the full ladder",
            unit="s",
            ours_name="best rung copied",
            peer_name="every rung encoded",
            ours=ladders["copied"],
            peers=ladders["encoded"],
            aim=Aim(0.6, most=True),
            how=f"All chunks of a film of 720p, {HANDS} at a time: once with the source's own packets as the "
            "best rung and the lower ones encoded, once with all of them encoded on the same segment grid. "
            f"The ladder is {', '.join(copied.renditions)}. Looking at the packets is counted with the copy.",
        ),
    ]


def streamable(folder: Path, seconds: int) -> Path:
    """A film of moving, grainy pictures in 720p, repeated without encoding it again; a tone beside it."""
    loop, film = folder / "loop.mp4", folder / f"streamable-{seconds}.mp4"
    if not loop.exists():
        picture = f"testsrc2=s=1280x720:r=24:d={LOOP_SECONDS},noise=alls=6:allf=t"
        gop = ("-g", "48", "-keyint_min", "48", "-sc_threshold", "0", "-bf", "2")
        rate = ("-b:v", "2M", "-maxrate", "2500k", "-bufsize", "5M", "-pix_fmt", "yuv420p")
        words = ("-c:v", "libx264", "-preset", "veryfast", *gop, *rate)
        run_ffmpeg("-f", "lavfi", "-i", picture, *words, str(loop))
    if not film.exists():
        again = ("-stream_loop", str(seconds // LOOP_SECONDS - 1), "-i", str(loop))
        tone = ("-f", "lavfi", "-i", f"sine=330:r=48000:d={seconds}")
        run_ffmpeg(*again, *tone, "-c:v", "copy", "-c:a", "aac", "-ac", "2", str(film))
    return film


def planned(film: Path) -> Plan:
    """Plan a film that must be copyable."""
    plan = copy_if_possible(film, make_plan(probe(film), Policy(ladder="fixed")))
    if not plan.copied:
        raise RuntimeError(f"the film of this measure is not copied: {plan.reasons}")
    return plan


def encoded(plan: Plan) -> Plan:
    """The same grid and sizes with nothing copied."""
    whole = make_plan(plan.info, plan.policy)
    return replace(whole, segment_borders=plan.segment_borders, chunk_borders=plan.chunk_borders)


class _Nowhere:
    """Keeps nothing; tells of the first video segment."""

    def __init__(self, first: Callable[[], None] = lambda: None) -> None:
        self._first: Callable[[], None] | None = first

    def put(self, item: InitSegment | EncodedSegment, data: bytes) -> None:
        if self._first and isinstance(item, EncodedSegment) and item.rendition.startswith("v"):
            self._first()
            self._first = None


def _times_real(film: Path, plan: Plan) -> Side:
    def side(_: int) -> float:
        begun, sink = time.perf_counter(), _Nowhere()
        copy_chunks(film, plan, plan.chunks, KEYS.content_key, lambda _: sink, lambda _: None)
        return float(plan.duration) / (time.perf_counter() - begun)

    return side


def _bare_times_real(film: Path, plan: Plan) -> Side:
    argv = [*_bare(film), "/dev/null"]

    def side(_: int) -> float:
        begun = time.perf_counter()
        subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=600, check=True)
        return float(plan.duration) / (time.perf_counter() - begun)

    return side


def _first_ours(film: Path, plan: Plan) -> Side:
    chunks: tuple[Chunk, ...] = plan.chunks[:1]

    def side(_: int) -> float:
        seen: list[float] = []
        sink = _Nowhere(lambda: seen.append(time.perf_counter()))
        begun = time.perf_counter()
        copy_chunks(film, plan, chunks, KEYS.content_key, lambda _: sink, lambda _: None)
        return (seen[0] - begun) * 1000

    return side


def _first_bare(film: Path) -> Side:
    def side(_: int) -> float:
        begun = time.perf_counter()
        with subprocess.Popen(
            [*_bare(film), "pipe:1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as process:
            took = _until_second_piece(process) - begun
            process.kill()
        return took * 1000

    return side


def _until_second_piece(process: "subprocess.Popen[bytes]") -> float:
    splitter, pieces = Splitter(), 0
    if process.stdout is None:
        raise RuntimeError("ffmpeg has no output")
    while data := process.stdout.read1(1 << 18):  # type: ignore[attr-defined]
        pieces += sum(1 for _ in splitter.feed(data))
        if pieces >= 2:
            return time.perf_counter()
    raise RuntimeError("ffmpeg wrote no fragment")


def _bare(film: Path) -> list[str]:
    words = ["-v", "error", "-nostdin", "-y", "-i", str(film), "-c", "copy", "-f", "mp4"]
    return [*TIED, FFMPEG, *words, "-movflags", "+frag_keyframe+empty_moov+default_base_moof"]


def _ladder(film: Path, plan: Plan) -> Side:
    others = [name for name in plan.renditions if name not in plan.copied]

    def side(_: int) -> float:
        begun, sink = time.perf_counter(), _Nowhere()
        if plan.copied:
            copy_chunks(film, planned(film), plan.chunks, KEYS.content_key, lambda _: sink, lambda _: None)
        with ThreadPoolExecutor(HANDS) as hands:
            made = [
                hands.submit(encode_chunk, film, plan, chunk, others, KEYS.content_key, sink)
                for chunk in plan.chunks
            ]
            for one in made:
                one.result()
        return time.perf_counter() - begun

    return side
