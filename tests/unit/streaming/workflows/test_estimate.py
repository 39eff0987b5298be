"""What is left is told by what frames cost, whoever makes them, and never counts frames that are lost."""

from dataclasses import replace
from fractions import Fraction

import pytest

from streaming.catalogue.values import PartCount
from streaming.workflows.estimate import LEAST_SECONDS, Meter, Outlook, frame_costs, likely_cost
from tests.media.facts import picture
from transcoder.planning.ladder import make_ladder

LADDER = make_ladder(1280, 720, Fraction(25), 22)


def test_a_frame_costs_what_it_took_and_otherwise_what_its_size_makes_likely() -> None:
    counts = {
        "rest": PartCount(100, 100, seconds=4.0, timed_frames=100),
        "all": PartCount(0, 1000),
        "copy": PartCount(0, 50),
    }
    costs = frame_costs(counts, {"rest": 2.0, "all": 1.0, "copy": 0.01})
    assert costs == pytest.approx({"rest": 0.04, "all": 0.02, "copy": 0.0002})


def test_a_few_frames_say_nothing_of_the_cost() -> None:
    counts = {"starter": PartCount(20, 20, seconds=3.0, timed_frames=20), "all": PartCount(0, 1000)}
    assert frame_costs(counts, {"starter": 1.0, "all": 2.0}) == {"starter": 1.0, "all": 2.0}


def test_copied_rungs_are_nearly_free_and_other_codecs_dear() -> None:
    film = picture()
    whole = likely_cost(film, LADDER)
    copied = likely_cost(film, [replace(LADDER[0], copied=True)])
    assert copied < whole / 50
    assert likely_cost(film, [replace(rung, codec="av1") for rung in LADDER]) > 2 * whole


def test_a_steady_pace_is_told_to_the_second_and_the_check_comes_on_top() -> None:
    meter = Meter()
    outlook = Outlook({"all": 1.0})
    for second in range(11):
        standing = meter.note(float(second), {"all": PartCount(50 * second, 1000)}, outlook, 3.0)
    assert standing.eta_s == pytest.approx(10 + 3.0)
    assert standing.percent == pytest.approx(49.0)
    assert standing.frames == 500


def test_cheap_frames_do_not_promise_a_quick_end() -> None:
    """A thousand copied frames a second say nothing of the encoded ones that follow."""
    meter, outlook = Meter(), Outlook({"copy": 0.01, "all": 1.0})
    meter.note(0.0, {"copy": PartCount(0, 1000), "all": PartCount(0, 1000)}, outlook, 0.0)
    standing = meter.note(2.0, {"copy": PartCount(1000, 1000), "all": PartCount(10, 1000)}, outlook, 0.0)
    assert standing.eta_s == pytest.approx(990 / 10)
    assert standing.percent < 5


def test_nobody_knows_before_something_was_made_for_a_while() -> None:
    meter, outlook = Meter(), Outlook({"all": 1.0})
    assert meter.note(0.0, {"all": PartCount(0, 100)}, outlook, 1.0).eta_s is None
    assert meter.note(LEAST_SECONDS / 2, {"all": PartCount(10, 100)}, outlook, 1.0).eta_s is None
    assert meter.note(LEAST_SECONDS, {"all": PartCount(20, 100)}, outlook, 1.0).eta_s is not None


def test_what_a_dead_worker_had_counts_no_more() -> None:
    meter, outlook = Meter(), Outlook({"all": 1.0})
    meter.note(0.0, {"all": PartCount(0, 100)}, outlook, 0.0)
    meter.note(2.0, {"all": PartCount(60, 100)}, outlook, 0.0)
    after = meter.note(3.0, {"all": PartCount(20, 100)}, outlook, 0.0)
    assert after.eta_s is None
    assert meter.note(5.0, {"all": PartCount(40, 100)}, outlook, 0.0).eta_s == pytest.approx(6.0)


def test_what_waits_for_its_ladder_is_work_too() -> None:
    meter, outlook = Meter(), Outlook({"starter": 1.0, "all": 3.0}, {"starter": 50, "all": 950, "text": 0})
    meter.note(0.0, {"starter": PartCount(0, 50)}, outlook, 0.0)
    standing = meter.note(2.0, {"starter": PartCount(50, 50)}, outlook, 0.0)
    assert standing.percent == pytest.approx(98 * 50 / (50 + 3 * 950))
    assert standing.eta_s == pytest.approx(3 * 950 / 25)


def test_what_is_counted_stands_before_what_was_expected() -> None:
    outlook = Outlook(frames={"all": 950})
    assert outlook.complete({"all": PartCount(10, 900)}) == {"all": PartCount(10, 900)}
