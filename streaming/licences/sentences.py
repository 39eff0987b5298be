"""What licences say to people. Instants are said as spans ("5 minutes ago"); pages show the clock time."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streaming.licences.policy import Tier

Words = tuple[str, str]
"""A sentence that says what happened, and a hint that says what to do."""

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))
_SCREENS = {1: "one screen", 2: "two screens", 3: "three screens", 4: "four screens", 5: "five screens"}


def span(length: timedelta) -> str:
    """Say a span in its two largest units: `2 days`, `1 hour 30 minutes`, `under a minute`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds == 172800:
        return "48 hours"  # how rentals are spoken of
    if seconds == 86400:
        return "24 hours"
    parts = []
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
    if not parts:
        return f"{seconds} second{'s' if seconds != 1 else ''}" if seconds else "under a second"
    return " ".join(parts[:2])


def ago(since: timedelta) -> str:
    """Say how long ago: `just now`, `5 minutes ago`, `3 days ago` (one unit: it is a glance).

    What lies ahead, because the clock was set back meanwhile, was just now.
    """
    seconds = max(0, int(since.total_seconds()))
    for name, size in _UNITS:
        count = seconds // size
        if count:
            return f"{count} {name}{'s' if count != 1 else ''} ago"
    return "just now"


def screens(count: int) -> str:
    """Say a number of screens."""
    return _SCREENS.get(count, f"{count} screens")


def ask(issuer: str) -> str:
    """Name whom to ask."""
    return issuer or "its owner"


def no_licence() -> Words:
    """Nobody has given this person a licence."""
    return "You have no licence for this film.", "Ask whoever showed it to you for one."


def transferred(issuer: str) -> Words:
    """The licence was given to somebody else."""
    return "This licence was transferred to somebody else.", f"Ask {ask(issuer)} for one of your own."


def left_channel(name: str) -> Words:
    """The title was taken out of the channel that the licence is on."""
    return (
        f"This film has left the channel “{name}”.",
        "Your licence still opens the other films of that channel.",
    )


def ended(since: timedelta, issuer: str) -> Words:
    """The licence's window is over."""
    return f"This licence ended {ago(since)}.", f"Ask {ask(issuer)} for more time."


def rental_ended(since: timedelta, rental: timedelta, issuer: str) -> Words:
    """It was not started in time."""
    text = f"This licence had to be started within {span(rental)}, and that ended {ago(since)}."
    return text, f"Ask {ask(issuer)} for more time."


def playback_ended(since: timedelta, playback: timedelta, issuer: str) -> Words:
    """It was not finished in time."""
    text = f"This licence gave {span(playback)} to finish the film, and that ended {ago(since)}."
    return text, f"Ask {ask(issuer)} for more time."


def revoked(since: timedelta, issuer: str, reason: str) -> Words:
    """The issuer took it back."""
    said = f" Reason given: {reason}" if reason else ""
    return f"This licence was taken back {ago(since)}.{said}", f"Ask {ask(issuer)} if this surprises you."


def not_begun(until: timedelta) -> Words:
    """It is for later."""
    return f"This licence begins in {span(until)}.", "Come back then."


def tier_not_covered(covered: "Tier", wanted: "Tier", issuer: str) -> Words:
    """The quality asked for is above the licence."""
    text = f"This licence covers {covered.upper()}, not {wanted.upper()}."
    return text, f"Choose a lower quality, or ask {ask(issuer)} for {wanted.upper()}."


def too_many_streams(count: int) -> Words:
    """Every slot is taken."""
    text = (
        f"This licence is for {screens(count)} at a time, and {'it is' if count == 1 else 'all are'} in use."
    )
    return text, "Stop playing there, or wait up to six minutes if that screen was switched off."


def too_many_own_streams(count: int) -> Words:
    """The owner of a film watches it on every screen there is."""
    text = f"You are watching this film of yours on {screens(count)} already."
    return text, "Stop one, or wait up to six minutes if it was switched off."


def link_expired(since: timedelta, issuer: str) -> Words:
    """The link had to be used by a day that is past; whoever used it in time watches on."""
    return (
        f"This link had to be used by a time that passed {ago(since)}.",
        f"Ask {ask(issuer)} for a new one.",
    )


def link_used_up(plays: int, issuer: str) -> Words:
    """As many people as it was for have used the link."""
    times = {1: "once", 2: "twice"}.get(plays, f"{plays} times")
    return (
        f"This link could be used {times}, and that is done.",
        f"Open it in the browser that used it, or ask {ask(issuer)} for a new one.",
    )


def too_many_devices(count: int) -> Words:
    """Every place is held by another device."""
    places = "one device" if count == 1 else f"{count} devices"
    return (
        f"This licence is for {places}, and {'another one has' if count == 1 else 'others have'} its places.",
        "Watch on one of those, or remove one under Devices on your account page.",
    )
