"""From what a film is to its final plan: what is copied, and which rungs its content asks for."""

import threading
from dataclasses import replace
from pathlib import Path

from transcoder.content import choose_ladder
from transcoder.media import MediaInfo
from transcoder.packets import copy_if_possible
from transcoder.plan import Plan, Policy, make_plan
from transcoder.sandbox import DEFAULT_LIMITS, Limits


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
