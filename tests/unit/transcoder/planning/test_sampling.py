"""Samples lie inside the film; curves go through what was measured."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.facts import picture
from transcoder.planning.ladder import CARE_SAVES, CARE_STEPS
from transcoder.planning.plan import Plan, make_plan
from transcoder.planning.sampling import CLEAR, Taken, mean_quality, samples_of, sum_up, trials_of
from transcoder.source.media import MediaInfo
from transcoder.studying.complexity import read_packets, read_quality


def plan_of(frames: int, rate: Fraction = Fraction(24)) -> Plan:
    return make_plan(MediaInfo("matroska,webm", 1, picture(frames=frames, frame_rate=rate)))


@given(st.integers(1, 24 * 3600 * 5), st.sampled_from([Fraction(24), Fraction(60), Fraction(30000, 1001)]))
def test_samples_lie_in_the_film_and_stay_short(frames: int, rate: Fraction) -> None:
    plan = plan_of(frames, rate)
    samples = samples_of(plan)
    assert all(one.start >= 0 and one.start * rate + one.frames <= frames for one in samples)
    assert all(one.start < other.start for one, other in pairwise(samples))
    assert sum(one.frames for one in samples) <= max(10 * float(rate), 24.0)
    assert sum(one.frames for one in samples) <= max(frames / 20, 24, float(rate) * 1.2)
    assert samples == samples_of(plan)


def test_a_film_of_ten_minutes_is_sampled_for_less_than_a_fiftieth() -> None:
    samples = samples_of(plan_of(24 * 600))
    assert len(samples) == 8
    assert sum(one.frames for one in samples) * 50 < 24 * 600


def test_every_size_is_tried_fine_and_coarse() -> None:
    plan = plan_of(240)
    crf = plan.policy.crf + CARE_STEPS
    assert [(one.name, one.crf) for one in trials_of(plan, plan.video[:1])] == [
        (plan.video[0].name, crf),
        (plan.video[0].name, crf + 8),
    ]


def test_a_curve_goes_through_its_points_and_on() -> None:
    plan = plan_of(240)
    trials = trials_of(plan, plan.video[:1])
    taken = [(Taken(((8000, *[1000] * 11),), (40.0,)), Taken(((4000, *[500] * 11),), (32.0,)))]
    (curve,) = sum_up(trials, taken, Fraction(24), 4)
    # One key frame and 95 others in four seconds; a careful encoder needs less for them.
    fine = trials[0].crf
    assert curve.at(fine).rate == pytest.approx((1 - CARE_SAVES) * 8 * (8000 + 95 * 1000) / 4)
    assert curve.at(fine + 4).quality == pytest.approx(36)
    assert curve.at(fine + 8).rate == pytest.approx(curve.at(fine).rate / 2)
    assert curve.crf_of_rate(curve.at(30).rate) == pytest.approx(30)
    assert curve.crf_of_quality(34) == pytest.approx(fine + 6)


def test_a_picture_without_any_difference_is_clear_and_no_better() -> None:
    assert mean_quality([float("inf"), float("inf")]) == CLEAR
    assert mean_quality([40.0, 40.0]) == pytest.approx(40)
    assert mean_quality([float("inf"), 34.0]) == pytest.approx(40.02, abs=0.01)


def test_what_ffmpeg_writes_is_read() -> None:
    key = b"0,  -2,  0,  1,  19220, 0xbf, S=1, Quality stats, 8, 0x03\n"
    crc = b"#tb 0: 1/24\n" + key + b"0, -1, 4, 1, 1802, 0xb0, F=0x0, S=1, 8, 0x03\n" + key
    assert read_packets(crc) == ((19220, 1802), (19220,))
    said = b"frame:0  pts:0  pts_time:0\nlavfi.xpsnr.xpsnr.y=38.5\nframe:1\nlavfi.xpsnr.xpsnr.y=inf\n"
    assert read_quality(said) == (38.5, float("inf"))
