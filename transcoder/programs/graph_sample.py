"""The command that measures samples: decode once, encode every trial, decode that, compare. See `graph`."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.planning.ladder import CARE_STEPS
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
    samples: Sequence[Sample],
    trials: Sequence[Trial],
    pipes: Mapping[str, int],
    limits: Limits,
) -> list[str]:
    """Build the command that decodes samples once, one after the other, and makes every trial of them.

    Trial `n` writes its packets' sizes to the pipe "bits-n" (as `framecrc`) and the XPSNR of every
    `COMPARED`th picture, scaled up to the size of the largest rung, to "quality-n". One process for several
    samples: what its encoders cost to open is as much as some frames. One thread an encoder: the number of
    threads changes bits.
    """
    parts = [_sample(source, plan, sample, limits) for sample in samples]
    joined = ffmpeg.concat(*parts) if len(parts) > 1 else parts[0]
    split = normal(joined, plan).filter_multi_output("split", len(trials) + 1)
    outputs = [
        resized(split.stream(number), trial.width, trial.height).output(
            f"pipe:{pipes[f'bits-{number}']}", **_sample_output(plan, samples, trial)
        )
        for number, trial in enumerate(trials)
    ]
    top = plan.video[0]
    picture = resized(split.stream(len(trials)), top.width, top.height)
    outputs.append(picture.output(_REFERENCE, **{"c:v": "wrapped_avframe", "f": "null"}))
    command = ffmpeg.merge_outputs(*outputs).global_args(*global_words(pipes))
    words = [str(word) for word in ffmpeg.compile(command, cmd=binary)]
    return [*words, *_comparing(words, plan, pipes, len(trials))]


def _sample(source: Path, plan: Plan, sample: Sample, limits: Limits) -> Any:
    options = input_from(plan, sample.start, limits)
    stream = woven(ffmpeg.input(f"file:{source}", **options)[str(plan.info.video.index)], plan)
    # From the key frame on, wherever it is: what comes before the sample would be decoded for nothing.
    stream = stream.filter("setpts", "PTS-STARTPTS").filter("fps", fps=ratio(plan.frame_rate), start_time=0)
    # Exactly as many frames as planned, and all of one size: the next sample begins behind them.
    whole = stream.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=sample.frames)
    top = plan.video[0]
    return whole.filter("scale", top.width, top.height, flags="bicubic").filter("setsar", 1)


def _sample_output(plan: Plan, samples: Sequence[Sample], trial: Trial) -> dict[str, Any]:
    starts = accumulate((sample.frames for sample in samples[:-1]), initial=0)
    return {
        **x264(plan.policy.preset, trial.crf - CARE_STEPS, careful=False),
        "threads": 1,
        "g": 100_000,
        "sc_threshold": 0,
        "forced-idr": 1,
        "force_key_frames": "expr:" + "+".join(f"eq(n,{start})" for start in starts),
        "f": "framecrc",
        **plain(),
    }


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
