"""Offers are taken once each, never more often than there are, and say plainly what cannot be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streaming.errors import Fault
from streaming.ids import AccountId
from streaming.licences.offer_values import Kind, Offer, OfferTerms, State
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, START, TITLE, House

OWNER, VIEWER, OTHER = Actor(ANA, "Ana"), Actor(BEN, "Ben"), Actor(EVE, "Eve")
OPEN = OfferTerms(Kind.FREE, state=State.OPEN)
RENTAL = replace(OPEN, kind=Kind.RENTAL, rental=timedelta(days=30), playback=timedelta(hours=48))
DAY = timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield house
    house.close()


def offered(house: House, terms: OfferTerms = OPEN, **changes: Any) -> Offer:
    return house.offers.make(OWNER, replace(terms, **changes), title=TITLE)


def refused(call: Any, *arguments: Any, **named: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        call(*arguments, **named)
    return caught.value


def test_a_viewer_takes_a_rental_and_watches(house: House) -> None:
    offer = offered(house, RENTAL)
    taken = house.offers.take(VIEWER, offer.id)
    assert taken.new
    terms = taken.licence.terms
    assert (terms.valid_from, terms.rental, terms.playback) == (START, 30 * DAY, 2 * DAY)
    assert (taken.licence.issued_by, taken.licence.holder.name) == ("Ana", "Ben")
    assert house.key(house.start()).status == 200
    told = [one.what for one in house.licences.history_of_title(OWNER, TITLE)]
    assert told == ["first_played", "taken", "offer_made"]


def test_taking_twice_while_one_runs_gives_the_same(house: House) -> None:
    offer = offered(house, RENTAL, most=2)
    first, again = (house.offers.take(VIEWER, offer.id) for _ in range(2))
    assert (first.new, again.new, again.licence.id) == (True, False, first.licence.id)
    house.wait(days=30)
    later = house.offers.take(VIEWER, offer.id)
    assert later.new
    assert later.licence.id != first.licence.id
    assert house.offers.own(OWNER, offer.id).taken == 2


def test_no_more_are_taken_than_there_are_however_many_come_at_once(house: House) -> None:
    offer = offered(house, most=3)
    people = [Actor(account, name) for account, name in add_people(house, 12)]

    def attempt(who: Actor) -> str:
        try:
            return "new" if house.offers.take(who, offer.id).new else "again"
        except Fault as fault:
            return fault.name

    with ThreadPoolExecutor(12) as pool:
        told = sorted(pool.map(attempt, people))
    assert told == ["new"] * 3 + ["sold_out"] * 9
    assert house.offers.own(OWNER, offer.id).left == 0


def test_one_viewer_at_many_screens_takes_one(house: House) -> None:
    offer = offered(house)
    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(lambda _: house.offers.take(VIEWER, offer.id), range(24)))
    assert len({one.licence.id for one in taken}) == 1
    assert sum(one.new for one in taken) == 1


def add_people(house: House, count: int) -> list[tuple[AccountId, str]]:
    from streaming.accounts.model import AccountRow
    from tests.unit.streaming.delivery.house import BLANK

    made = [(AccountId(f"ac_{n}"), f"P{n}") for n in range(count)]
    with house.database.write() as session:
        for account, name in made:
            blank = dict.fromkeys(BLANK, b"")
            session.add(
                AccountRow(
                    id=account, name=name, name_key=name.lower(), role="viewer",
                    created_at=START, password_changed_at=START, **blank,
                )
            )  # fmt: skip
    return made


def test_what_was_taken_back_cannot_be_taken_again(house: House) -> None:
    offer = offered(house)
    taken = house.offers.take(VIEWER, offer.id)
    house.licences.revoke(OWNER, taken.licence.id)
    assert refused(house.offers.take, VIEWER, offer.id).name == "offer_withdrawn"


def test_an_offer_opens_and_closes_by_the_clock(house: House) -> None:
    offer = offered(house, open_from=START + DAY, open_until=START + 2 * DAY)
    told = []
    for _ in range(3):
        try:
            told.append("taken" if house.offers.take(VIEWER, offer.id).new else "again")
        except Fault as fault:
            told.append(fault.name)
        told.append(str(len(house.offers.open_on(TITLE))))
        house.wait(days=1)
    assert told == ["offer_not_open", "0", "taken", "1", "again", "0"]
    assert refused(house.offers.take, OTHER, offer.id).name == "offer_closed"


def test_a_draft_is_not_there_and_a_closed_offer_says_so(house: House) -> None:
    offer = offered(house, state=State.DRAFT)
    assert refused(house.offers.take, VIEWER, offer.id).code == "not_found"
    assert house.offers.offered_ids() == frozenset()
    house.offers.change(OWNER, offer.id, frozenset({"state"}), replace(OPEN, state=State.CLOSED))
    assert refused(house.offers.take, VIEWER, offer.id).name == "offer_closed"
    house.offers.change(OWNER, offer.id, frozenset({"state"}), OPEN)
    assert house.offers.offered_ids() == {TITLE}


def test_a_changed_offer_leaves_what_was_taken(house: House) -> None:
    offer = offered(house, lasts=DAY)
    before = house.offers.take(VIEWER, offer.id).licence
    house.offers.change(OWNER, offer.id, frozenset({"lasts"}), replace(OPEN, lasts=7 * DAY))
    assert house.offers.take(OTHER, offer.id).licence.terms.valid_until == START + 7 * DAY
    assert house.licences.show(OWNER, before.id).terms.valid_until == START + DAY
    assert house.licences.history_of_title(OWNER, TITLE)[1].what == "offer_changed"


def test_a_subscription_is_to_a_channel_and_opens_its_films(house: House) -> None:
    channel = house.channels.make(OWNER, "Noir")
    terms = OfferTerms(Kind.SUBSCRIPTION, state=State.OPEN, lasts=30 * DAY)
    offer = house.offers.make(OWNER, terms, channel=channel.id)
    assert house.offers.open_on(TITLE) == []
    house.channels.put(OWNER, channel.id, TITLE)
    assert [one.id for one in house.offers.open_on(TITLE)] == [offer.id]
    assert house.offers.offered_ids() == {TITLE}
    taken = house.offers.take(VIEWER, offer.id)
    assert (taken.licence.title_id, taken.licence.channel and taken.licence.channel.name) == (None, "Noir")
    assert house.key(house.start()).status == 200


def test_the_owner_takes_nothing_of_their_own(house: House) -> None:
    assert refused(house.offers.take, OWNER, offered(house).id).name == "holder_is_owner"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": Kind.RENTAL}, "rental_s"),
        ({"kind": Kind.RENTAL, "rental": DAY}, "playback_s"),
        ({"kind": Kind.PURCHASE, "playback": DAY}, "playback_s"),
        ({"kind": Kind.PURCHASE, "lasts": DAY}, "lasts_s"),
        ({"kind": Kind.SUBSCRIPTION}, "kind"),
        ({"price_minor": 100, "currency": "EUR"}, "price"),
        ({"currency": "EUR"}, "price"),
        ({"kind": Kind.PURCHASE, "price_minor": 100}, "currency"),
        ({"kind": Kind.PURCHASE, "price_minor": -1, "currency": "EUR"}, "price"),
        ({"most": 0}, "most"),
        ({"max_streams": 0}, "max_streams"),
        ({"lasts": timedelta(0)}, "lasts_s"),
        ({"label": "x" * 101}, "label"),
        ({"open_from": START + DAY, "open_until": START + DAY}, "open_until"),
        ({"open_from": START.replace(tzinfo=None)}, "open_from"),
        ({"open_until": START + timedelta(days=365 * 200)}, "open_until"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_in_words(
    house: House, changes: dict[str, Any], field: str
) -> None:
    fault = refused(offered, house, **changes)
    assert fault.code == "invalid"
    assert fault.extra["errors"] == [{"field": field, "sentence": fault.sentence}]


def test_fewer_cannot_be_offered_than_were_taken(house: House) -> None:
    offer = offered(house, most=5)
    for who in (VIEWER, OTHER):
        house.offers.take(who, offer.id)
    fault = refused(house.offers.change, OWNER, offer.id, frozenset({"most"}), replace(OPEN, most=1))
    assert fault.name == "bad_number"


def test_strangers_make_change_and_list_no_offers(house: House) -> None:
    offer = offered(house)
    assert refused(house.offers.make, OTHER, OPEN, title=TITLE).code == "not_found"
    assert refused(house.offers.change, OTHER, offer.id, frozenset(), OPEN).code == "not_found"
    assert refused(house.offers.of_title, OTHER, TITLE).code == "not_found"
