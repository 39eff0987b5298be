"""The peer of the pipeline: ffmpeg alone, with the arguments that the transcoder would give it, in clear."""

import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench.processes import TIED
from tests.media.films import FFMPEG
from transcoder.planning.plan import Chunk, Plan, make_plan
from transcoder.programs.graph import encode_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS
from transcoder.studying.probe import probe


def plan_of(film: Path) -> Plan:
    """Plan a film as the house does."""
    return make_plan(probe(film))


def whole(plan: Plan) -> tuple[Plan, Chunk]:
    """Give a plan with the same ladder and segments whose only chunk is the whole film."""
    one = replace(plan, chunk_borders=(0, len(plan.segments)))
    return one, one.chunks[0]


def encode(
    film: Path, plan: Plan, chunk: Chunk, names: Collection[str], folder: Path, *, keep: bool = False
) -> float:
    """Encode to files with one ffmpeg process, no encryption, no fsync; gives seconds.

    The files are removed unless they are to be kept, each under its rendition's name.
    """
    return _encode(film, plan, chunk, [names], folder, keep=keep)


def encode_apart(film: Path, plan: Plan, chunk: Chunk, folder: Path) -> float:
    """Encode every rung in a process of its own, all at once, the sound beside the lowest; gives seconds."""
    return _encode(film, plan, chunk, _rungs(plan), folder)


def encode_in_turns(film: Path, plan: Plan, chunk: Chunk, folder: Path) -> float:
    """Encode every rung in a process of its own, one after another; gives seconds."""
    return sum(_encode(film, plan, chunk, [names], folder) for names in _rungs(plan))


def _rungs(plan: Plan) -> list[tuple[str, ...]]:
    return [*((rung.name,) for rung in plan.video[:-1]), plan.starter]


def _encode(
    film: Path,
    plan: Plan,
    chunk: Chunk,
    groups: Sequence[Collection[str]],
    folder: Path,
    *,
    keep: bool = False,
) -> float:
    """Run one process for each group of renditions, side by side; gives seconds until the last has ended."""
    begun = time.perf_counter()
    with ExitStack() as stack:
        started = [stack.enter_context(_process(film, plan, chunk, names, folder)) for names in groups]
        for process in started:
            if process.wait(600):
                raise RuntimeError("the bare encoder failed")
    took = time.perf_counter() - begun
    for name in (name for names in groups for name in names):
        if not (folder / name).stat().st_size:
            raise RuntimeError(f"the bare encoder wrote nothing for {name}")
        if not keep:
            (folder / name).unlink()
    return took


@contextmanager
def _process(
    film: Path, plan: Plan, chunk: Chunk, names: Collection[str], folder: Path
) -> "Iterator[subprocess.Popen[bytes]]":
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / name).open("wb")) for name in names}
        pipes = {name: file.fileno() for name, file in files.items()}
        argv = encode_argv(FFMPEG, film, plan, chunk, names, pipes, DEFAULT_LIMITS)
        process = subprocess.Popen(
            [*TIED, *argv],
            pass_fds=tuple(pipes.values()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
