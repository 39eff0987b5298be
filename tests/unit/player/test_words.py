"""Sentences about licences and queues."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player import words
from player.views import LicenceState, LicenceTerms, Stage, Tier, TitleState

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "words.json").read_text("utf-8")
)
NOW = datetime.fromtimestamp(VECTORS["now_ms"] / 1000, UTC)


def moment(ms: int | None) -> datetime | None:
    """The moment of a vector, if it has one."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def who(given: dict[str, Any]) -> str:
    """Whom a vector's licence is for, in words."""
    if given["holder"] == "account":
        return str(given["name"])
    return f"Anyone with the link “{given['name']}”" if given["name"] else "Anyone with the link"


@pytest.mark.parametrize(("given_", "sentence"), VECTORS["readback"])
def test_a_licence_reads_back_as_the_scripts_say_it(given_: dict[str, Any], sentence: str) -> None:
    terms = LicenceTerms(
        LicenceState.RUNNING,
        valid_from=moment(given_["from"]),
        valid_until=moment(given_["until"]),
        rental_s=given_["rental"],
        playback_s=given_["playback"],
        tier=Tier(given_["tier"]),
        max_streams=given_["streams"],
        may_finish=given_["finish"],
    )
    said = words.readback(
        given_["film"], who(given_), terms, NOW, "Europe/Berlin", channel=given_.get("channel", False)
    )
    assert said == sentence


def test_a_licence_that_already_began_begins_now() -> None:
    terms = LicenceTerms(LicenceState.RUNNING, valid_from=NOW - timedelta(days=1))
    assert "from now on" in words.readback("Tide", "Ben", terms, NOW)


def test_the_clocks_are_said_while_they_have_not_begun() -> None:
    terms = LicenceTerms(LicenceState.RUNNING, rental_s=30 * 86400, playback_s=48 * 3600)
    assert words.clocks(terms) == "Start within 30 days, finish within 48 hours of pressing play"


def test_no_clock_is_said_once_the_film_was_begun() -> None:
    terms = LicenceTerms(LicenceState.RUNNING, rental_s=60, playback_s=60, first_played_at=NOW)
    assert words.clocks(terms) == ""


@pytest.mark.parametrize(
    ("position", "said"),
    [
        (None, ""),
        (1, "Next in the queue"),
        (2, "2nd in the queue"),
        (3, "3rd in the queue"),
        (11, "11th in the queue"),
        (22, "22nd in the queue"),
        (113, "113th in the queue"),
    ],
)
def test_a_place_in_the_queue(position: int | None, said: str) -> None:
    assert words.place(position) == said


@given(st.integers(2, 1000))
def test_screens_are_counted(count: int) -> None:
    assert f"{count} screens" in words.screens(count)


def test_every_state_has_a_word() -> None:
    assert set(words.STAGES) == set(Stage)
    assert set(words.STATES) == set(TitleState)
    assert set(words.LICENCE_STATES) == set(LicenceState)
    assert set(words.TIERS) == set(words.TIER_LONG) == set(Tier)


def test_what_is_prepared_of_a_film_that_arrives_is_said_once_there_is_something() -> None:
    assert [words.prepared(seconds) for seconds in (0, 0.9, 8, 3723)] == [
        "",
        "",
        "0:08 of it is prepared",
        "1:02:03 of it is prepared",
    ]
