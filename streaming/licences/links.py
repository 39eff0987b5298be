"""Guest links: what a link asks of whoever brings it, besides what its licence says. Pure.

A *play* is one redemption by one visitor: a browser that pressed Watch for the first time. It gets a secret
of its own in exchange for the link, and with it comes back as often as it likes while the licence is open;
that is no second play. Neither the end of the link nor its number of plays touch those who redeemed it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from streaming.ids import LicenceId
from streaming.keys.proofs import StoredKey
from streaming.licences import sentences
from streaming.licences.policy import Refusal, RefusalCode
from streaming.licences.validation import LONGEST, invalid
from streaming.licences.values import NewPassword

MOST_PLAYS = 100_000
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class LinkPassword:
    """A password as it is kept; `salt` is told to whoever is asked for it, to derive the auth key with."""

    salt: bytes = field(repr=False)
    stored: StoredKey

    @classmethod
    def of(cls, given: NewPassword) -> "LinkPassword":
        """Keep a salted hash of the auth key."""
        return cls(given.salt, StoredKey.of(given.auth_key))


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What a link allows; `None` means without that limit."""

    redeem_until: datetime | None = None
    max_plays: int | None = None
    password: LinkPassword | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands: its licence, its terms, and how many plays were taken."""

    licence_id: LicenceId
    terms: LinkTerms
    plays: int = 0


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """What to change; only the fields named in `given` count, so that `None` can mean "without"."""

    given: frozenset[str]
    redeem_until: datetime | None = None
    max_plays: int | None = None
    password: NewPassword | None = None


def decide_link(link: Link, now: datetime, issuer: str) -> Refusal | None:
    """Refuse a new play of a link that is over or used up; the licence itself is decided elsewhere."""
    terms = link.terms
    if terms.redeem_until is not None and terms.redeem_until <= now:
        words = sentences.link_expired(now - terms.redeem_until, issuer)
        return Refusal(RefusalCode.LINK_EXPIRED, *words, terms.redeem_until)
    if terms.max_plays is not None and link.plays >= terms.max_plays:
        return Refusal(RefusalCode.LINK_USED_UP, *sentences.link_used_up(terms.max_plays, issuer))
    return None


def changed(link: Link, changes: LinkChanges, now: datetime) -> LinkTerms:
    """Apply `changes`, or raise `Fault` INVALID."""
    kept = link.terms
    password = LinkPassword.of(changes.password) if changes.password else None
    new = LinkTerms(
        changes.redeem_until if "redeem_until" in changes.given else kept.redeem_until,
        changes.max_plays if "max_plays" in changes.given else kept.max_plays,
        password if "password" in changes.given else kept.password,
    )
    check_link(new, now, ends="redeem_until" in changes.given)
    return new


def check_link(terms: LinkTerms, now: datetime, *, ends: bool = True) -> None:
    """Refuse an end that is past or beyond the calendar (`ends`), and numbers of plays nobody can mean."""
    if ends and terms.redeem_until is not None:
        _check_end(terms.redeem_until, now)
    if terms.max_plays is not None and not 1 <= terms.max_plays <= MOST_PLAYS:
        raise invalid(
            f"A link is for 1 to {MOST_PLAYS:,} plays.",
            "Leave it empty for as many as like.",
            "bad_plays",
            "max_plays",
        )


def _check_end(end: datetime, now: datetime) -> None:
    if end.tzinfo is None:
        sentence, name = "This time has no time zone, so nobody can tell when it is.", "no_zone"
    elif end <= now:
        sentence, name = "The time to use this link by has already passed.", "end_is_past"
    elif end > now + LONGEST:
        sentence, name = "This time is more than a hundred years away.", "too_far_ahead"
    else:
        return
    raise invalid(sentence, "Choose another, or leave it empty.", name, "redeem_until")
