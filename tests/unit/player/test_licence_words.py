"""A licence draws in every shape the database may hold it in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from player.render import environment, render
from player.views import (
    Film,
    LicenceRow,
    LicenceState,
    LicenceTerms,
    Page,
    StudioFilm,
    StudioTitle,
    Tier,
    TitleState,
)
from player.views.studio import HolderKind

HOUSE = environment()
NOW = datetime(2026, 11, 22, 20, 40, tzinfo=UTC)
PAGE = Page(now=NOW)
MOMENTS = st.none() | st.integers(-(10**7), 10**7).map(lambda seconds: NOW + timedelta(seconds=seconds))
SPANS = st.none() | st.integers(1, 10**7)
TERMS = st.builds(
    LicenceTerms,
    state=st.sampled_from(LicenceState),
    valid_from=MOMENTS,
    valid_until=MOMENTS,
    rental_s=SPANS,
    playback_s=SPANS,
    start_by=MOMENTS,
    first_played_at=MOMENTS,
    ends_at=MOMENTS,
    revoked_at=MOMENTS,
    tier=st.sampled_from(Tier),
    max_streams=st.integers(1, 100),
    issuer=st.sampled_from(["", "Ana"]),
)
FILM = Film(PAGE, "ti_1", "Tide", TitleState.READY, "Ana")
STUDIO = StudioTitle(PAGE, StudioFilm("ti_1", "Tide", TitleState.READY, NOW), licences_total=1)


@settings(max_examples=60, deadline=None)
@given(TERMS)
def test_a_holder_always_gets_a_page(terms: LicenceTerms) -> None:
    assert "Your licence" in render(replace(FILM, licence=terms), HOUSE)


@settings(max_examples=60, deadline=None)
@given(TERMS)
def test_an_issuer_always_gets_a_list(terms: LicenceTerms) -> None:
    row = LicenceRow("li_1", HolderKind.ACCOUNT, "Ben", terms, NOW)
    assert "lic-li_1" in render(replace(STUDIO, licences=(row,)), HOUSE)
