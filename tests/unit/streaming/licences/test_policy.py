import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.ids import LicenceId, TitleId
from streaming.licences.policy import (
    Grant,
    Holder,
    Licence,
    Refusal,
    RefusalCode,
    Terms,
    Tier,
    decide,
    decide_owner,
    ends_at,
    state,
)

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def licence(**changes: Any) -> Licence:
    terms = Terms(START, START + 10 * HOUR, tier=Tier.HD, max_streams=2)
    known = {"first_played_at", "revoked_at", "revoke_reason"}
    terms = replace(terms, **{k: v for k, v in changes.items() if k not in known})
    one = Licence(LicenceId("li_1"), TitleId("ti_1"), Holder("account", "Ben"), terms, "Ana", START)
    return replace(one, **{k: v for k, v in changes.items() if k in known})


def refused(verdict: Grant | Refusal) -> Refusal:
    assert isinstance(verdict, Refusal)
    return verdict


def test_a_running_licence_opens_and_says_when_it_ends() -> None:
    verdict = decide(licence(), START + HOUR, tier=Tier.HD, active_streams=1)
    assert verdict == Grant(LicenceId("li_1"), Tier.HD, 2, START + 10 * HOUR)


def test_nobody_has_no_licence() -> None:
    assert refused(decide(None, START)).code is RefusalCode.NO_LICENCE


def test_an_ended_licence_says_so_and_whom_to_ask() -> None:
    no = refused(decide(licence(), START + 10 * HOUR + timedelta(minutes=5)))
    assert (no.code, no.sentence, no.hint) == (
        RefusalCode.ENDED,
        "This licence ended 5 minutes ago.",
        "Ask Ana for more time.",
    )
    assert no.at == START + 10 * HOUR


def test_a_licence_ends_at_its_instant_not_after_it() -> None:
    assert isinstance(decide(licence(), START + 10 * HOUR - timedelta(microseconds=1)), Grant)
    assert isinstance(decide(licence(), START + 10 * HOUR), Refusal)


def test_a_licence_that_has_not_begun_says_when_it_will() -> None:
    no = refused(decide(licence(), START - 2 * HOUR))
    assert (no.code, no.sentence, no.at) == (
        RefusalCode.NOT_BEGUN,
        "This licence begins in 2 hours.",
        START,
    )


def test_a_rental_must_be_started_in_time() -> None:
    rental = licence(rental=2 * HOUR)
    assert isinstance(decide(rental, START + HOUR), Grant)
    assert refused(decide(rental, START + 2 * HOUR)).code is RefusalCode.RENTAL_ENDED


def test_once_started_a_rental_runs_on_by_its_finish_within_clock() -> None:
    started = licence(rental=2 * HOUR, playback=3 * HOUR, first_played_at=START + HOUR)
    assert isinstance(decide(started, START + 3 * HOUR), Grant)
    assert refused(decide(started, START + 4 * HOUR)).code is RefusalCode.PLAYBACK_ENDED


def test_an_unstarted_finish_within_clock_counts_from_now() -> None:
    verdict = decide(licence(playback=HOUR), START + 2 * HOUR)
    assert isinstance(verdict, Grant)
    assert verdict.ends_at == START + 3 * HOUR


def test_a_finish_within_clock_never_outlives_the_window() -> None:
    verdict = decide(licence(playback=48 * HOUR), START)
    assert isinstance(verdict, Grant)
    assert verdict.ends_at == START + 10 * HOUR


def test_a_revoked_licence_gives_the_reason() -> None:
    no = refused(decide(licence(revoked_at=START + HOUR, revoke_reason="Paid back."), START + HOUR))
    assert no.code is RefusalCode.REVOKED
    assert no.sentence == "This licence was taken back just now. Reason given: Paid back."


@pytest.mark.parametrize("wanted", list(Tier))
@pytest.mark.parametrize("held", list(Tier))
def test_a_tier_opens_itself_and_what_is_below(held: Tier, wanted: Tier) -> None:
    order = ["sd", "hd", "uhd"]
    verdict = decide(licence(tier=held), START, tier=wanted)
    assert isinstance(verdict, Grant) == (order.index(wanted) <= order.index(held))
    if isinstance(verdict, Refusal):
        assert verdict.code is RefusalCode.TIER


def test_every_screen_taken_is_refused() -> None:
    no = refused(decide(licence(max_streams=1), START, active_streams=1))
    assert (no.code, no.sentence) == (
        RefusalCode.STREAMS,
        "This licence is for one screen at a time, and it is in use.",
    )


def test_owners_watch_on_a_handful_of_screens() -> None:
    assert isinstance(decide_owner(4), Grant)
    assert refused(decide_owner(5)).code is RefusalCode.STREAMS


minutes = st.integers(0, 600).map(lambda count: timedelta(minutes=count))
spans = st.none() | st.integers(1, 400).map(lambda count: timedelta(minutes=count))


@st.composite
def licences(draw: st.DrawFn) -> Licence:
    start = START + draw(minutes)
    until = draw(st.none() | minutes.map(lambda more: start + more + timedelta(minutes=1)))
    return licence(
        valid_from=start,
        valid_until=until,
        rental=draw(spans),
        playback=draw(spans),
        tier=draw(st.sampled_from(Tier)),
        max_streams=draw(st.integers(1, 4)),
    )


@dataclass
class Model:
    """The same rules as a film lover would write them on paper: minute by minute, nothing clever."""

    one: Licence
    first: datetime | None = None
    revoked: bool = False

    def says(self, now: datetime, tier: Tier, active: int) -> str:
        terms = self.one.terms
        if self.revoked:
            return "licence_revoked"
        ends = {}
        if terms.valid_until:
            ends["licence_ended"] = terms.valid_until
        if terms.rental and not self.first:
            ends["rental_ended"] = terms.valid_from + terms.rental
        if terms.playback and self.first:
            ends["playback_ended"] = self.first + terms.playback
        over = {code: at for code, at in ends.items() if now >= at}
        if over:
            return min(over, key=lambda code: (over[code], code))
        if now < terms.valid_from:
            return "licence_not_begun"
        if ["sd", "hd", "uhd"].index(tier) > ["sd", "hd", "uhd"].index(terms.tier):
            return "tier_not_covered"
        return "too_many_streams" if active >= terms.max_streams else "yes"


steps = st.lists(
    st.tuples(
        st.sampled_from(["wait", "play", "revoke", "step back"]),
        st.integers(0, 200),
        st.sampled_from(Tier),
        st.integers(0, 5),
    ),
    max_size=25,
)


History = list[tuple[str, int, Tier, int]]


def live_through(one: Licence, history: History) -> set[str]:
    """Ask policy and model at every step of a history; give the codes met."""
    model, now, met = Model(one), START, set[str]()
    for act, amount, tier, active in history:
        now += timedelta(minutes=-amount if act == "step back" else amount)
        if act == "revoke":
            model.revoked = True
            one = replace(one, revoked_at=one.revoked_at or now)
        verdict = decide(one, now, tier=tier, active_streams=active)
        told = "yes" if isinstance(verdict, Grant) else verdict.code.value
        assert told == model.says(now, tier, active)
        met.add(told)
        if isinstance(verdict, Refusal):
            assert verdict.sentence.endswith(".")
            assert verdict.hint.endswith(".")
        elif act == "play":
            model.first = model.first or now
            one = replace(one, first_played_at=model.first)
            assert verdict.ends_at == ends_at(one)
    return met


@settings(deadline=None)
@given(licences(), steps)
def test_policy_and_model_agree_over_random_histories(one: Licence, history: History) -> None:
    live_through(one, history)


def test_ordinary_histories_reach_every_refusal_of_a_licence() -> None:
    dice, met = random.Random(4), set[str]()
    for _ in range(300):
        one = licence(
            valid_from=START + timedelta(minutes=dice.randrange(60)),
            valid_until=START + timedelta(minutes=dice.randrange(61, 900)),
            rental=dice.choice([None, 2 * HOUR]),
            playback=dice.choice([None, HOUR]),
            tier=dice.choice(list(Tier)),
        )
        acts = ["wait", "play", "play", "play", "revoke"]
        history = [
            (
                dice.choice(acts[: 4 + (step > 15)]),
                dice.randrange(40),
                dice.choice(list(Tier)),
                dice.randrange(4),
            )
            for step in range(20)
        ]
        met |= live_through(one, history)
    assert met == ({code.value for code in RefusalCode} | {"yes"}) - {"no_licence"}


@settings(deadline=None)
@given(licences(), minutes)
def test_a_grant_holds_until_the_instant_it_names(one: Licence, later: timedelta) -> None:
    verdict = decide(one, START + later)
    if isinstance(verdict, Grant) and verdict.ends_at is not None:
        begun = replace(one, first_played_at=START + later)
        assert isinstance(decide(begun, verdict.ends_at - timedelta(microseconds=1)), Grant)
        assert isinstance(decide(begun, verdict.ends_at), Refusal)


@settings(deadline=None)
@given(licences(), minutes)
def test_the_state_in_a_word_agrees_with_the_verdict(one: Licence, later: timedelta) -> None:
    told = state(one, START + later)
    verdict = decide(one, START + later)
    assert (told == "running") == isinstance(verdict, Grant)
