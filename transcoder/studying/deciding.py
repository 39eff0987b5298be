"""From what a film is to its final plan: what is copied, and which rungs its content asks for."""

import threading
from dataclasses import replace
from pathlib import Path

from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.programs.sandbox import DEFAULT_LIMITS, Limits
from transcoder.source.media import MediaInfo
from transcoder.studying.content import choose_ladder
from transcoder.studying.packets import copy_if_possible


def decide(
    source: Path,
    info: MediaInfo,
    policy: Policy,
    *,
    cancel: threading.Event | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Plan:
    """Plan a film whose file is all there; the same film and policy give the same plan. Raises Cancelled.

    Whether the picture is copied comes first: a copied rung is not measured, those below it are.
    """
    plan = make_plan(info, policy)
    looked = copy_if_possible(source, plan, cancel=cancel, limits=limits)
    remarks = () if looked.copied else looked.reasons[len(plan.reasons) :]
    chosen = choose_ladder(source, looked if looked.copied else plan, cancel=cancel, limits=limits)
    return replace(chosen, reasons=(*chosen.reasons, *remarks))
