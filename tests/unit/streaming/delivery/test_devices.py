"""Devices: counted without error at the start, removed within limits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery.devices import MONTH, free_again, mark_of
from streaming.delivery.values import Device
from streaming.errors import Fault
from tests.unit.streaming.delivery.house import ANA, BEN, EVE, TITLE, House

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.make_film(segments=9)
    yield house
    house.close()


def start(house: House, profile: str) -> str:
    """Start in a browser of Ben's; gives the playback's id, or the refusal's name."""
    device = Device(BEN, "se_ac_ben", label=f"Browser {profile}", profile=profile)
    held = [one.id for one in house.licences.ranked(TITLE, BEN)]
    try:
        return house.playbacks.start(device, TITLE, held, take_over=True).playback_id
    except Fault as fault:
        return fault.name


def test_a_device_keeps_its_place_and_another_has_none(house: House) -> None:
    house.licence(max_devices=1)
    assert [start(house, one)[:3] for one in "aabaab"] == ["pb_", "pb_", "too", "pb_", "pb_", "too"]
    assert start(house, "b") == "too_many_devices"


def test_the_refusal_names_the_devices(house: House) -> None:
    licence = house.licence(max_devices=2)
    for one in "ab":
        start(house, one)
        house.wait(seconds=1)
    with pytest.raises(Fault) as refused:
        house.playbacks.start(Device(BEN, "se_ac_ben", profile="c"), TITLE, [licence])
    named = refused.value.extra["devices"]
    assert [one["device"] for one in named] == ["Browser b", "Browser a"]  # type: ignore[attr-defined]
    assert refused.value.sentence == "This licence is for 2 devices, and others have its places."


def test_many_devices_that_start_at_once_take_no_more_places_than_there_are(house: House) -> None:
    licence = house.licence(max_devices=3, max_streams=50)
    with ThreadPoolExecutor(12) as many:
        told = list(many.map(lambda number: start(house, str(number)), range(24)))
    assert sum(one.startswith("pb_") for one in told) == 3
    assert set(told) - {one for one in told if one.startswith("pb_")} == {"too_many_devices"}
    assert house.devices.count([licence]) == {licence: 3}


def test_a_licence_without_a_number_takes_any_device_and_lists_it(house: House) -> None:
    house.licence()
    assert all(start(house, one).startswith("pb_") for one in "abc")
    assert {one.name for one in house.devices.of(BEN)} == {"Browser a", "Browser b", "Browser c"}
    assert house.devices.of(EVE) == []


def test_who_asks_is_marked_as_the_one_that_asks(house: House) -> None:
    house.licence()
    for one in "ab":
        start(house, one)
    assert {one.name for one in house.devices.of(BEN, "b") if one.current} == {"Browser b"}


def test_two_accounts_at_one_browser_have_marks_of_their_own() -> None:
    marks = {mark_of(Device(account, "se", profile="same")) for account in (ANA, BEN)}
    assert len(marks) == 2
    assert mark_of(Device(guest_token="secret")) is None


def test_removing_a_device_frees_its_place_and_ends_what_it_plays(house: House) -> None:
    licence = house.licence(max_devices=1)
    playing = house.playbacks.start(
        Device(BEN, "se_ac_ben", label="Old", profile="a"), TITLE, [licence], take_over=True
    )
    assert house.key(playing).status == 200
    device = house.devices.of(BEN)[0]
    with pytest.raises(Fault):
        house.devices.remove(EVE, device.id)
    assert house.devices.remove(BEN, device.id) == [licence]
    assert house.key(playing, 1).code == "lease_ended"
    assert start(house, "b").startswith("pb_")


def test_as_many_are_removed_in_a_month_as_there_are_places(house: House) -> None:
    house.licence(max_devices=1)
    start(house, "a")
    house.devices.remove(BEN, house.devices.of(BEN)[0].id)
    house.wait(days=1)
    start(house, "b")
    with pytest.raises(Fault) as refused:
        house.devices.remove(BEN, house.devices.of(BEN)[0].id)
    assert refused.value.name == "too_many_removals"
    assert refused.value.extra["at"] == "2026-12-22T20:00:00Z"
    house.wait(days=29)
    house.devices.remove(BEN, house.devices.of(BEN)[0].id)
    assert house.devices.of(BEN) == []


def test_a_device_that_has_not_played_for_a_month_can_always_go(house: House) -> None:
    house.licence(max_devices=2, max_streams=2)
    start(house, "old")
    house.wait(days=31)
    for one in "ab":
        start(house, one)
        house.devices.remove(BEN, house.devices.of(BEN)[0].id)
    assert house.devices.remove(BEN, house.devices.of(BEN)[0].id)


def test_a_device_is_called_what_its_owner_calls_it(house: House) -> None:
    house.licence()
    start(house, "a")
    device = house.devices.of(BEN)[0]
    house.devices.rename(BEN, device.id, "Living room")
    assert house.devices.of(BEN)[0].name == "Living room"
    start(house, "a")
    assert house.devices.of(BEN)[0].name == "Living room"
    for account, name, refusal in ((EVE, "Mine", "not_found"), (BEN, "", "no_name")):
        with pytest.raises(Fault) as refused:
            house.devices.rename(account, device.id, name)
        assert refused.value.name == refusal


@given(
    places=st.integers(1, 4),
    tries=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 60)), max_size=40),
)
def test_no_month_sees_more_removals_of_devices_in_use_than_there_are_places(
    places: int, tries: list[tuple[int, int]]
) -> None:
    removed: list[datetime] = []
    hour = 0
    for later, unused_days in tries:
        hour += later
        now = NOW + timedelta(hours=hour)
        played_at = now - timedelta(days=unused_days)
        again = free_again(places, removed, played_at, now)
        if again is None:
            removed += [now] if unused_days < 30 else []
        else:
            assert again > now
            assert free_again(places, removed, played_at, again) is None
            assert free_again(places, removed, played_at, again - timedelta(microseconds=1)) is not None
    for first, last in zip(removed, removed[places:], strict=False):
        assert last - first >= MONTH
