"""From what was measured to the ladder: which rungs, how fine, how many bits at most, and why. Pure.

Rungs lie on the hull of all sizes' curves of quality over bits, as a screen of the film's size shows them
(De Cock et al., "Complexity-based consistent-quality encoding in the cloud", ICIP 2016). A rung is worth
having if no other size looks better at its rate, and if it looks different from its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor

from transcoder.planning.ladder import CARE_STEPS, VideoRendition, level_of
from transcoder.planning.plan import Plan
from transcoder.planning.sampling import CLEAR, FINE, Curve, Point

VISIBLE = 1.0
"""XPSNR in dB by which a rung must look better than what would be there without it."""

TIE = 0.1
"""XPSNR in dB by which a size may look worse than the best at the same rate: no eye tells them apart."""

ENOUGH = 46.0
"""XPSNR in dB of the samples above which the best rung need not go: bits that nobody would see."""

SPARED = 4
"""Steps of CRF that are saved at most where the picture is better than `ENOUGH`."""

NEAREST, FARTHEST = 1.6, 2.6
"""By what factor the rates of neighbours differ, at least and, as far as sizes allow, at most."""

COARSEST = CARE_STEPS + 10
"""Steps of CRF above the policy's beyond which blocks show at any size."""

HEADROOM = 2.25
"""Ceiling over the hardest sample: the film holds harder places than were sampled, and longer ones, in which
the encoder sees farther ahead and spends more."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A rung as it was chosen: where on its curve, and how much better than the next smaller size it is."""

    rung: VideoRendition
    point: Point


def choose(plan: Plan, curves: Sequence[Curve]) -> tuple[Pick, ...]:
    """Choose among the rungs of `plan`, best first.

    The lowest rung always stays as it is: it may be encoded before anything is measured.
    """
    choosing = _Choosing(plan, {curve.name: curve for curve in curves})
    picks = choosing.picks()
    return tuple(choosing.bounded(picks))


class _Choosing:
    def __init__(self, plan: Plan, curves: dict[str, Curve]) -> None:
        self._plan = plan
        self._curves = curves
        self._finest = plan.policy.crf + FINE
        self._coarsest = plan.policy.crf + COARSEST

    def picks(self) -> list[Pick]:
        """Walk down from the best rung that is worth having."""
        *upper, lowest = self._plan.video
        last = self._lowest(lowest)
        picks = [self._copied(rung) for rung in upper if rung.copied]
        for place, rung in enumerate(upper):
            if rung.copied:
                continue
            if not picks:
                pick, below = self._best(rung), self._plan.video[place + 1]
                if self._shows(pick, last if below is lowest else None, below):
                    picks.append(pick)
                continue
            lower = self._next(rung, picks[-1])
            if lower and self._differs(lower, picks[-1], last):
                picks.append(lower)
        return [*picks, last]

    def _copied(self, rung: VideoRendition) -> Pick:
        """What is in the source already: nothing looks better, and its bits are what they are."""
        rate = float(self._plan.info.size * 8 / self._plan.duration)
        return Pick(rung, Point(rung.crf, min(rate, float(rung.maxrate)), rung.maxrate, CLEAR))

    def _lowest(self, rung: VideoRendition) -> Pick:
        point = self._curves[rung.name].at(rung.crf)
        return Pick(rung, replace(point, rate=min(point.rate, float(rung.maxrate))))

    def _best(self, rung: VideoRendition) -> Pick:
        """As fine as the policy asks, but no finer than eyes see, and within what the ceiling allows."""
        curve = self._curves[rung.name]
        seen = min(curve.crf_of_quality(ENOUGH), self._finest + SPARED)
        affordable = min(curve.crf_of_rate(_most(rung)), self._coarsest)
        return self._pick(rung, max(self._finest, seen, affordable))

    def _shows(self, pick: Pick, below: Pick | None, smaller: VideoRendition) -> bool:
        """Tell whether the smaller size, given as many bits, would look visibly worse."""
        if below is None:
            curve = self._curves[smaller.name]
            below = Pick(smaller, curve.at(max(self._finest, curve.crf_of_rate(pick.point.rate))))
        return pick.point.quality - below.point.quality >= VISIBLE

    def _next(self, rung: VideoRendition, above: Pick) -> Pick | None:
        """The finest CRF at which this size is far enough from the rung above and the best for its bits."""
        curve = self._curves[rung.name]
        near = max(self._finest, curve.crf_of_rate(above.point.rate / NEAREST))
        far = curve.crf_of_rate(above.point.rate / FARTHEST)
        steps = [*range(floor(near), self._coarsest + 1)]
        best = next((crf for crf in steps if self._loss(curve.at(crf)) <= TIE), None)
        if best is None or near > self._coarsest:
            return None
        return self._pick(rung, max(near, min(best, far)))

    def _loss(self, point: Point) -> float:
        """How much better another size looks at the same rate."""
        others = [
            curve.at(max(self._finest, curve.crf_of_rate(point.rate))).quality
            for curve in self._curves.values()
        ]
        return max(others) - point.quality

    def _differs(self, pick: Pick, above: Pick, lowest: Pick) -> bool:
        step = above.point.quality - pick.point.quality
        left = pick.point.quality - lowest.point.quality
        return step >= VISIBLE and left >= VISIBLE and pick.point.rate >= lowest.point.rate * NEAREST

    def _pick(self, rung: VideoRendition, crf: float) -> Pick:
        whole = -int(-crf // 1)
        return Pick(replace(rung, crf=whole, careful=True), self._curves[rung.name].at(whole))

    def bounded(self, picks: Sequence[Pick]) -> list[Pick]:
        """Give each rung its ceiling: above its hardest sample, below what its level and the house allow."""
        bounded = [picks[-1]]
        for pick in reversed(picks[:-1]):
            if pick.rung.copied:
                bounded.insert(0, pick)
                continue
            least = max(pick.rung.maxrate / 4, bounded[0].rung.maxrate * 1.25)
            most = max(least, _most(pick.rung))
            ceiling = int(min(most, max(least, pick.point.peak * HEADROOM))) // 1000 * 1000
            bounded.insert(0, replace(pick, rung=self._capped(pick.rung, ceiling)))
        return bounded

    def _capped(self, rung: VideoRendition, ceiling: int) -> VideoRendition:
        level = level_of(rung.width, rung.height, self._plan.frame_rate, ceiling)
        return replace(rung, maxrate=ceiling, bufsize=2 * ceiling, level=level)


def _most(rung: VideoRendition) -> float:
    """Bits a second that the house spends on a size at most: twice the usual."""
    return 2.0 * rung.maxrate
