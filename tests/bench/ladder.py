"""Bits of the ladder that is chosen by content against the fixed ladder's, at equal quality."""

import math
import re
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from tests.bench import bare
from tests.bench.context import Bench
from tests.bench.films import Film, small_film
from tests.bench.rounds import Aim, Figure
from tests.media.films import FFMPEG, run_ffmpeg
from transcoder.planning.ladder import CARE_STEPS, VideoRendition
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.studying.content import choose_ladder
from transcoder.studying.probe import probe

HOW = (
    "{story}. Both ladders are encoded whole, with their ceilings, by the arguments of "
    "`transcoder.programs.graph`; "
    "every rung is decoded, scaled to the film's own size and compared with the film by {metric}. A ladder's "
    "curve runs through its rungs, bits on a logarithmic scale. The figure is the geometric mean of the bits "
    "a second that each ladder needs for the same quality, over all qualities that both reach (a "
    "Bjøntegaard rate): a worse picture gains nothing. Chosen: {ours}. Fixed: {peers}. {note}"
)
SAME = "Here the fixed ladder's rungs are encoded as carefully as the chosen ones, and as much coarser."
AS_IS = "The fixed ladder is the house's own with `ladder=fixed`: `veryfast`, CRF 22 everywhere."
METRICS = {"XPSNR": "xpsnr", "SSIM": "ssim"}


@dataclass(frozen=True, slots=True)
class Rated:
    """One rung of one ladder over a whole film: mean bits a second and quality in dB at the film's size."""

    name: str
    rate: float
    xpsnr: float
    ssim: float


def measure(bench: Bench) -> list[Figure]:
    """Measure a real film where there is one, and two generated ones."""
    folder = bench.place("ladder")
    films = [small_film(folder), *([] if bench.quick else [_flight(folder), _rest(folder)])]
    return [figure for film in films for figure in _film(bench, film, folder)]


def _film(bench: Bench, film: Film, folder: Path) -> list[Figure]:
    bench.tell(f"{film.story}: choosing")
    info = probe(film.path)
    fixed = make_plan(info, Policy(ladder="fixed"))
    begun = time.perf_counter()
    chosen = choose_ladder(film.path, make_plan(info, Policy(ladder="content")))
    spent = time.perf_counter() - begun
    equal = replace(fixed, video=tuple(replace(r, crf=r.crf + CARE_STEPS, careful=True) for r in fixed.video))
    rated, took = {}, {}
    for name, plan in (("chosen", chosen), ("fixed", fixed), ("equal", equal)):
        bench.tell(f"{film.story}: the {name} ladder")
        rated[name], took[name] = _encoded(film.path, plan, folder)
    figures = [
        _figure(film, metric, rated["chosen"], rated[peer], note, aim)
        for peer, note, aim in (("fixed", AS_IS, Aim(0.75, most=True)), ("equal", SAME, None))
        for metric in METRICS
        if _is_comparable(rated["chosen"], rated[peer], metric)
    ]
    return [*figures, _stored(film, rated), _work(film, took["chosen"] + spent, took["fixed"], spent)]


def _is_comparable(ours: Sequence[Rated], peers: Sequence[Rated], metric: str) -> bool:
    """A ladder of one rung, as a plain film gets it, is no curve: its stored bits alone are told."""
    try:
        at_equal_quality(_points(ours, metric), _points(peers, metric))
    except ValueError:
        return False
    return True


def _figure(
    film: Film, metric: str, ours: Sequence[Rated], peers: Sequence[Rated], note: str, aim: Aim | None
) -> Figure:
    mine, theirs = at_equal_quality(_points(ours, metric), _points(peers, metric))
    careful = note is SAME
    return Figure(
        name=f"Ladder by content{', encoders alike' if careful else ''}, equal {metric}, {film.story}",
        unit="kbit/s",
        ours_name="chosen by content",
        peer_name="fixed, as careful" if careful else "fixed",
        ours=(mine / 1000,),
        peers=(theirs / 1000,),
        aim=aim,
        how=HOW.format(
            story=film.story[0].upper() + film.story[1:],
            metric=metric,
            ours=_words(ours, metric),
            peers=_words(peers, metric),
            note=note,
        ),
    )


def _stored(film: Film, rated: dict[str, list[Rated]]) -> Figure:
    return Figure(
        name=f"Ladder by content, bits stored, {film.story}",
        unit="kbit/s",
        ours_name="chosen by content",
        peer_name="fixed",
        ours=(sum(one.rate for one in rated["chosen"]) / 1000,),
        peers=(sum(one.rate for one in rated["fixed"]) / 1000,),
        how="Bits a second of all rungs together, as stored. Not at equal quality: rungs that are left out "
        "and coarser low rungs count as saved.",
    )


def _work(film: Film, ours: float, peers: float, spent: float) -> Figure:
    return Figure(
        name=f"Ladder by content, work, {film.story}",
        unit="s",
        ours_name="measure, choose and encode",
        peer_name="encode the fixed ladder",
        ours=(ours,),
        peers=(peers,),
        how=f"One ffmpeg for the whole ladder; measuring and choosing took {spent:.2f} s of it, which the "
        "house does beside the starter.",
    )


def _points(rated: Sequence[Rated], metric: str) -> list[tuple[float, float]]:
    return [(one.rate, getattr(one, METRICS[metric])) for one in rated]


def _words(rated: Sequence[Rated], metric: str) -> str:
    return ", ".join(
        f"{one.name} {one.rate / 1000:.0f} kbit/s {getattr(one, METRICS[metric]):.1f} dB" for one in rated
    )


def at_equal_quality(
    ours: Sequence[tuple[float, float]], peers: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Geometric means of the rates of two ladders (rate, quality) over the qualities that both reach.

    Raises ValueError where there are none.
    """
    mine, theirs = _rising(ours), _rising(peers)
    low = max(mine[0][1], theirs[0][1])
    high = min(mine[-1][1], theirs[-1][1])
    if low >= high:
        raise ValueError("the ladders have no quality in common")
    steps = [low + (high - low) * step / 100 for step in range(101)]
    means = [statistics.fmean(_rate_at(points, quality) for quality in steps) for points in (mine, theirs)]
    return math.exp(means[0]), math.exp(means[1])


def _rising(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """By rate, without rungs that cost more than another and look no better: nobody would watch those."""
    rising: list[tuple[float, float]] = []
    for rate, quality in sorted(points):
        if not rising or quality > rising[-1][1]:
            rising.append((rate, quality))
    return rising


def _rate_at(points: Sequence[tuple[float, float]], quality: float) -> float:
    """The logarithm of the rate that gives `quality`, between two rungs on the straight line."""
    for (rate, below), (more, above) in pairwise(points):
        if quality <= above:
            way = (quality - below) / (above - below)
            return math.log(rate) + way * math.log(more / rate)
    return math.log(points[-1][0])


def _encoded(film: Path, plan: Plan, folder: Path) -> tuple[list[Rated], float]:
    one, chunk = bare.whole(plan)
    names = [rung.name for rung in plan.video]
    took = bare.encode(film, one, chunk, names, folder, keep=True)
    rated = [_rated(film, plan, rung, folder / rung.name) for rung in plan.video]
    for name in names:
        (folder / name).unlink()
    return rated, took


def _rated(film: Path, plan: Plan, rung: VideoRendition, path: Path) -> Rated:
    track = plan.info.video
    shown = f"scale={track.width}:{track.height}:flags=bicubic,setsar=1,format=yuv420p,settb=1/1000,setpts=N"
    values = "metadata=mode=print:file=-"
    graph = f"[0:v]{shown}[a];[1:v]{shown},split[b][c];[a][b]ssim[d];[d][c]xpsnr,{values}"
    argv = [FFMPEG, "-v", "error", "-nostdin", "-i", str(path), "-i", str(film), "-lavfi", graph]
    said = subprocess.run(
        [*argv, "-fps_mode", "passthrough", "-f", "null", "-"],
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
    )
    alike = [float(value) for value in re.findall(r"ssim\.All=([\d.]+)", said.stdout)]
    error = [10 ** (-float(value) / 20) for value in re.findall(r"xpsnr\.y=([\d.]+|inf)", said.stdout)]
    if len(alike) != plan.frames or len(error) != plan.frames:
        raise RuntimeError(f"{rung.name}: {len(alike)} of {plan.frames} frames were compared")
    return Rated(
        rung.name,
        path.stat().st_size * 8 / float(plan.duration),
        -20 * math.log10(statistics.fmean(error)),
        -10 * math.log10(1 - statistics.fmean(alike)),
    )


def _flight(folder: Path) -> Film:
    """A slow fall into the Mandelbrot set with a film's grain: fine detail everywhere, smooth motion."""
    return _made(
        folder / "flight.mp4", "mandelbrot=s=1280x720:r=24:end_scale=0.02:maxiter=400,noise=alls=6:allf=t"
    )


def _rest(folder: Path) -> Film:
    """A still picture with soft edges that hardly moves: a title card, a slide."""
    return _made(folder / "rest.mp4", "gradients=s=1280x720:r=24:speed=0.005:seed=7:nb_colors=5")


def _made(path: Path, source: str) -> Film:
    words = ("-t", "12", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")
    run_ffmpeg("-f", "lavfi", "-i", source, *words, str(path))
    return Film(path, f"a generated {path.stem} (12 s, 720p)")
