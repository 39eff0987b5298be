"""What the doors say when they stay shut."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from streaming.delivery.values import Watching
from streaming.errors import Code, Fault
from streaming.ids import TitleId


def bad_address() -> Fault:
    """An address that no playlist of ours holds."""
    return Fault(
        Code.NOT_FOUND,
        "This address is not one of ours.",
        "Open the film's page and press play again.",
        name="bad_address",
    )


def tampered() -> Fault:
    """A signature that does not belong to its address."""
    return Fault(
        Code.FORBIDDEN,
        "This address was altered.",
        "Open the film's page and press play again.",
        name="bad_address",
    )


def address_expired() -> Fault:
    """A segment address past its time."""
    return Fault(
        Code.GONE, "This address has run out.", "Press play again for a fresh one.", name="address_expired"
    )


def unknown_playback() -> Fault:
    """No playback has this token, or it is not this caller's."""
    return Fault(
        Code.NOT_FOUND,
        "There is no such playback, or it belongs to somebody else.",
        "Open the film's page and press play again.",
        name="unknown_playback",
    )


def not_logged_in() -> Fault:
    """The login or guest link a playback is bound to did not come along, or has ended."""
    return Fault(
        Code.UNAUTHENTICATED,
        "You are no longer logged in here.",
        "Log in, or open your link again, and press play.",
        name="unauthenticated",
    )


def lease_ended() -> Fault:
    """The playback was stopped."""
    return Fault(
        Code.GONE,
        "This film was stopped here.",
        "Press play to start it again.",
        name="lease_ended",
    )


def lease_stale() -> Fault:
    """The lease lapsed without renewal."""
    return Fault(
        Code.FORBIDDEN,
        "This screen was away too long, so its place was given up.",
        "Press play to take it again.",
        name="lease_stale",
    )


def budget_spent(seconds: int) -> Fault:
    """Too many new crypto periods too fast."""
    return Fault(
        Code.TOO_MANY,
        "This film was skipped through faster than its keys are handed out.",
        f"Wait {seconds} second{'s' if seconds != 1 else ''}; what was already opened stays open.",
        name="budget_spent",
        retry_after=seconds,
    )


def tier_not_covered(tier: str) -> Fault:
    """No picture of this film lies within the licence."""
    return Fault(
        Code.FORBIDDEN,
        f"Your licence covers {tier.upper()}, and this film has no such picture.",
        "Ask whoever issued it for a better one.",
        name="tier_not_covered",
    )


def not_playable_yet(retry_after: int = 1) -> Fault:
    """Nothing of the film is encoded so far."""
    return Fault(
        Code.UNAVAILABLE,
        "This part of the film is still being prepared.",
        "It will begin in a moment.",
        name="not_playable_yet",
        retry_after=retry_after,
    )


def nothing_to_play_yet() -> Fault:
    """The same before a playback has begun: the film's state forbids it, the house itself is well."""
    fault = not_playable_yet()
    fault.code = Code.CONFLICT
    return fault


def not_common_encryption() -> Fault:
    """A door of common encryption, asked for a film that is protected otherwise."""
    return Fault(
        Code.CONFLICT,
        "This film is protected with AES-128, which DASH and Clear Key do not know.",
        "Play its HLS address, …/main.m3u8, or make the film anew with the protection “cbcs”.",
        name="not_common_encryption",
    )


def no_mpd_yet() -> Fault:
    """A film in the making, which is told in HLS alone."""
    return Fault(
        Code.UNAVAILABLE,
        "This film is still being prepared, and its MPD is written when all of it is there.",
        "Play its HLS address, …/main.m3u8, or ask again when the film is ready.",
        name="no_mpd_yet",
        retry_after=60,
    )


def unknown_keys(kids: list[str]) -> Fault:
    """Key ids that no key of this film has."""
    return Fault(
        Code.NOT_FOUND,
        "This film has no key of that name.",
        "Ask for the key ids that the film's own init segments or MPD name.",
        name="unknown_key",
        extra={"kids": kids},
    )


def film_is_gone() -> Fault:
    """The version under this playback is not there any more."""
    return Fault(
        Code.GONE,
        "This film was replaced or removed.",
        "Open the film's page to see what is there now.",
        name="film_is_gone",
    )


def foreign_origin() -> Fault:
    """A request that another site made."""
    return Fault(
        Code.FORBIDDEN,
        "Another site tried to use your playback.",
        "Watch on this house's own pages.",
        name="foreign_origin",
    )


def busy() -> Fault:
    """The database could not take the write in time."""
    return Fault(
        Code.UNAVAILABLE, "The house is very busy.", "Try again in a moment.", name="busy", retry_after=1
    )


def playing(
    running: Sequence[Watching], names: Mapping[TitleId, str], *, guest: bool
) -> list[dict[str, object]]:
    """Say who is playing where, for whoever found every screen taken; guests are told of devices alone."""
    if guest:
        return [{"playback_id": one.playback_id, "device": one.device} for one in running]
    return [
        {
            "playback_id": one.playback_id,
            "device": one.device,
            "title": names.get(one.title_id, ""),
            "started_at": iso(one.started_at),
            "position_s": one.position_s,
        }
        for one in running
    ]


def iso(instant: datetime | None) -> str | None:
    """Write an instant as JSON does, in UTC with a Z."""
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def bad_cmcd() -> Fault:
    """A body that is no list of reports."""
    return Fault(
        Code.INVALID,
        "These reports of a player cannot be read.",
        "Send Common Media Client Data of version 2, one report a line.",
        name="bad_cmcd",
    )


def too_many_reports() -> Fault:
    """A player that reports without end."""
    return Fault(
        Code.TOO_MANY,
        "This player reports too often.",
        "Send reports in batches.",
        name="too_many_reports",
        retry_after=10,
    )
