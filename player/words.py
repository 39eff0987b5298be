"""Sentences about films and licences, as a person would say them. Pure; English only for now."""

from __future__ import annotations

from datetime import datetime

from player import format as say
from player.views.common import LicenceState, LicenceTerms, Stage, Tier, TitleState
from player.views.offers import OfferCard

STAGES = {
    Stage.UPLOADING: "Uploading",
    Stage.QUEUED: "Waiting for its turn",
    Stage.PROBING: "Looking at the file",
    Stage.PLANNING: "Planning the qualities",
    Stage.ENCODING: "Encoding",
    Stage.VERIFYING: "Checking every piece",
    Stage.DONE: "Ready",
}
STATES = {
    TitleState.UPLOADING: "Uploading",
    TitleState.QUEUED: "Queued",
    TitleState.ENCODING: "Encoding",
    TitleState.READY: "Ready",
    TitleState.FAILED: "Failed",
    TitleState.CANCELLED: "Cancelled",
}
LICENCE_STATES = {
    LicenceState.NOT_BEGUN: "Not begun",
    LicenceState.RUNNING: "Running",
    LicenceState.ENDED: "Ended",
    LicenceState.REVOKED: "Revoked",
}
TIERS = {Tier.SD: "SD", Tier.HD: "HD", Tier.UHD: "4K"}
PROTECTIONS = {
    "aes-128": "AES-128: plays in browsers, mpv, VLC and Safari",
    "cbcs": "cbcs: HLS and DASH in browsers, not in native players",
}
"""What a film's protection means for whoever chooses it."""
TIER_LONG = {
    Tier.SD: "standard definition (up to 576p)",
    Tier.HD: "HD (up to 1080p)",
    Tier.UHD: "4K",
}


def screens(count: int) -> str:
    """`on one screen at a time`, `on up to 3 screens at a time`."""
    return "on one screen at a time" if count == 1 else f"on up to {count} screens at a time"


def devices(count: int) -> str:
    """`one device`, `up to 3 devices, those that come first`."""
    return "one device, the first" if count == 1 else f"up to {count} devices, those that come first"


def used(plays: int, most: int | None) -> str:
    """`Not used yet`, `Used by 3 browsers`, `Used by 3 of 20 browsers`."""
    if most is not None:
        return f"Used by {plays} of {most} browser{'s' if most != 1 else ''}"
    return f"Used by {plays} browser{'s' if plays != 1 else ''}" if plays else "Not used yet"


def link_terms(plays: int | None, redeem_until: datetime | None, *, password: bool, zone: str = "UTC") -> str:
    """What a link asks for, in the sentences that follow its licence's; empty if nothing."""
    parts = []
    if plays:
        parts.append(f"The link opens for {'one browser' if plays == 1 else f'{plays} browsers'}.")
    if redeem_until:
        parts.append(f"It lets people in until {say.exact(redeem_until, zone)}.")
    if password:
        parts.append("It asks for a password.")
    return " ".join(parts)


def readback(
    film: str, who: str, terms: LicenceTerms, now: datetime, zone: str = "UTC", *, channel: bool = False
) -> str:
    """The licence in one breath, before it is issued. `who` is a name, or a phrase for a link.

    With `channel` it is on every film of the channel `film`.
    """
    later = terms.valid_from is not None and terms.valid_from > now
    begin = f"from {say.exact(terms.valid_from, zone)}" if later and terms.valid_from else "from now on"
    end = f" until {say.exact(terms.valid_until, zone)}" if terms.valid_until else ", with no end date"
    what = f"every film of the channel “{film}”" if channel else f"“{film}”"
    parts = [
        f"{who} may watch {what} {begin}{end}, in {TIER_LONG[terms.tier]}, {screens(terms.max_streams)}."
    ]
    if terms.rental_s:
        parts.append(f"They must start within {say.span(terms.rental_s)}.")
    if terms.playback_s:
        parts.append(f"Once they press play, they have {say.span(terms.playback_s)} to finish.")
    if terms.max_devices:
        parts.append(f"It plays on {devices(terms.max_devices)}.")
    if terms.may_finish and terms.valid_until:
        parts.append("A film begun before the end date may be seen to its end.")
    return " ".join(parts)


def clocks(terms: LicenceTerms) -> str:
    """The clocks still to come, in words: `Start within 30 days, finish within 48 hours of pressing play`."""
    said = []
    if terms.first_played_at is None and terms.rental_s:
        said.append(f"start within {say.span(terms.rental_s)}")
    if terms.first_played_at is None and terms.playback_s:
        said.append(f"finish within {say.span(terms.playback_s)} of pressing play")
    line = ", ".join(said)
    return line[:1].upper() + line[1:]


OFFER_KINDS = {
    "free": "Free",
    "rental": "Rental",
    "purchase": "Purchase",
    "subscription": "Subscription",
}
OFFER_STATES = {"draft": "Draft", "open": "Open", "closed": "Closed"}
CODE_STATES = {"ready": "Ready", "redeemed": "Redeemed", "expired": "Expired", "revoked": "Revoked"}


def offer_terms(offer: OfferCard) -> str:
    """What an offer gives: `Start within 30 days, finish within 48 hours of pressing play, HD, …`."""
    said = []
    if offer.channel:
        said.append(f"every film of “{offer.channel}”, while it is in there")
    if offer.rental_s:
        said.append(f"start within {say.span(offer.rental_s)}")
    if offer.playback_s:
        said.append(f"finish within {say.span(offer.playback_s)} of pressing play")
    if offer.lasts_s:
        said.append(f"for {say.span(offer.lasts_s)}")
    elif not offer.rental_s and not offer.playback_s:
        said.append("without an end")
    said += [TIERS[offer.tier], screens(offer.max_streams)]
    line = ", ".join(said)
    return line[:1].upper() + line[1:]


def place(position: int | None) -> str:
    """Where a film stands in the queue: `Next in the queue`, `3rd in the queue`; empty when not known."""
    if position is None:
        return ""
    if position <= 1:
        return "Next in the queue"
    ending = "th" if position % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"{position:,}{ending} in the queue"


def prepared(seconds: float) -> str:
    """How much of a film that still arrives is made: `0:08 of it is prepared`; empty while nothing is."""
    return f"{say.clock_time(seconds)} of it is prepared" if seconds >= 1 else ""
