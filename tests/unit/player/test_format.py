"""Numbers and times as people say them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player import format as say

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "words.json").read_text("utf-8")
)
NOW = datetime.fromtimestamp(VECTORS["now_ms"] / 1000, UTC)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(ms: int) -> datetime:
    """The moment of a vector."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@pytest.mark.parametrize(("away", "words"), VECTORS["relative"])
def test_relative_times_read_as_the_scripts_say_them(away: int, words: str) -> None:
    assert say.relative(NOW + timedelta(seconds=away), NOW) == words


@pytest.mark.parametrize(("ms", "zone", "words"), VECTORS["exact"])
def test_exact_times_read_as_the_scripts_say_them(ms: int, zone: str, words: str) -> None:
    assert say.exact(at(ms), zone) == words


def test_a_field_holds_a_moment_by_the_viewer_s_clock() -> None:
    moment = datetime(2026, 11, 22, 23, 40, 30, tzinfo=UTC)
    assert say.field_value(moment) == "2026-11-22T23:40"
    assert say.field_value(moment, "Europe/Madrid") == "2026-11-23T00:40"


@pytest.mark.parametrize(
    ("seconds", "unit", "parts"),
    [
        (None, "hours", ("", "hours")),
        (172_800, "hours", ("48", "hours")),
        (172_800, "days", ("2", "days")),
        (259_200, "hours", ("3", "days")),
        (5_400, "days", ("90", "minutes")),
        (61, "days", ("61", "seconds")),
    ],
    ids=str,
)
def test_a_form_asks_for_a_length_in_the_unit_people_say(
    seconds: int | None, unit: str, parts: tuple[str, str]
) -> None:
    assert say.span_parts(seconds, unit) == parts


@given(st.integers(1, 3_153_600_000), st.sampled_from(["hours", "days"]))
def test_a_length_in_a_form_is_exact(seconds: int, unit: str) -> None:
    count, chosen = say.span_parts(seconds, unit)
    assert int(count) * {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}[chosen] == seconds


@pytest.mark.parametrize(("ms", "zone", "words"), VECTORS["day_and_time"])
def test_days_read_as_the_scripts_say_them(ms: int, zone: str, words: str) -> None:
    assert say.day_and_time(at(ms), NOW, zone) == words


@pytest.mark.parametrize(("ms", "zone", "words"), VECTORS["date"])
def test_dates_read_as_the_scripts_say_them(ms: int, zone: str, words: str) -> None:
    assert say.date(at(ms), zone) == words


@pytest.mark.parametrize(
    ("function", "vector"),
    [
        (function, vector)
        for name, function in (
            ("span", say.span),
            ("left", say.left),
            ("position", say.clock_time),
            ("size", say.size),
            ("percent", say.percent),
        )
        for vector in VECTORS[name]
    ],
)
def test_numbers_read_as_the_scripts_say_them(function: Any, vector: tuple[float, str]) -> None:
    assert function(vector[0]) == vector[1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0 s"),
        (38.2, "38 s"),
        (59.6, "1 min"),
        (240, "4 min"),
        (3600, "1 h"),
        (5524, "1 h 32 min"),
    ],
)
def test_a_film_is_so_long(seconds: float | None, words: str) -> None:
    assert say.length(seconds) == words


@pytest.mark.parametrize(("bits", "words"), [(None, ""), (800_000, "800 kbit/s"), (4_500_000, "4.5 Mbit/s")])
def test_a_rate_is_so_high(bits: int | None, words: str) -> None:
    assert say.bitrate(bits) == words


def test_what_is_not_known_is_not_said() -> None:
    assert (say.left(None), say.size(None), say.percent(None)) == ("", "", "")


def test_an_unknown_zone_is_read_as_utc() -> None:
    assert say.exact(NOW, "Nowhere/At All") == say.exact(NOW, "UTC")
    assert say.exact(NOW, "../../etc/passwd") == say.exact(NOW, "UTC")


@given(st.floats(0, 99.999))
def test_nothing_is_a_hundred_percent_before_it_is(value: float) -> None:
    assert say.percent(value) != "100 %"


@given(MOMENTS, MOMENTS)
def test_a_relative_time_says_which_way_it_lies(moment: datetime, now: datetime) -> None:
    words = say.relative(moment, now)
    if moment > now:
        assert words.startswith("in ")
    else:
        assert words == "just now" or words.endswith(" ago")


@given(st.floats(0, 1e8))
def test_a_span_never_has_more_than_two_parts(seconds: float) -> None:
    assert 2 <= len(say.span(seconds).split()) <= 4


@given(st.integers(0, 10**15))
def test_a_size_is_a_number_and_a_unit_and_close_to_the_truth(count: int) -> None:
    number, unit = say.size(count).split()
    scale = {"byte": 1, "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert float(number.replace(",", "")) * scale == pytest.approx(count, rel=0.34)


@given(st.floats(0, 1e6))
def test_a_place_in_a_film_reads_back_to_its_second(seconds: float) -> None:
    total = 0
    for part in say.clock_time(seconds).split(":"):
        total = total * 60 + int(part)
    assert total == int(seconds)
