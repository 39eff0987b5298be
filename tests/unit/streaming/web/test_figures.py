"""The figures of a film: for its creator alone, true to what happened, and safe in a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from streaming.delivery.figures import Day, Figures, total
from tests.unit.streaming.delivery.house import ANA, BEN, START, TITLE, House
from tests.unit.streaming.delivery.web_house import WebHouse

FILE = "/api/v1/titles/ti_film/figures.csv"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    house = House(tmp_path)
    house.make_film(segments=9)
    web = WebHouse(house)
    yield web
    web.close()
    house.close()


def watch(house: House, seconds: int, place: float) -> None:
    """Start anew, watch for a while, and leave at a place."""
    started = house.start()
    house.wait(seconds=seconds)
    house.release(started, b'{"position_s":%d,"playing":true}' % place)
    house.wait(minutes=10)


def figures(house: House) -> Figures:
    return Figures(house.database, house.clock, house.playbacks.lease)


def test_figures_are_their_creators_alone(web: WebHouse) -> None:
    web.issue(to="Ben")
    assert web.browser(BEN).get(FILE).status_code == 404
    assert web.browser().get(FILE).status_code == 401


def test_the_file_has_a_line_a_day(web: WebHouse) -> None:
    web.house.licence()
    watch(web.house, 120, 118)
    web.house.wait(days=2)
    watch(web.house, 60, 30)
    answer = web.browser(ANA).get(FILE)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["day_utc"], row["plays"], row["minutes_watched"]) for row in rows] == [
        ("2026-11-22", "1", "2.0"),
        ("2026-11-24", "1", "1.0"),
    ]
    assert rows[0]["startup_seconds"] == ""


def test_days_come_one_by_one_quiet_ones_too(web: WebHouse) -> None:
    web.house.licence()
    watch(web.house, 60, 50)
    web.house.wait(days=3)
    days = figures(web.house).days(TITLE, 5)
    assert [one.plays for one in days] == [0, 1, 0, 0, 0]
    assert days[-1].day == date(2026, 11, 25)
    assert total(days).watched_s == 60
    assert total([]) == Day(date(1970, 1, 1))


def test_a_stream_that_is_gone_on_with_counts_where_it_came_to(web: WebHouse) -> None:
    web.house.licence()
    watch(web.house, 60, 20)
    watch(web.house, 60, 60)
    found = figures(web.house).audience(TITLE, 100.0)
    assert found.streams == 1
    assert found.left[60] == 1


def test_a_film_seen_to_its_end_and_begun_again_counts_twice(web: WebHouse) -> None:
    web.house.licence()
    watch(web.house, 60, 99)
    watch(web.house, 60, 10)
    found = figures(web.house).audience(TITLE, 100.0)
    assert (found.left[99], found.left[10]) == (1, 1)
    assert found.staying[0] == 1.0
    assert found.staying[11] == 0.5
    assert list(found.staying) == sorted(found.staying, reverse=True)


def test_a_stream_that_runs_has_left_nowhere(web: WebHouse) -> None:
    web.house.licence()
    started = web.house.start()
    web.house.wait(seconds=60)
    web.house.renew(started, b'{"position_s":60,"playing":true}')
    assert figures(web.house).audience(TITLE, 100.0).staying == ()
    web.house.wait(hours=1)
    assert figures(web.house).audience(TITLE, 100.0).left[60] == 1
    assert web.house.clock.now() > START
