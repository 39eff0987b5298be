"""The one right button of a film's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from player.views import (
    Action,
    ActionKind,
    Chapter,
    Film,
    LicenceState,
    LicenceTerms,
    Page,
    Progress,
    Stage,
    TitleState,
)

PAGE = Page(now=datetime(2026, 11, 22, 20, 40, tzinfo=UTC))


def action(
    state: TitleState = TitleState.READY,
    licence: LicenceState | None = LicenceState.RUNNING,
    *,
    mine: bool = False,
    resume_s: float | None = None,
    progress: Progress | None = None,
) -> Action:
    """What the page of such a film offers."""
    terms = LicenceTerms(licence) if licence else None
    return Film(
        PAGE,
        "ti_1",
        "Tide",
        state,
        "Ana",
        licence=terms,
        mine=mine,
        may_manage=mine,
        resume_s=resume_s,
        progress=progress,
    ).action


def test_a_live_licence_offers_to_watch() -> None:
    assert action() == Action(ActionKind.WATCH, "Watch", "/watch/ti_1")


def test_a_begun_film_goes_on_where_it_stopped() -> None:
    assert action(resume_s=2467.9).label == "Continue at 41:07"


def test_the_owner_needs_no_licence() -> None:
    assert action(licence=None, mine=True).kind is ActionKind.WATCH


@pytest.mark.parametrize("licence", [None, LicenceState.NOT_BEGUN, LicenceState.ENDED, LicenceState.REVOKED])
def test_without_a_live_licence_nothing_leads_to_the_screen(licence: LicenceState | None) -> None:
    assert action(licence=licence).href is None
    assert action(licence=licence, resume_s=60).href is None


def test_a_film_in_the_making_says_how_far_it_is() -> None:
    said = action(TitleState.ENCODING, progress=Progress(Stage.ENCODING, 12.9))
    assert said == Action(ActionKind.WAIT, "Not yet: 12 % encoded")


def test_a_film_in_the_making_can_be_watched_from_its_first_piece() -> None:
    said = action(TitleState.ENCODING, progress=Progress(Stage.ENCODING, 2, playable_s=4))
    assert said.kind is ActionKind.WATCH


@pytest.mark.parametrize("state", [TitleState.UPLOADING, TitleState.QUEUED])
def test_a_film_that_waits_says_so(state: TitleState) -> None:
    assert action(state, mine=True).label.startswith("Not yet: ")


@pytest.mark.parametrize("state", [TitleState.FAILED, TitleState.CANCELLED])
def test_only_who_can_mend_a_failed_film_is_sent_to_the_studio(state: TitleState) -> None:
    assert action(state, mine=True).href == "/studio/t/ti_1"
    assert action(state).href is None


def test_chapters_are_shown_to_whoever_may_watch_now_and_open_as_far_as_there_is_film() -> None:
    chapters = (Chapter(1, 0.0, 20.25, "Arrival"), Chapter(2, 20.25, 45.0))
    film = Film(PAGE, "ti_1", "Tide", TitleState.READY, "Ana", mine=True, chapters=chapters, resume_s=21.0)
    assert film.shown_chapters == chapters
    assert [(one.name, one.at, film.stopped_in(one)) for one in chapters] == [
        ("Arrival", "0", False),
        ("Chapter 2", "20.25", True),
    ]
    growing = replace(film, state=TitleState.ENCODING, progress=Progress(Stage.ENCODING, playable_s=9.0))
    assert [growing.opens(one) for one in growing.shown_chapters] == [True, False]
    assert replace(growing, progress=Progress(Stage.ENCODING)).shown_chapters == ()
    assert replace(film, chapters=chapters[:1]).shown_chapters == ()
    stranger = replace(film, mine=False, may_manage=True)
    for licence in (None, *(LicenceTerms(state) for state in LicenceState)):
        running = licence is not None and licence.state is LicenceState.RUNNING
        assert bool(replace(stranger, licence=licence).shown_chapters) == running
