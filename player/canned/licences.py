"""Canned forms that issue a licence."""

from __future__ import annotations

from dataclasses import replace

from player.canned.base import NOW, RUNNING, State, ahead
from player.views import (
    FieldError,
    HolderKind,
    IssueLicence,
    LicenceDraft,
    LicenceState,
    LicenceTerms,
    Page,
)
from player.words import readback


def _issue(page: Page) -> IssueLicence:
    draft = LicenceDraft(
        to="Ben",
        valid_until="2026-12-20T21:40",
        rental_count="30",
        rental_unit="days",
        playback_count="48",
        may_finish=True,
        playback_unit="hours",
    )
    said = readback("The Night Ferry", "Ben", RUNNING, NOW, page.zone)
    return IssueLicence(page, "ti_0004", "The Night Ferry", 5524, draft=draft, readback=said)


def _wrong(page: Page, field: str, sentence: str, draft: LicenceDraft) -> IssueLicence:
    return replace(
        _issue(page), draft=draft, errors=(FieldError(field, sentence),), readback=f"Not yet: {sentence}"
    )


ISSUES = (
    State("Licence", "to an account", _issue),
    State("Licence", "blank", lambda p: IssueLicence(p, "ti_0004", "The Night Ferry", 5524)),
    State(
        "Licence",
        "as a link",
        lambda p: replace(
            _issue(p),
            draft=LicenceDraft(
                HolderKind.LINK,
                label="Press",
                valid_from="2026-12-01T09:00",
                max_streams="5",
                max_plays="20",
                redeem_until="2026-12-10T18:00",
            ),
            readback=readback(
                "The Night Ferry",
                "Anyone with the link “Press”",
                LicenceTerms(LicenceState.NOT_BEGUN, valid_from=ahead(days=8), max_streams=5),
                NOW,
                p.zone,
            ),
        ),
    ),
    State(
        "Licence",
        "invalid",
        lambda p: _wrong(p, "to", "There is no account called “Bnn”.", LicenceDraft(to="Bnn")),
    ),
    State(
        "Licence",
        "conflicting",
        lambda p: _wrong(
            p,
            "valid_until",
            "It would end before it begins.",
            LicenceDraft(to="Ben", valid_from="2026-12-01T09:00", valid_until="2026-11-30T09:00"),
        ),
    ),
    State(
        "Licence",
        "past dates",
        lambda p: _wrong(
            p, "valid_until", "That time has passed.", LicenceDraft(to="Ben", valid_until="2025-11-30T09:00")
        ),
    ),
    State(
        "Licence",
        "link issued",
        lambda p: replace(_issue(p), link_once="https://films.example/l/6tZbQ0Yv9mXw"),
    ),
)
