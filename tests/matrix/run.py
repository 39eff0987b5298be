"""A source on its whole way: made, probed, planned, encoded, written as HLS, played by ffmpeg and mpv."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.matrix import master
from tests.matrix.hls import variants, write_hls
from tests.matrix.players import Played, play_with_ffmpeg, play_with_mpv
from tests.matrix.source import Source, make
from tests.media.pipeline import Transcoded, carry_out
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe

POLICY = Policy(crypto_period_seconds=4, preset="ultrafast", crf=16, copied_rate=100)
"""Sources that may be copied are as finely encoded as their likeness asks, not as films are."""


@dataclass(frozen=True)
class Outcome:
    """What became of a source; `looks` are of every rung, best first, `mpv` of the best rung in mpv."""

    source: Source
    done: Transcoded
    playlist: Path
    played: Played
    looks: tuple[master.Looks, ...]
    mpv: master.Looks


def run(source: Source, folder: Path, home: str) -> Outcome:
    """Take a source through everything; `folder` is served at `home`."""
    film = make(source, folder)
    plan = make_plan(probe(film), POLICY)
    if source.copied:
        plan = copy_if_possible(film, plan)
    done = carry_out(film, with_two_rungs(plan))
    plan = done.plan
    playlist = write_hls(done, folder / f"hls-{source.name}")
    url = f"{home}/{playlist.relative_to(folder)}"
    order = variants(playlist)
    sizes = {rung.name: (rung.width, rung.height) for rung in plan.video}
    played = play_with_ffmpeg(url, [order.index(name) for name in sizes], sound=bool(plan.audios))
    shown = zip(played.pictures, sizes.values(), strict=True)
    looks = tuple(_look(source, raw, size) for raw, size in shown)
    mpv = _look(source, play_with_mpv(url, folder / f"mpv-{source.name}.yuv"), sizes[plan.video[0].name])
    return Outcome(source, done, playlist, replace(played, pictures=()), looks, mpv)


def _look(source: Source, raw: bytes, size: tuple[int, int]) -> master.Looks:
    if master.is_legible(source.size):
        return master.read(raw, size, source.size, source.flashes)
    return master.Looks(master.read_tiny(raw, size), (), (master.BLACK, master.WHITE), 0.0, 1.0)


def with_two_rungs(plan: Plan) -> Plan:
    """Leave the best and the lowest rung, or give a small film a second one of half its size to compare."""
    if len(plan.video) > 1:
        return replace(plan, video=(plan.video[0], plan.video[-1]))
    best = plan.video[0]
    smaller = replace(best, name="v120", width=_half(best.width), height=_half(best.height))
    # Coarser, too: the smaller of two tiny pictures would not always be the one of fewer bits.
    return replace(plan, video=(best, replace(smaller, maxrate=best.maxrate // 2, crf=best.crf + 10)))


def _half(length: int) -> int:
    return max(16, length // 4 * 2)
