"""Decide a film's ladder by its content: measure, choose, say why; or the usual ladder where that fails."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transcoder.errors import EncodeFailed
from transcoder.planning.choosing import choose
from transcoder.planning.codec_rungs import add_codecs
from transcoder.planning.ladder import VideoRendition
from transcoder.planning.plan import Plan
from transcoder.planning.reasons import explained, unmeasured
from transcoder.planning.sampling import samples_of
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits
from transcoder.studying.complexity import measure


def choose_ladder(
    source: Path, plan: Plan, *, cancel: threading.Event | None = None, limits: Limits = DEFAULT_LIMITS
) -> Plan:
    """Give `plan`, as `make_plan` made it, its final ladder; a plan that is decided stays as it is.

    The lowest rung is never changed: its first chunk may be in the making. The same film always gives the
    same plan. Raises Cancelled.
    """
    if plan.is_decided:
        return plan
    plain = replace(plan, video=tuple(rung for rung in plan.video if rung.codec == "h264"))
    decided = _decided(source, plain, cancel, limits)
    return replace(decided, video=_with_codecs(plan, decided.video))


def _with_codecs(plan: Plan, chosen: Sequence[VideoRendition]) -> tuple[VideoRendition, ...]:
    """Put rungs of other codecs beside the chosen ones; beside a copied rung they stay what they were."""
    copied = [rung.name for rung in chosen if rung.copied]
    codecs = plan.policy.codecs
    beside = {f"{name}{codec}" for name in copied for codec in codecs}
    settled = {rung.name: rung for rung in plan.video if rung.name in beside}
    return tuple(settled.get(rung.name, rung) for rung in add_codecs(chosen, codecs, plan.info.video))


def _decided(source: Path, plan: Plan, cancel: threading.Event | None, limits: Limits) -> Plan:
    try:
        curves = measure(source, plan, plan.video, cancel=cancel, limits=limits)
    except EncodeFailed:
        return unmeasured(plan)
    return explained(plan, choose(plan, curves), len(samples_of(plan)))
