"""The server's clock is set while people watch: nobody loses by it, nobody gains more than the step."""

from datetime import timedelta

import pytest

from streaming.errors import Fault
from tests.unit.streaming.delivery.house import START, TITLE, House


def test_a_slot_is_free_a_lease_after_the_clock_was_set_back_though_its_holder_crashed_before(
    house: House,
) -> None:
    house.licence()
    house.start()
    house.wait(hours=-5)
    with pytest.raises(Fault, match="in use"):
        house.start()
    house.wait(seconds=359)
    with pytest.raises(Fault, match="in use"):
        house.start()
    house.wait(seconds=1)
    house.start()


def test_whoever_plays_when_the_clock_is_set_back_keeps_the_slot(house: House) -> None:
    house.licence()
    playing = house.start()
    house.wait(hours=-5)
    for _ in range(8):
        with pytest.raises(Fault, match="in use"):
            house.start()
        house.wait(seconds=100)
        assert house.renew(playing).status == 200
    assert house.key(playing, 1).status == 200


def test_a_lapsed_lease_is_retaken_after_the_clock_was_set_ahead(house: House) -> None:
    house.licence()
    playing = house.start()
    assert house.key(playing).status == 200
    house.wait(hours=5)
    assert house.key(playing, 1).code == "lease_stale"
    assert house.renew(playing).status == 200
    assert house.key(playing, 1).status == 200


def test_a_clock_set_back_gives_no_keys_beyond_the_budget_and_takes_none(house: House) -> None:
    house.licence()
    playing = house.start()
    for period in range(6):
        assert house.key(playing, period).status == 200
    house.wait(hours=-1)
    assert [house.key(playing, period).status for period in range(6, 13)] == [200] * 6 + [429]
    house.wait(seconds=15)
    assert house.key(playing, 12).status == 200


def test_a_clock_set_ahead_and_back_gives_one_burst_more_at_most(house: House) -> None:
    house.licence()
    playing = house.start()
    assert [house.key(playing, period).status for period in range(13)] == [200] * 12 + [429]
    house.wait(minutes=5)
    assert [house.key(playing, period).status for period in range(12, 25)] == [200] * 12 + [429]
    house.wait(minutes=-5)
    assert house.key(playing, 24).code == "budget_spent"


def test_a_first_play_that_lies_ahead_is_set_right_by_the_next_key(house: House) -> None:
    house.licence(playback=timedelta(hours=2))
    playing = house.start()
    assert house.key(playing).status == 200
    house.wait(days=-300)
    assert house.renew(playing).json["ends_at"] == "2026-01-26T22:00:00Z"
    assert house.key(playing, 1).status == 200
    house.wait(minutes=90)
    assert house.renew(playing).json["ends_at"] == "2026-01-26T22:00:00Z"
    house.wait(minutes=30)
    assert house.renew(playing).code == "playback_ended"


def test_a_licence_from_now_on_opens_though_the_clock_was_set_back_before_its_issue(house: House) -> None:
    house.licence(valid_until=START + timedelta(hours=2))
    house.wait(hours=-3)
    playing = house.start()
    assert house.key(playing).status == 200
    assert house.renew(playing).json["ends_at"] == "2026-11-22T22:00:00Z"


def test_minutes_watched_never_count_a_step_of_the_clock(house: House) -> None:
    house.licence()
    playing = house.start()
    for step in (60, 6 * 3600, 60, -6 * 3600, 60):
        house.wait(seconds=step)
        house.renew(playing, b'{"position_s": 5, "playing": true}')
    assert house.playbacks.minutes_watched([TITLE])[TITLE] == pytest.approx(3 + 5)


def test_a_film_begun_before_the_window_closes_is_seen_to_its_end_where_that_is_allowed(house: House) -> None:
    house.licence(valid_until=START + timedelta(minutes=10), may_finish=True)
    playing = house.start()
    assert house.key(playing).status == 200
    end = START + timedelta(minutes=40 + 30)
    assert house.renew(playing).json["ends_at"] == end.isoformat().replace("+00:00", "Z")
    for minute in range(5, 70, 5):
        house.wait(minutes=5)
        assert house.renew(playing).status == 200
        assert house.key(playing, minute // 2).status == 200
    house.wait(minutes=5)
    assert house.key(playing, 39).code == "licence_ended"
    assert house.renew(playing).code == "licence_ended"
