"""The peer of the pipeline: ffmpeg alone, with the arguments that the transcoder would give it, in clear."""

import subprocess
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.bench.processes import TIED
from tests.media.films import FFMPEG
from transcoder.graph import encode_argv
from transcoder.plan import Chunk, Plan, make_plan
from transcoder.probe import probe
from transcoder.sandbox import DEFAULT_LIMITS


def plan_of(film: Path) -> Plan:
    """Plan a film as the house does."""
    return make_plan(probe(film))


def whole(plan: Plan) -> tuple[Plan, Chunk]:
    """Give a plan with the same ladder and segments whose only chunk is the whole film."""
    one = replace(plan, chunk_borders=(0, len(plan.segments)))
    return one, one.chunks[0]


def encode(film: Path, plan: Plan, chunk: Chunk, names: Collection[str], folder: Path) -> float:
    """Encode to files with one ffmpeg process, no encryption, no fsync; gives seconds."""
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / name).open("wb")) for name in names}
        pipes = {name: file.fileno() for name, file in files.items()}
        argv = encode_argv(FFMPEG, film, plan, chunk, names, pipes, DEFAULT_LIMITS)
        begun = time.perf_counter()
        subprocess.run(
            [*TIED, *argv],
            pass_fds=tuple(pipes.values()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=600,
            check=True,
        )
        took = time.perf_counter() - begun
    for name in names:
        size = (folder / name).stat().st_size
        if not size:
            raise RuntimeError(f"the bare encoder wrote nothing for {name}")
        (folder / name).unlink()
    return took
