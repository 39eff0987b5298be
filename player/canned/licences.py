"""Canned forms that issue a licence."""

from __future__ import annotations

from dataclasses import replace

from player.canned.base import FINISH_BEFORE, NOW, REVOKED, RUNNING, State, ahead
from player.views import (
    FieldError,
    GuestLink,
    HolderKind,
    IssueLicence,
    LicenceDraft,
    LicenceState,
    LicenceTerms,
    LinkUse,
    Page,
    Tier,
    TransferLicence,
)
from player.words import readback

CLARA = LicenceTerms(LicenceState.RUNNING, valid_until=ahead(days=28))


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


def _link(page: Page) -> GuestLink:
    uses = (
        LinkUse("vi_1", ahead(minutes=-12), "Firefox on Linux", "203.0.113.0/24", "Eva from the jury"),
        LinkUse("vi_2", ahead(hours=-30), "Safari on iPhone", "2001:db8:1::/48"),
        LinkUse("vi_3", ahead(days=-6), "Chrome on Windows"),
    )
    return GuestLink(
        page,
        "li_1",
        "ti_0004",
        "The Night Ferry",
        "Press",
        RUNNING,
        plays=4,
        max_plays=20,
        redeem_until=ahead(days=6),
        has_password=True,
        watching=1,
        uses=uses,
    )


TRANSFERS = (
    State(
        "Transfer",
        "while somebody watches",
        lambda p: TransferLicence(p, "li_1", "ti_0004", "The Night Ferry", "Ben", FINISH_BEFORE, 1),
    ),
    State(
        "Transfer",
        "not begun",
        lambda p: TransferLicence(p, "li_1", "ti_0004", "The Night Ferry", "Ben", RUNNING),
    ),
)
LINKS = (
    State("Link", "used", _link),
    State("Link", "not used yet", lambda p: replace(_link(p), plays=0, uses=(), watching=0)),
    State("Link", "forgotten", lambda p: replace(_link(p), uses=(), has_password=False)),
    State(
        "Link",
        "revoked",
        lambda p: replace(_link(p), terms=REVOKED, watching=0, max_plays=None, redeem_until=None),
    ),
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
        "on a channel",
        lambda p: IssueLicence(
            p,
            "ch_1",
            "Noir",
            best_tier=Tier.UHD,
            draft=LicenceDraft(to="Clara", valid_until="2026-12-20T21:40"),
            readback=readback("Noir", "Clara", CLARA, NOW, p.zone, channel=True),
            on_channel=True,
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
