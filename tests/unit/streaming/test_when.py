import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import Fault
from streaming.when import parse_duration, parse_when

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("2 h 30 min", timedelta(hours=2, minutes=30)),
        ("1.5h", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("PT48H", timedelta(hours=48)),
        ("P1DT30M", timedelta(days=1, minutes=30)),
    ],
)
def test_lengths_are_read_as_people_write_them(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "0s", "soon", "5", "-3h", "3h and a bit", "PT", "P", "99999999999w"])
def test_what_is_no_length_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_duration(text)
    assert "48h" in caught.value.hint


@given(st.text(max_size=50))
def test_no_text_makes_the_parser_fall_over(text: str) -> None:
    with contextlib.suppress(Fault):
        assert parse_duration(text) > timedelta(0)
    with contextlib.suppress(Fault):
        assert parse_when(text, NOW).tzinfo is not None


def test_times_are_read_relative_absolute_or_with_a_zone() -> None:
    assert parse_when("now", NOW) == NOW
    assert parse_when("in 2h", NOW) == NOW + timedelta(hours=2)
    assert parse_when("+30m", NOW) == NOW + timedelta(minutes=30)
    assert parse_when("2026-12-24T20:00+01:00", NOW) == datetime(2026, 12, 24, 19, 0, tzinfo=UTC)


def test_a_time_without_a_zone_means_this_machines() -> None:
    here = datetime(2026, 12, 24, 20, 0).astimezone()
    assert parse_when("2026-12-24 20:00", NOW) == here
