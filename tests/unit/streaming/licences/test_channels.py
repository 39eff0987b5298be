"""A licence on a channel opens what lies in it, counts its streams over all of it, and stops what leaves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from streaming.catalogue.model import TitleRow
from streaming.delivery.model import PlaybackRow
from streaming.delivery.starting import Slots, standing
from streaming.delivery.values import Device
from streaming.errors import Fault
from streaming.ids import ChannelId, LicenceId, TitleId, new_id
from streaming.licences import store
from streaming.licences.policy import Channel, Holder, Licence, Terms, decide
from streaming.licences.values import Actor
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, START, TITLE, House

OWNER = Actor(ANA, "Ana")


class Club:
    """A house with a channel that its film lies in, and Ben's licence on it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.channels = house.channels
        self.id = self.channels.make(OWNER, "Noir").id
        self.channels.put(OWNER, self.id, TITLE)

    def subscribe(self, max_streams: int = 1, until: timedelta | None = None) -> LicenceId:
        terms = Terms(START, START + until if until else None, max_streams=max_streams)
        licence = Licence(
            LicenceId(new_id("li")),
            None,
            Holder("account", "Ben", BEN),
            terms,
            "Ana",
            START,
            channel=Channel(self.id, "Noir"),
        )
        with self.house.database.write() as session:
            store.add(session, licence, ANA)
        return licence.id


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield Club(house)
    house.close()


def test_a_subscriber_watches_what_lies_in_the_channel(club: Club) -> None:
    assert not club.house.licences.knows_of(BEN, TITLE)
    club.subscribe()
    assert club.house.licences.knows_of(BEN, TITLE)
    assert not club.house.licences.knows_of(EVE, TITLE)
    assert set(club.house.licences.best_of(BEN)) == {TITLE}
    assert club.house.key(club.house.start()).status == 200


def test_a_film_that_leaves_the_channel_stops_at_the_next_key_and_plays_again_once_back(club: Club) -> None:
    club.subscribe()
    started = club.house.start()
    assert club.house.key(started, 0).status == 200
    club.channels.take_out(OWNER, club.id, TITLE)
    refused = club.house.key(started, 1)
    assert (refused.status, refused.code) == (403, "left_channel")
    assert refused.json["detail"] == "This film has left the channel “Noir”."
    assert club.house.key(started, 0).code == "left_channel"
    assert club.house.renew(started).code == "left_channel"
    assert club.house.licences.best_of(BEN) == {}
    club.channels.put(OWNER, club.id, TITLE)
    assert club.house.key(started, 1).status == 200


def test_a_licence_that_was_held_when_the_film_left_starts_nothing(club: Club) -> None:
    held = club.subscribe()
    club.channels.take_out(OWNER, club.id, TITLE)
    with pytest.raises(Fault) as refused:
        club.house.playbacks.start(Device(BEN, f"se_{BEN}"), TITLE, [held])
    assert refused.value.name == "left_channel"


def test_screens_are_counted_over_all_films_of_the_channel(club: Club) -> None:
    club.subscribe(max_streams=1)
    club.house.start()
    other_film(club.house)
    with club.house.database.write() as session:
        session.execute(update(PlaybackRow).values(title_id="ti_other"))
    with pytest.raises(Fault) as refused:
        club.house.start()
    assert refused.value.name == "too_many_streams"


def test_a_licence_on_one_film_opens_no_other(club: Club) -> None:
    held = club.house.licence()
    other_film(club.house)
    with club.house.database.read() as session:
        slots = Slots(held, BEN, TitleId("ti_other"))
        found = standing(session.connection(), club.house.gate, slots, None)
    assert found is not None
    assert getattr(club.house.gate.permit(found.licence, START), "name", "") == "no_licence"


def other_film(house: House) -> None:
    """Bring a second film, of which nothing is made."""
    with house.database.write() as session:
        row = session.get_one(TitleRow, TITLE)
        kept = {column.key: getattr(row, column.key) for column in TitleRow.__table__.columns}
        session.add(TitleRow(**{**kept, "id": "ti_other", "version_id": None}))


def test_only_the_owner_fills_and_reads_a_channel(club: Club) -> None:
    stranger = Actor(EVE, "Eve")
    for attempt in (
        lambda: club.channels.show(stranger, club.id),
        lambda: club.channels.put(stranger, club.id, TITLE),
        lambda: club.channels.take_out(stranger, club.id, TITLE),
        lambda: club.channels.rename(stranger, club.id, "Hers", None),
        lambda: club.channels.delete(stranger, club.id),
        lambda: club.channels.licences(stranger, club.id),
        lambda: club.channels.history(stranger, club.id),
        lambda: club.channels.put(OWNER, club.id, TitleId("ti_nobody")),
        lambda: club.channels.show(OWNER, ChannelId("ch_nobody")),
    ):
        with pytest.raises(Fault) as refused:
            attempt()
        assert refused.value.code == "not_found"
    assert club.channels.all(stranger) == []


def test_a_channel_with_subscribers_is_not_deleted_and_one_without_is(club: Club) -> None:
    club.subscribe(until=timedelta(days=1))
    assert club.channels.show(OWNER, club.id).subscribers == 1
    with pytest.raises(Fault) as refused:
        club.channels.delete(OWNER, club.id)
    assert refused.value.name == "channel_in_use"
    club.house.wait(days=1)
    club.channels.delete(OWNER, club.id)
    assert club.channels.all(OWNER) == []


def test_a_channel_tells_what_was_put_in_and_taken_out(club: Club) -> None:
    club.channels.put(OWNER, club.id, TITLE)
    club.channels.take_out(OWNER, club.id, TITLE)
    told = [one.subject for one in club.channels.history(OWNER, club.id)]
    assert told == ["“The Film” was taken out", "“The Film” was put in"]


@pytest.mark.parametrize("name", ["", "x" * 101], ids=["empty", "long"])
def test_a_channel_needs_a_name_that_can_be_shown(club: Club, name: str) -> None:
    with pytest.raises(Fault) as refused:
        club.channels.make(OWNER, name)
    assert refused.value.extra["errors"]


def test_a_licence_of_somebody_else_opens_nothing() -> None:
    licence = Licence(LicenceId("li_1"), TITLE, Holder("account", "Ben", BEN), Terms(START), "Ana", START)
    verdict = decide(replace(licence, barred="holder"), START)
    assert getattr(verdict, "code", "") == "licence_transferred"
