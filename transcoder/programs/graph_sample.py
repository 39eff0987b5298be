"""The command that measures a sample: decode once, encode every trial, decode that, compare. See `graph`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.planning.plan import Plan
from transcoder.planning.sampling import COMPARED, Sample, Trial
from transcoder.programs.graph import global_words, input_from
from transcoder.programs.graph_video import normal, resized, woven, x264
from transcoder.programs.graph_words import plain, ratio
from transcoder.programs.sandbox import Limits

_REFERENCE = "reference"


def sample_argv(
    binary: str,
    source: Path,
    plan: Plan,
    sample: Sample,
    trials: Sequence[Trial],
    pipes: Mapping[str, int],
    limits: Limits,
) -> list[str]:
    """Build the command that decodes a sample once and makes every trial of it.

    Trial `n` writes its packets' sizes to the pipe "bits-n" (as `framecrc`) and the XPSNR of every
    `COMPARED`th picture, scaled up to the size of the largest rung, to "quality-n". One thread an encoder:
    the number of threads changes bits.
    """
    options = input_from(plan, sample.start, limits)
    stream = woven(ffmpeg.input(f"file:{source}", **options)[str(plan.info.video.index)], plan)
    # From the key frame on, wherever it is: what comes before the sample would be decoded for nothing.
    stream = stream.filter("setpts", "PTS-STARTPTS").filter("fps", fps=ratio(plan.frame_rate), start_time=0)
    split = normal(stream.filter("trim", end_frame=sample.frames), plan).filter_multi_output(
        "split", len(trials) + 1
    )
    outputs = [
        resized(split.stream(number), trial.width, trial.height).output(
            f"pipe:{pipes[f'bits-{number}']}", **_sample_output(plan, trial)
        )
        for number, trial in enumerate(trials)
    ]
    top = plan.video[0]
    picture = resized(split.stream(len(trials)), top.width, top.height)
    outputs.append(picture.output(_REFERENCE, **{"c:v": "wrapped_avframe", "f": "null"}))
    command = ffmpeg.merge_outputs(*outputs).global_args(*global_words(pipes))
    words = [str(word) for word in ffmpeg.compile(command, cmd=binary)]
    return [*words, *_comparing(words, plan, pipes, len(trials))]


def _sample_output(plan: Plan, trial: Trial) -> dict[str, Any]:
    settings = x264(plan.policy.preset, trial.crf, careful=True)
    return {**settings, "threads": 1, "g": 100_000, "sc_threshold": 0, "f": "framecrc", **plain()}


def _comparing(words: Sequence[str], plan: Plan, pipes: Mapping[str, int], trials: int) -> list[str]:
    """Decode what the encoders made and compare it: ffmpeg-python has no words for decoders of outputs."""
    top = plan.video[0]
    urls = [f"pipe:{pipes[f'bits-{number}']}" for number in range(trials)]
    order = sorted([*urls, _REFERENCE], key=words.index)
    decoder = {url: place for place, url in enumerate(order)}
    some = f"select=not(mod(n\\,{COMPARED}))"
    size = f"scale={top.width}:{top.height}:flags=bicubic,setsar=1"
    labels = "".join(f"[r{number}]" for number in range(trials))
    graph = [f"[dec:{decoder[_REFERENCE]}]{some},split={trials}{labels}"]
    for number, url in enumerate(urls):
        out = f"metadata=mode=print:key=lavfi.xpsnr.xpsnr.y:file=pipe\\\\:{pipes[f'quality-{number}']}"
        graph.append(f"[dec:{decoder[url]}]{some},{size}[d{number}]")
        graph.append(f"[d{number}][r{number}]xpsnr,{out}[q{number}]")
    ends = [word for number in range(trials) for word in ("-map", f"[q{number}]", "-f", "null", "-")]
    decoders = [word for place in range(len(order)) for word in ("-dec", f"{place}:0")]
    return [*decoders, "-filter_complex", ";".join(graph), *ends]
