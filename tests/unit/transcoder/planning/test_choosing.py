"""The chosen ladder is one that a person would choose: few rungs, each worth its bits."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.media.facts import picture
from transcoder.planning.choosing import COARSEST, NEAREST, VISIBLE, Pick, choose
from transcoder.planning.ladder import CARE_STEPS
from transcoder.planning.plan import Plan, make_plan
from transcoder.planning.reasons import explained, rate_words
from transcoder.planning.sampling import Curve, Point
from transcoder.source.media import MediaInfo

SIZES = [(3840, 2160), (1920, 1080), (1280, 720), (854, 480), (640, 360), (1080, 1920), (1920, 800)]


def plan_of(size: tuple[int, int] = (1920, 1080), rate: Fraction = Fraction(24)) -> Plan:
    track = picture(width=size[0], height=size[1], frames=2400, frame_rate=rate)
    return make_plan(MediaInfo("matroska,webm", 1, track))


def curves_of(plan: Plan, bits: float, quality: float, blur: float, steps: float = 0.13) -> list[Curve]:
    """Curves as films have them: bits go with the pixels, quality is capped by what scaling takes away.

    `bits` a pixel and second at the finest CRF, `quality` in dB there, `blur` in dB lost by each halving.
    """
    curves, top = [], plan.video[0]
    for rung in plan.video:
        share = rung.width * rung.height / (top.width * top.height)
        points = []
        for place in (0, 8):
            rate = max(1000.0, bits * (rung.width * rung.height) * share**-0.25 * math.exp(-steps * place))
            error = 10 ** (-(quality - 0.7 * place) / 20) + (1 / share - 1) * blur
            crf = plan.policy.crf + CARE_STEPS + place
            points.append(Point(crf, rate, rate * 1.5, min(50.0, -20 * math.log10(error))))
        curves.append(Curve(rung.name, *points))
    return curves


@given(
    st.sampled_from(SIZES),
    st.floats(0.01, 20),
    st.floats(25, 55),
    st.floats(0, 0.05),
    st.floats(0.02, 0.25),
    st.sampled_from([Fraction(24), Fraction(60)]),
)
def test_every_rung_is_worth_having(
    size: tuple[int, int], bits: float, quality: float, blur: float, steps: float, rate: Fraction
) -> None:
    plan = plan_of(size, rate)
    picks = choose(plan, curves_of(plan, bits, quality, blur, steps))
    rungs = [pick.rung for pick in picks]
    usual = {rung.name: rung for rung in plan.video}
    assert rungs[-1] == plan.video[-1]
    assert [rung.name for rung in rungs] == [r.name for r in plan.video if r.name in {x.name for x in rungs}]
    for rung in rungs:
        assert (rung.width, rung.height) == (usual[rung.name].width, usual[rung.name].height)
        assert plan.policy.crf <= rung.crf
    for one, other in pairwise(rungs):
        assert one.maxrate > other.maxrate
    for one in rungs[:-1]:
        assert one.crf <= plan.policy.crf + COARSEST
    for above, below in pairwise(picks[:-1]):
        assert above.point.quality - below.point.quality >= VISIBLE
        assert above.point.rate >= below.point.rate * (NEAREST - 0.01)


@given(st.floats(0.01, 20), st.floats(30, 50), st.floats(0, 0.05))
def test_equal_measures_give_an_equal_plan_with_a_reason_for_every_rung(
    bits: float, quality: float, blur: float
) -> None:
    plan = plan_of()
    curves = curves_of(plan, bits, quality, blur)
    made = explained(plan, choose(plan, curves), 8)
    assert made == explained(plan, choose(plan, curves), 8)
    assert Plan.from_json(made.to_json()) == made
    assert all(rung.reason.endswith(".") for rung in made.video)
    left_out = [rung for rung in plan.video if rung.name not in {kept.name for kept in made.video}]
    assert all(any(f"{rung.height}p" in reason for reason in made.reasons[1:]) for rung in left_out)


def chosen(picks: tuple[Pick, ...]) -> list[str]:
    return [pick.rung.name for pick in picks]


def test_a_flat_picture_gets_one_rung() -> None:
    plan = plan_of()
    assert chosen(choose(plan, curves_of(plan, 0.001, 50, 0))) == ["v240"]


def test_a_soft_picture_has_no_rung_larger_than_its_detail() -> None:
    plan = plan_of()
    soft = [replace(curve) for curve in curves_of(plan, 0.4, 42, 0.002)]
    full, hd = soft[0], soft[1]
    # The film was made larger than it is: 720 lines hold all there is.
    soft[1] = Curve(
        "v720", replace(hd.fine, quality=full.fine.quality), replace(hd.coarse, quality=full.coarse.quality)
    )
    picks = choose(plan, soft)
    assert picks[0].rung.name == "v720"
    assert "1080p is left out: there is no more to see than in 720p." in explained(plan, picks, 8).reasons


def test_a_hard_picture_gets_higher_ceilings_than_an_easy_one_but_not_without_end() -> None:
    plan = plan_of()
    easy, hard, endless = (choose(plan, curves_of(plan, bits, 40, 0.004)) for bits in (0.1, 2.0, 8.0))
    usual = plan.video[0].maxrate
    assert easy[0].rung.maxrate < usual < hard[0].rung.maxrate
    assert endless[0].rung.maxrate == 2 * usual
    assert endless[0].rung.crf > hard[0].rung.crf


def test_a_picture_better_than_eyes_are_is_spared_bits() -> None:
    plan = plan_of()
    fine, plain = (choose(plan, curves_of(plan, 0.5, quality, 0.01))[0].rung.crf for quality in (49, 40))
    assert plain == plan.policy.crf + CARE_STEPS
    assert fine == plain + 4


def test_a_copied_rung_stays_as_it_is_and_the_others_are_chosen_below_it() -> None:
    plan = plan_of()
    curves = curves_of(plan, 0.5, 40, 0.004)[1:]
    copied = replace(plan.video[0], copied=True, crf=0, maxrate=4_000_000)
    plan = replace(plan, video=(copied, *plan.video[1:]), info=replace(plan.info, size=100 * 3_000_000 // 8))
    picks = choose(plan, curves)
    assert picks[0].rung == copied
    assert len(picks) > 2
    assert picks[1].point.rate <= 3_000_000 / NEAREST


def test_rates_are_said_as_people_say_them() -> None:
    assert rate_words(4_100_000) == "4.1 Mbit/s"
    assert rate_words(850_400) == "850 kbit/s"
    assert rate_words(999_900) == "1.0 Mbit/s"
