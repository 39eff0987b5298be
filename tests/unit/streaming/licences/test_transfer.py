"""A licence that changes hands stops the old holder at the next key, and its clocks go along."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from streaming.delivery.model import PlaybackRow
from streaming.delivery.values import Device
from streaming.errors import Fault
from streaming.licences.values import Actor, Request
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, START, TITLE, House

OWNER = Actor(ANA, "Ana")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield house
    house.close()


def test_the_old_holder_stops_at_the_next_key_and_the_new_one_has_the_screen(house: House) -> None:
    licence = house.licence(max_streams=1)
    old = house.start()
    assert house.key(old, 0).status == 200
    house.transfers.transfer(OWNER, licence, "Eve", "Ben gave it to her.")
    assert (house.key(old, 1).status, house.key(old, 1).code) == (410, "lease_ended")
    assert house.key(house.start(EVE), 1, account=EVE).status == 200
    with pytest.raises(Fault) as refused:
        house.start(BEN)
    assert refused.value.name == "no_licence"


def test_a_playback_of_the_old_holder_that_lived_on_would_open_nothing(house: House) -> None:
    licence = house.licence(max_streams=2)
    old = house.start()
    house.transfers.transfer(OWNER, licence, "Eve")
    with house.database.write() as session:
        session.execute(update(PlaybackRow).values(released_at=None))
    refused = house.key(old, 0)
    assert (refused.status, refused.code) == (403, "licence_transferred")


def test_a_start_that_was_under_way_at_the_transfer_opens_nothing(house: House) -> None:
    licence = house.licence()
    house.transfers.transfer(OWNER, licence, "Eve")
    with pytest.raises(Fault) as refused:
        house.playbacks.start(Device(BEN, f"se_{BEN}"), TITLE, [licence])
    assert refused.value.name == "licence_transferred"


def test_a_rental_that_was_begun_is_not_longer_for_the_next(house: House) -> None:
    licence = house.licence(playback=timedelta(hours=48))
    house.key(house.start())
    house.wait(hours=40)
    moved = house.transfers.transfer(OWNER, licence, "Eve")
    assert moved.first_played_at == START
    house.wait(hours=9)
    with pytest.raises(Fault) as refused:
        house.start(EVE)
    assert refused.value.name == "playback_ended"


def test_the_history_tells_from_whom_to_whom_and_why(house: House) -> None:
    licence = house.licence()
    house.transfers.transfer(OWNER, licence, "Eve", "A gift.")
    newest = house.licences.history_of_licence(OWNER, licence)[0]
    assert (newest.what, newest.subject, newest.reason) == ("transferred", "Ben → Eve", "A gift.")
    assert (newest.before, newest.after) == ({"holder": "Ben"}, {"holder": "Eve"})


@pytest.mark.parametrize(
    ("to", "name"), [("Ben", "same_holder"), ("Ana", "holder_is_owner"), ("Nobody", "unknown_name")]
)
def test_a_licence_goes_to_nobody_it_cannot_serve(house: House, to: str, name: str) -> None:
    licence = house.licence()
    with pytest.raises(Fault) as refused:
        house.transfers.transfer(OWNER, licence, to)
    assert refused.value.name == name
    assert [one.what for one in house.licences.history_of_licence(OWNER, licence)] == ["issued"]


def test_what_is_over_or_a_links_cannot_be_passed_on(house: House) -> None:
    revoked, ended = house.licence(), house.licence(valid_until=START + timedelta(hours=1))
    link = house.licences.issue(OWNER, TITLE, Request(link=True)).licence.id
    house.licences.revoke(OWNER, revoked)
    house.wait(hours=1)
    told = []
    for licence in (revoked, ended, link):
        with pytest.raises(Fault) as refused:
            house.transfers.transfer(OWNER, licence, "Eve")
        told.append(refused.value.name)
    assert told == ["licence_over", "licence_over", "link_licence"]


def test_a_holder_cannot_pass_a_licence_on_alone(house: House) -> None:
    licence = house.licence()
    with pytest.raises(Fault) as refused:
        house.transfers.transfer(Actor(BEN, "Ben"), licence, "Eve")
    assert refused.value.code == "not_found"
