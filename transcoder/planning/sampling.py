"""Where a film is sampled, what is tried there, and what it sums up to. Pure; `complexity` does the work."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from transcoder.planning.ladder import CARE_SAVES, CARE_STEPS, VideoRendition
from transcoder.planning.plan import Plan

FINE, COARSE = CARE_STEPS, CARE_STEPS + 8
"""Steps of CRF above the policy's at which every size is tried; between and near them is interpolated."""

COMPARED = 4
"""One picture of so many is compared: neighbours differ little, and comparing costs as much as encoding."""

CLEAR = 50.0
"""XPSNR in dB above which no eye sees a difference: more counts as this."""

_SHARE = Fraction(1, 60)
"""Of the film about this share is sampled, within the bounds of `samples_of`: two quick trials of it and
comparing them cost a few percent of encoding the film."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`frames` frames from the first key frame at or before `start` seconds after the first picture."""

    start: Fraction
    frames: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One size at one CRF, as every sample is encoded.

    `crf` is that of a careful encoder. The trial itself is made by a quick one, finer by the steps that make
    their pictures alike (`CARE_STEPS`); it needs more bits for them (`CARE_SAVES`).
    """

    name: str
    width: int
    height: int
    crf: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one trial gave of some samples: bytes of every packet of each in coding order, XPSNR of pictures.

    XPSNR (ITU-T H.Sup. "WPSNR", Helmrich et al.) in dB, of luma, at the size of the largest rung.
    """

    packets: tuple[tuple[int, ...], ...]
    quality: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A trial over the whole film: mean and greatest bits a second of the samples, mean XPSNR in dB."""

    crf: float
    rate: float
    peak: float
    quality: float


@dataclass(frozen=True, slots=True)
class Curve:
    """How bits and quality of one size follow CRF, from its finest and its coarsest point.

    The logarithm of bits and the dB of quality are close to straight lines over a dozen steps of CRF.
    """

    name: str
    fine: Point
    coarse: Point

    def at(self, crf: float) -> Point:
        """Give the point at any CRF."""
        way = (crf - self.fine.crf) / (self.coarse.crf - self.fine.crf)
        quality = self.fine.quality + way * (self.coarse.quality - self.fine.quality)
        return Point(
            crf,
            self.fine.rate * (self.coarse.rate / self.fine.rate) ** way,
            self.fine.peak * (self.coarse.peak / self.fine.peak) ** way,
            min(CLEAR, max(0.0, quality)),
        )

    def crf_of_rate(self, rate: float) -> float:
        """Find the CRF that gives `rate`; the finest where bits do not depend on it."""
        fall = math.log(self.coarse.rate / self.fine.rate)
        way = math.log(rate / self.fine.rate) / fall if fall < 0 else 0.0
        return self.fine.crf + way * (self.coarse.crf - self.fine.crf)

    def crf_of_quality(self, quality: float) -> float:
        """Find the CRF that gives `quality`; the finest where quality does not depend on it."""
        fall = self.coarse.quality - self.fine.quality
        way = (quality - self.fine.quality) / fall if fall < 0 else 0.0
        return self.fine.crf + way * (self.coarse.crf - self.fine.crf)


def samples_of(plan: Plan) -> tuple[Sample, ...]:
    """Choose 3 to 8 stretches of a third of a second to a second, spread over the film.

    The very ends are left out (titles, black), unless the film is all ends.
    """
    rate, length = plan.frame_rate, plan.duration
    spent = min(Fraction(8), max(Fraction(1), length * _SHARE))
    number = max(3, min(8, math.floor(spent)))
    frames = max(2, round(spent / number * rate / COMPARED)) * COMPARED
    if frames * number >= plan.frames:
        return (Sample(Fraction(0), min(plan.frames, 2 * frames)),)
    margin = length / 25
    step = (length - 2 * margin) / number
    first = margin + (step - frames / rate) / 2
    return tuple(Sample(first + step * place, frames) for place in range(number))


def trials_of(plan: Plan, rungs: Sequence[VideoRendition]) -> tuple[Trial, ...]:
    """List what is tried: every size, fine and coarse."""
    crf = plan.policy.crf
    return tuple(
        Trial(rung.name, rung.width, rung.height, crf + steps) for rung in rungs for steps in (FINE, COARSE)
    )


def sum_up(
    trials: Sequence[Trial], taken: Sequence[Sequence[Taken]], rate: Fraction, segment_seconds: int
) -> tuple[Curve, ...]:
    """Make the curves of all samples; `taken[i][j]` is what trial `j` gave of the samples in process `i`."""
    curves: dict[str, list[Point]] = {}
    for number, trial in enumerate(trials):
        found = [packets for one in taken for packets in one[number].packets]
        rates = [(1 - CARE_SAVES) * _rate(packets, rate, segment_seconds) for packets in found]
        quality = mean_quality([value for one in taken for value in one[number].quality])
        curves.setdefault(trial.name, []).append(
            Point(trial.crf, statistics.fmean(rates), max(rates), quality)
        )
    return tuple(Curve(name, points[0], points[-1]) for name, points in curves.items())


def _rate(packets: Sequence[int], rate: Fraction, segment_seconds: int) -> float:
    """Bits a second of a segment like the sample: it has one key frame, too, but more frames after it."""
    frames = max(2.0, float(segment_seconds * rate))
    others = statistics.fmean(packets[1:]) if len(packets) > 1 else 0.0
    return 8 * (packets[0] + others * (frames - 1)) / segment_seconds


def mean_quality(values: Sequence[float]) -> float:
    """Average dB as the XPSNR reference does: of the root of the errors. At most `CLEAR`."""
    error = statistics.fmean(10 ** (-value / 20) for value in values)
    return min(CLEAR, -20 * math.log10(error)) if error > 0 else CLEAR
