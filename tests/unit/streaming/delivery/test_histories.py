"""Random histories of a licence, its viewers and the server's clock, lived through by the real service and
doors, and by a model written down here as one would on paper: lists and instants, nothing clever."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from streaming.delivery.values import Device, Started
from streaming.errors import Fault
from streaming.licences.guests import Visitor
from streaming.licences.policy import RefusalCode, Tier
from streaming.licences.values import Actor, Changes
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, START, TITLE, House
from tests.unit.streaming.licences.test_channels import Club

LEASE, GRACE, BURST, PERIOD, RATE = 300, 60, 12, 60, 4
FILM = timedelta(minutes=40)
TIERS = ["sd", "hd", "uhd"]
RENDITIONS = {"v240": "sd", "a0": "sd", "v720": "hd"}
ACTOR = Actor(ANA, "Ana")


@dataclass
class Seat:
    """One playback, on paper. `periods` are the numbers of those that were paid for."""

    until: datetime
    level: float
    level_at: datetime
    periods: set[int]
    given_back: bool = False
    passed_on: bool = False


@dataclass
class Paper:
    """A licence and whoever watches by it, on paper."""

    terms: dict[str, Any]
    issued: datetime
    first: datetime | None = None
    revoked: bool = False
    seats: list[Seat] = field(default_factory=list)

    def sitting(self, now: datetime, but: Seat | None = None) -> list[Seat]:
        """Who holds a slot: not given back, and the lease with its grace is not over."""
        held = [one for one in self.seats if not one.given_back and not self.gone(one, now)]
        return [one for one in held if one is not but]

    def gone(self, seat: Seat, now: datetime) -> bool:
        """Whether a seat's lease and its grace are over."""
        return now >= seat.until + timedelta(seconds=GRACE)

    def why_not(self, now: datetime, others: int, tier: str = "sd") -> str:
        """Give the refusal, or nothing."""
        say: Callable[[str], Any] = self.terms.get
        first = None if self.first is None else min(self.first, now)
        if self.revoked:
            return "licence_revoked"
        begin = say("valid_from") or self.issued
        over = []
        closing = say("valid_until")
        if closing and say("may_finish") and first and first < closing:
            closing = None if say("playback") else max(closing, first + FILM + timedelta(minutes=30))
        if closing and now >= closing:
            over.append((closing, "licence_ended"))
        if say("rental") and first is None and now >= begin + say("rental"):
            over.append((begin + say("rental"), "rental_ended"))
        if say("playback") and first and now >= first + say("playback"):
            over.append((first + say("playback"), "playback_ended"))
        if over:
            return min(over)[1]
        if now < begin and begin > self.issued:
            return "licence_not_begun"
        if TIERS.index(tier) > TIERS.index(say("tier").value):
            return "tier_not_covered"
        return "too_many_streams" if others >= say("max_streams") else ""

    def level(self, seat: Seat, now: datetime) -> float:
        """Periods a seat may be given now."""
        since = max(0.0, (now - seat.level_at).total_seconds())
        return min(BURST, seat.level + since * RATE / PERIOD)

    def start(self, now: datetime, *, take_over: bool = False) -> str:
        longest = now + timedelta(seconds=LEASE)
        for one in self.seats:
            if not one.given_back:
                one.until = min(one.until, longest)
        no = self.why_not(now, len(self.sitting(now)))
        if no == "too_many_streams" and take_over:
            for one in sorted(self.sitting(now), key=lambda seat: seat.until):
                if len(self.sitting(now)) >= self.terms["max_streams"]:
                    one.given_back = True
            no = self.why_not(now, len(self.sitting(now)))
        if no:
            return no
        heirs = [one for one in self.seats if not one.passed_on and one not in self.sitting(now)]
        fresh = Seat(longest, float(BURST), now, set())
        if heirs:
            heir = heirs[-1]
            heir.passed_on = heir.given_back = True
            fresh = Seat(longest, self.level(heir, now), now, set(heir.periods))
        self.seats.append(fresh)
        return ""

    def key(self, seat: Seat, now: datetime, tier: str, period: int) -> str:
        if seat.given_back:
            return "lease_ended"
        no = self.why_not(now, 0, tier)
        if no:
            return no
        lapsed = self.gone(seat, now)
        if lapsed:
            full = len(self.sitting(now, seat)) >= self.terms["max_streams"]
            return "too_many_streams" if full else "lease_stale"
        if period in seat.periods:
            return ""
        level = self.level(seat, now)
        if level < 1 - 1e-5:
            return "budget_spent"
        seat.level, seat.level_at = level - 1, now
        seat.periods.add(period)
        self.first = now if self.first is None else min(self.first, now)
        return ""

    def renew(self, seat: Seat, now: datetime) -> str:
        if seat.given_back:
            return "lease_ended"
        others = len(self.sitting(now, seat)) if self.gone(seat, now) else 0
        no = self.why_not(now, others)
        if not no:
            seat.until = now + timedelta(seconds=LEASE)
        return no


class Life:
    """The real house and the paper, side by side."""

    template: ClassVar[Path]

    def __init__(self, **terms: Any) -> None:
        self.folder = TemporaryDirectory()
        self.house = House(Path(shutil.copytree(self.template, Path(self.folder.name) / "house")))
        asked = {"tier": Tier.HD, "max_streams": 1, **terms}
        self.licence = self.house.licence(**asked)
        self.paper = Paper(asked, START)
        self.started: list[Started] = []
        self.met: set[str] = set()

    def close(self) -> None:
        self.house.close()
        self.folder.cleanup()

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    def agree(self, really: str, on_paper: str) -> None:
        assert really == on_paper
        self.met.add(really or "yes")
        held = self.house.playbacks.watching_licence(self.licence)
        assert len(held) == len(self.paper.sitting(self.now)) <= self.paper.terms["max_streams"]

    def start(self, *, take_over: bool = False) -> None:
        try:
            self.started.append(self.house.start(BEN, take_over=take_over))
            really = ""
        except Fault as fault:
            really = fault.name
        self.agree(really, self.paper.start(self.now, take_over=take_over))

    def key(self, which: int, rendition: str, period: int) -> None:
        if self.started:
            at = which % len(self.started)
            answer = self.house.key(self.started[at], period, rendition)
            said = self.paper.key(self.paper.seats[at], self.now, RENDITIONS[rendition], period)
            self.agree("" if answer.status == 200 else answer.code, said)

    def renew(self, which: int) -> None:
        if self.started:
            at = which % len(self.started)
            answer = self.house.renew(self.started[at])
            self.agree(
                "" if answer.status == 200 else answer.code, self.paper.renew(self.paper.seats[at], self.now)
            )

    def give_back(self, which: int) -> None:
        if self.started:
            at = which % len(self.started)
            assert self.house.release(self.started[at]).status == 204
            self.paper.seats[at].given_back = True

    def amend(self, **terms: Any) -> None:
        if not self.paper.revoked:
            self.house.licences.amend(ACTOR, self.licence, Changes(frozenset(terms), **terms))
            self.paper.terms.update(terms)

    def revoke(self) -> None:
        self.house.licences.revoke(ACTOR, self.licence)
        self.paper.revoked = True


@pytest.fixture(scope="module", autouse=True)
def template(templates: Path) -> None:
    Life.template = templates / "with-film"


minutes = st.integers(1, 90).map(lambda count: timedelta(minutes=count))
which = st.integers(0, 5)


class Histories(RuleBasedStateMachine):
    """What people and clocks do, in any order."""

    life: Life | None = None

    @initialize(
        later=st.none() | minutes,
        until=st.none() | minutes,
        rental=st.none() | minutes,
        playback=st.none() | minutes,
        may_finish=st.booleans(),
        tier=st.sampled_from(Tier),
        screens=st.integers(1, 3),
    )
    def issue(
        self,
        later: timedelta | None,
        until: timedelta | None,
        rental: timedelta | None,
        playback: timedelta | None,
        may_finish: bool,
        tier: Tier,
        screens: int,
    ) -> None:
        begin = START + (later or timedelta())
        self.life = Life(
            valid_from=START + later if later else None,
            valid_until=begin + until if until else None,
            rental=rental,
            playback=playback,
            may_finish=may_finish,
            tier=tier,
            max_streams=screens,
        )

    def on(self, act: Callable[[Life], None]) -> None:
        assert self.life is not None
        act(self.life)

    @rule(seconds=st.sampled_from([1, 15, 59, 60, 61, 299, 300, 359, 360, 361, 1800]))
    def wait(self, seconds: int) -> None:
        self.on(lambda life: life.house.wait(seconds=seconds))

    @rule(seconds=st.sampled_from([-7200, -400, -1, 400, 7200]))
    def set_the_clock(self, seconds: int) -> None:
        self.on(lambda life: life.house.wait(seconds=seconds))

    @rule(take_over=st.booleans())
    def start(self, take_over: bool) -> None:
        self.on(lambda life: life.start(take_over=take_over))

    @rule(which=which, rendition=st.sampled_from(sorted(RENDITIONS)), period=st.integers(0, 39))
    def key(self, which: int, rendition: str, period: int) -> None:
        self.on(lambda life: life.key(which, rendition, period))

    @rule(which=which, first=st.integers(0, 20))
    def ask_for_all(self, which: int, first: int) -> None:
        def act(life: Life) -> None:
            for period in range(first, first + 14):
                life.key(which, "v240", period)

        self.on(act)

    @rule(which=which)
    def renew(self, which: int) -> None:
        self.on(lambda life: life.renew(which))

    @rule(which=which)
    def leave(self, which: int) -> None:
        self.on(lambda life: life.give_back(which))

    @rule(until=minutes, tier=st.sampled_from(Tier), may_finish=st.booleans())
    def amend(self, until: timedelta, tier: Tier, may_finish: bool) -> None:
        def act(life: Life) -> None:
            begin = life.paper.terms.get("valid_from") or START
            life.amend(valid_until=max(begin, life.now) + until, tier=tier, may_finish=may_finish)

        self.on(act)

    @rule(chance=st.integers(0, 4))
    def revoke(self, chance: int) -> None:
        if chance == 0:
            self.on(lambda life: life.revoke())

    def teardown(self) -> None:
        if self.life is not None:
            self.life.close()


@pytest.mark.usefixtures("template")
def test_the_house_does_what_stands_on_paper_over_any_history() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_refusal_there_is_is_given_by_the_real_doors() -> None:
    """The enum of refusals and what the doors were heard to say are one set."""
    dice, met = random.Random(7), set[str]()
    for terms in _lives():
        life = Life(**terms)
        try:
            _live(life, dice)
        finally:
            met |= life.met
            life.close()
    met |= _elsewhere()
    assert {code.value for code in RefusalCode} <= met
    assert met - {code.value for code in RefusalCode} == {"yes", "budget_spent", "lease_ended", "lease_stale"}


def _lives() -> list[dict[str, Any]]:
    def span(count: int) -> timedelta:
        return timedelta(minutes=count)

    return [
        {"valid_from": START + span(5), "valid_until": START + span(9)},
        {"rental": span(3)},
        {"playback": span(20), "tier": Tier.SD},
        {},
    ]


def _live(life: Life, dice: random.Random) -> None:
    """One evening: too early, in time, on a second screen, in a better quality, greedy, late, revoked."""
    last = -1
    life.start()
    life.house.wait(minutes=5)
    life.start()
    life.start()
    for rendition in RENDITIONS:
        life.key(last, rendition, dice.randrange(3))
    for period in range(3, 17):
        life.key(last, "v240", period)
    life.house.wait(minutes=7)
    life.key(last, "v240", 20)
    life.renew(last)
    life.start(take_over=True)
    life.renew(0)
    life.house.wait(minutes=20)
    life.key(last, "v240", 21)
    life.start()
    life.revoke()
    life.start()


def _elsewhere() -> set[str]:
    """What is refused to others than a holder: nobody, whoever held it, guests at the door, subscribers."""
    life = Life()
    house, met = life.house, set[str]()

    def refused(act: Callable[[], object]) -> None:
        with pytest.raises(Fault) as fault:
            act()
        met.add(fault.value.name)

    refused(lambda: house.playbacks.start(Device(EVE, f"se_{EVE}"), TITLE, []))
    refused(lambda: house.playbacks.start(Device(EVE, f"se_{EVE}"), TITLE, [life.licence]))
    once, soon = house.link(max_plays=1), house.link(redeem_until=START + timedelta(minutes=1))
    house.links.redeem(once, Visitor())
    refused(lambda: house.links.redeem(once, Visitor()))
    house.wait(minutes=1)
    refused(lambda: house.links.redeem(soon, Visitor()))
    single = house.licence(to="Eve", max_devices=1)
    house.playbacks.start(Device(EVE, f"se_{EVE}", profile="a"), TITLE, [single])
    second = Device(EVE, f"se_{EVE}", profile="b")
    refused(lambda: house.playbacks.start(second, TITLE, [single], take_over=True))
    club = Club(house)
    held = club.subscribe()
    club.channels.take_out(ACTOR, club.id, TITLE)
    refused(lambda: house.playbacks.start(Device(BEN, f"se_{BEN}"), TITLE, [held]))
    life.close()
    return met
