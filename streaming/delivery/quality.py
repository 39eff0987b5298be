"""How well a playback went, by the reports of its player: start-up, stalls, bitrate, errors. Pure.

A report tells the state from now on; so the time up to the next one belongs to the state before. Clocks of
players are used for differences only, and no playback can have played longer than the house knows it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from streaming.delivery.cmcd import Report

MAX_GAP = 10 * 60_000
"""Milliseconds between two reports above which a player was asleep, and nothing is counted."""
MAX_STARTUP = 10 * 60_000
SLOW_STARTUP = 4_000
MAX_BITRATE = 1_000_000
MAX_COUNT = 1_000
PLAYING, REBUFFERING, SEEKING, FAILED = "p", "r", "k", "f"


@dataclass(frozen=True, slots=True)
class Quality:
    """Sums of one playback so far; times in milliseconds, `kilobits` of film played at a known bitrate."""

    at: int = 0
    """When the last report was made, by the player's clock; 0 before the first."""
    state: str = ""
    moved: bool = False
    """Whether it was sent elsewhere and has not played since: waiting then is no stall."""
    bitrate: int = 0
    startups: int = 0
    slow_startups: int = 0
    startup_ms: int = 0
    stalls: int = 0
    stalled_ms: int = 0
    played_ms: int = 0
    rated_ms: int = 0
    """The part of `played_ms` whose bitrate is known."""
    kilobits: int = 0
    errors: int = 0


SUMS = (
    "startups",
    "slow_startups",
    "startup_ms",
    "stalls",
    "stalled_ms",
    "played_ms",
    "rated_ms",
    "kilobits",
    "errors",
)


def judged(before: Quality, reports: Iterable[Report], lasted_ms: int) -> Quality:
    """Take reports in; the playback began `lasted_ms` ago by the house's clock."""
    for one in reports:
        before = _judged(before, one, lasted_ms)
    return before


def _judged(before: Quality, report: Report, lasted_ms: int) -> Quality:
    after = (
        _timed(before, report, lasted_ms)
        if report.event and report.at
        else _requested(before, report, lasted_ms)
    )
    if report.startup is not None and not after.startups and report.startup <= MAX_STARTUP:
        after = replace(
            after,
            startups=1,
            startup_ms=report.startup,
            slow_startups=int(report.startup > SLOW_STARTUP),
        )
    if report.bitrate and report.bitrate <= MAX_BITRATE:
        after = replace(after, bitrate=report.bitrate)
    if report.event == "e":
        after = replace(after, errors=min(MAX_COUNT, after.errors + 1))
    return after


def _timed(before: Quality, report: Report, lasted_ms: int) -> Quality:
    """An event with its time: what passed since the last one is counted, then its state holds."""
    at = report.at or 0
    gap = at - before.at if before.at else 0
    known = lasted_ms - before.played_ms - before.stalled_ms
    gap = max(0, min(gap, known)) if gap <= MAX_GAP else 0
    after = replace(before, at=max(at, before.at))
    if before.state == PLAYING:
        rated = gap if before.bitrate else 0
        after = replace(
            after,
            played_ms=after.played_ms + gap,
            rated_ms=after.rated_ms + rated,
            kilobits=after.kilobits + before.bitrate * rated // 1000,
        )
    elif before.state == REBUFFERING and _counts(before):
        after = replace(after, stalled_ms=after.stalled_ms + gap)
    return _entered(after, report.state) if report.state and report.state != before.state else after


def _entered(before: Quality, state: str) -> Quality:
    stalls = before.stalls + int(state == REBUFFERING and before.state == PLAYING and not before.moved)
    moved = state == SEEKING or (before.moved and state != PLAYING)
    return replace(before, state=state, moved=moved, stalls=min(MAX_COUNT, stalls))


def _counts(before: Quality) -> bool:
    """Whether waiting now is a stall: the film had begun, and nobody has just jumped elsewhere."""
    return before.played_ms > 0 and not before.moved


def _requested(before: Quality, report: Report, lasted_ms: int) -> Quality:
    """A report that came with a request says only what happened since the request before."""
    if not (report.starved or report.starved_ms):
        return before
    known = max(0, lasted_ms - before.played_ms - before.stalled_ms)
    return replace(
        before,
        stalls=min(MAX_COUNT, before.stalls + 1),
        stalled_ms=before.stalled_ms + min(report.starved_ms or 0, MAX_GAP, known),
    )
