"""Why a ladder is as it is, in sentences for the film's creator. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from transcoder.planning.choosing import ENOUGH, Pick
from transcoder.planning.ladder import VideoRendition
from transcoder.planning.plan import BY_SIZE, Plan

_KINDS = (
    (0.08, "hardly moves or is very plain: it needs few bits"),
    (0.3, "is calm or plain: it needs fewer bits than most"),
    (0.9, "moves and has detail, as most films do"),
)
_HARDEST = "is grainy or moves a lot: it needs many bits"
"""Kinds of picture by the best rung's rate as a share of the usual ceiling of its size."""


def explained(plan: Plan, picks: Sequence[Pick], samples: int) -> Plan:
    """Give `plan` the chosen ladder, with a reason for every rung and for what is left out."""
    best = picks[0]
    return replace(
        plan,
        video=tuple(_with_reason(plan, picks, place) for place in range(len(picks))),
        reasons=(*plan.reasons, _kind(plan, best, samples), *_left_out(plan, [one.rung for one in picks])),
        is_decided=True,
    )


def unmeasured(plan: Plan) -> Plan:
    """Let `plan` keep its usual ladder, and say that it could not be measured."""
    reasons = (*plan.reasons, "The picture could not be measured.", BY_SIZE)
    return replace(plan, reasons=reasons, is_decided=True)


def rate_words(rate: float) -> str:
    """Say bits a second, e.g. "4.1 Mbit/s" or "850 kbit/s"."""
    return f"{rate / 1e6:.1f} Mbit/s" if rate >= 999_500 else f"{max(1, round(rate / 1000))} kbit/s"


def _size(rung: VideoRendition) -> str:
    return f"{rung.height}p"


def _kind(plan: Plan, best: Pick, samples: int) -> str:
    usual = {rung.name: rung.maxrate for rung in plan.video}[best.rung.name]
    share = best.point.rate / usual
    kind = next((words for bound, words in _KINDS if share < bound), _HARDEST)
    looks = f"{samples} short samples" if samples > 1 else "a sample"
    return f"Measured on {looks} of the film: the picture {kind}."


def _left_out(plan: Plan, kept: Sequence[VideoRendition]) -> tuple[str, ...]:
    names = [rung.name for rung in kept]
    larger = [rung for rung in plan.video if rung.width > kept[0].width]
    others = [rung for rung in plan.video if rung.name not in names and rung not in larger]
    said = []
    if larger:
        said.append(f"{_list(larger)} left out: there is no more to see than in {_size(kept[0])}.")
    if others:
        said.append(f"{_list(others)} left out: at the same rate another size looks as good or better.")
    return tuple(said)


def _list(rungs: Sequence[VideoRendition]) -> str:
    *most, last = [_size(rung) for rung in rungs]
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"


def _with_reason(plan: Plan, picks: Sequence[Pick], place: int) -> VideoRendition:
    pick = picks[place]
    if pick.rung.reason:
        return pick.rung
    usual = min(pick.point.rate, float(pick.rung.maxrate))
    rates = f"About {rate_words(usual)}, {rate_words(pick.rung.maxrate)} at most"
    if place:
        above = picks[place - 1]
        share = round(100 * pick.point.rate / above.point.rate)
        return replace(
            pick.rung,
            reason=f"{rates}: {share} % of the bits of {_size(above.rung)}, "
            "and no size looks better for as many.",
        )
    smaller = _size(plan.video[[rung.name for rung in plan.video].index(pick.rung.name) + 1])
    more = " More bits would show nothing more." if pick.point.quality >= ENOUGH - 1 else ""
    return replace(pick.rung, reason=f"{rates}: {smaller} would lose visible detail.{more}")
