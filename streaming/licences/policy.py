"""The licence policy: pure, total, and the only place that says yes or no.

Terms mean what Widevine's policy of the same names means: `valid_from`/`valid_until` is the licence's
window (`license_duration_seconds`), `rental` the time within which playback must first start, `playback`
the time within which it must finish once started, both enforced hard. `may_finish` softens the window's
end, as `soft_enforce_playback_duration` softens Widevine's: a film begun before it may be seen to its end.
All windows are half open: at the instant they end, they have ended.

Only instants of the server's clock count, in UTC; a day of daylight saving is as long as its seconds. The
clock may be set while licences run. Set ahead, licences end as their instants pass. Set back, nothing that
was given is taken: what was issued "from now on" has begun although its first instant lies ahead again, and
a first play that lies ahead counts as happening now: the finish-within clock gains at most the step.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from streaming.ids import AccountId, ChannelId, LicenceId, OfferId, TitleId
from streaming.licences import sentences


class Tier(StrEnum):
    """Picture qualities in rising order; each includes those before it."""

    SD = "sd"
    HD = "hd"
    UHD = "uhd"

    def covers(self, wanted: "Tier") -> bool:
        """Tell whether a licence of this tier opens renditions of `wanted`."""
        return _RANK[self] >= _RANK[wanted]


_RANK = {tier: rank for rank, tier in enumerate(Tier)}


class RefusalCode(StrEnum):
    """Why a licence does not open; stable, quoted to support."""

    NO_LICENCE = "no_licence"
    REVOKED = "licence_revoked"
    NOT_BEGUN = "licence_not_begun"
    ENDED = "licence_ended"
    RENTAL_ENDED = "rental_ended"
    PLAYBACK_ENDED = "playback_ended"
    TIER = "tier_not_covered"
    STREAMS = "too_many_streams"
    DEVICES = "too_many_devices"
    LEFT_CHANNEL = "left_channel"
    TRANSFERRED = "licence_transferred"
    LINK_EXPIRED = "link_expired"
    LINK_USED_UP = "link_used_up"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence allows. `None` means without that limit; `rental` counts from `valid_from`."""

    valid_from: datetime
    valid_until: datetime | None = None
    rental: timedelta | None = None
    playback: timedelta | None = None
    tier: Tier = Tier.HD
    max_streams: int = 1
    may_finish: bool = False
    """Whether a film begun before `valid_until` may be seen to its end."""
    max_devices: int | None = None
    """On how many devices it plays, one after another; of licences that accounts hold."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a licence: an account, or whoever has the link. `name` is what people call them."""

    kind: Literal["account", "link"]
    name: str
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel a licence is on; it opens the titles that lie in it at the time."""

    id: ChannelId
    name: str


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as it stands in the database, on a title or (with `title_id` None) on a channel."""

    id: LicenceId
    title_id: TitleId | None
    holder: Holder
    terms: Terms
    issued_by: str
    """The issuer's name, for sentences."""
    issued_at: datetime
    first_played_at: datetime | None = None
    revoked_at: datetime | None = None
    revoke_reason: str = ""
    film_length: timedelta | None = None
    """How long the film is, where `may_finish` makes it matter and it is known."""
    channel: Channel | None = None
    offer_id: OfferId | None = None
    barred: Literal["", "holder", "title", "channel"] = ""
    """Why it does not hold for who asks: another holder has it, it is on another title, or that left."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Yes. `ends_at` is for somebody who plays now: an unstarted finish-within clock counts from now."""

    licence_id: LicenceId | None
    tier: Tier
    max_streams: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, with a sentence and what to do; `at` is the instant the sentence speaks of, for pages to show."""

    code: RefusalCode
    sentence: str
    hint: str
    at: datetime | None = None


FINISH_SLACK = timedelta(minutes=30)
"""What a film that may be finished may take beyond its own length: pauses, a scene seen twice."""

_NEVER = (datetime.max.replace(tzinfo=UTC), RefusalCode.ENDED)

OWNER_GRANT = Grant(None, Tier.UHD, max_streams=5)
"""What the owner of a title holds without any licence."""


def limits(licence: Licence) -> list[tuple[datetime, RefusalCode]]:
    """Every instant at which this licence stops opening as things stand, with the code it then gives."""
    terms = licence.terms
    found: list[tuple[datetime, RefusalCode]] = []
    window = _window_end(licence)
    if window is not None:
        found.append((window, RefusalCode.ENDED))
    if licence.first_played_at is None:
        if terms.rental is not None:
            found.append((terms.valid_from + terms.rental, RefusalCode.RENTAL_ENDED))
    elif terms.playback is not None:
        found.append((licence.first_played_at + terms.playback, RefusalCode.PLAYBACK_ENDED))
    return found


def _window_end(licence: Licence) -> datetime | None:
    """Give the end of the window, later for a film that may be finished: then its length and a slack after
    the first play, or without an end of its own where the finish-within clock bounds it."""
    terms, first = licence.terms, licence.first_played_at
    until = terms.valid_until
    if until is None or not terms.may_finish or first is None or first >= until:
        return until
    if terms.playback is not None:
        return None
    return max(until, first + (licence.film_length or timedelta()) + FINISH_SLACK)


def ends_at(licence: Licence, now: datetime) -> datetime | None:
    """Give the instant the licence ends if nothing more happens, or None for never."""
    return min((instant for instant, _ in limits(_as_of(licence, now))), default=None)


def state(licence: Licence, now: datetime) -> Literal["not_begun", "running", "ended", "revoked"]:
    """Give the licence's state in one word, for lists."""
    if licence.revoked_at is not None:
        return "revoked"
    end = ends_at(licence, now)
    if end is not None and end <= now:
        return "ended"
    return "running" if _has_begun(licence, now) else "not_begun"


def is_live(licence: Licence, now: datetime) -> bool:
    """Tell whether a licence runs or will: it has not ended and was not taken back."""
    return state(licence, now) in {"running", "not_begun"}


def _as_of(licence: Licence, now: datetime) -> Licence:
    """Read a first play that lies ahead, by a clock that was set back since, as happening now."""
    first = licence.first_played_at
    return licence if first is None or first <= now else replace(licence, first_played_at=now)


def _has_begun(licence: Licence, now: datetime) -> bool:
    """Tell whether the window is open; one that was open when it was issued stays so, whatever clocks do."""
    return now >= licence.terms.valid_from or licence.terms.valid_from <= licence.issued_at


def decide(
    licence: Licence | None,
    now: datetime,
    *,
    tier: Tier | None = None,
    active_streams: int = 0,
    other_devices: int = 0,
) -> Grant | Refusal:
    """Say whether `licence` opens at `now` for a rendition of `tier`, with `active_streams` others running.

    `tier=None` asks for any quality. Callers that already hold a slot leave `active_streams` at 0, and those
    whose device holds a place of the licence leave `other_devices` at 0: else it is all that hold one.
    """
    if licence is None:
        return Refusal(RefusalCode.NO_LICENCE, *sentences.no_licence())
    refusal = _barred(licence) or _outside_time(licence, now)
    if refusal is not None:
        return refusal
    terms, issuer = licence.terms, licence.issued_by
    if tier is not None and not terms.tier.covers(tier):
        return Refusal(RefusalCode.TIER, *sentences.tier_not_covered(terms.tier, tier, issuer))
    if terms.max_devices is not None and other_devices >= terms.max_devices:
        return Refusal(RefusalCode.DEVICES, *sentences.too_many_devices(terms.max_devices))
    if active_streams >= terms.max_streams:
        return Refusal(RefusalCode.STREAMS, *sentences.too_many_streams(terms.max_streams))
    return Grant(licence.id, terms.tier, terms.max_streams, _ends_playing(licence, now))


def _ends_playing(licence: Licence, now: datetime) -> datetime | None:
    """Give the instant the licence ends for somebody who plays at `now`; their finish-within clock runs."""
    unplayed = licence.first_played_at is None
    return ends_at(replace(licence, first_played_at=now) if unplayed else licence, now)


def decide_owner(active_streams: int = 0) -> Grant | Refusal:
    """Say whether a title's owner may play it: always, on a handful of screens."""
    if active_streams >= OWNER_GRANT.max_streams:
        return Refusal(RefusalCode.STREAMS, *sentences.too_many_own_streams(OWNER_GRANT.max_streams))
    return OWNER_GRANT


def _barred(licence: Licence) -> Refusal | None:
    """Refuse a licence that is somebody else's now, or whose channel no longer holds the title."""
    if licence.barred == "holder":
        return Refusal(RefusalCode.TRANSFERRED, *sentences.transferred(licence.issued_by))
    if licence.barred == "title":
        return Refusal(RefusalCode.NO_LICENCE, *sentences.no_licence())
    if licence.barred == "channel":
        name = licence.channel.name if licence.channel else ""
        return Refusal(RefusalCode.LEFT_CHANNEL, *sentences.left_channel(name))
    return None


def _outside_time(licence: Licence, now: datetime) -> Refusal | None:
    """Refuse a licence that is revoked, not begun, or past the earliest of its limits."""
    terms, issuer = licence.terms, licence.issued_by
    if licence.revoked_at is not None:
        words = sentences.revoked(now - licence.revoked_at, issuer, licence.revoke_reason)
        return Refusal(RefusalCode.REVOKED, *words, licence.revoked_at)
    at, code = min(limits(_as_of(licence, now)), default=_NEVER)
    if at <= now:
        return Refusal(code, *_ended(code, now - at, terms, issuer), at)
    if not _has_begun(licence, now):
        words = sentences.not_begun(terms.valid_from - now)
        return Refusal(RefusalCode.NOT_BEGUN, *words, terms.valid_from)
    return None


def _ended(code: RefusalCode, since: timedelta, terms: Terms, issuer: str) -> tuple[str, str]:
    if code is RefusalCode.RENTAL_ENDED and terms.rental is not None:
        return sentences.rental_ended(since, terms.rental, issuer)
    if code is RefusalCode.PLAYBACK_ENDED and terms.playback is not None:
        return sentences.playback_ended(since, terms.playback, issuer)
    return sentences.ended(since, issuer)
