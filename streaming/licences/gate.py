"""How the doors ask about a licence: raw columns in, a grant or a fault out.

The doors read a playback and its licence in one SQL statement without the ORM; this module owns which
columns of `licences` that takes and what they mean, so that no other feature needs to know.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from streaming.clock import from_micros
from streaming.errors import Code, Fault
from streaming.ids import AccountId, ChannelId, LicenceId, OfferId, TitleId
from streaming.licences.policy import (
    Channel,
    Grant,
    Holder,
    Licence,
    Refusal,
    Terms,
    Tier,
    decide,
    decide_owner,
)

_COLUMNS = (
    "l.id, l.title_id, l.account_id, l.label, l.valid_from, l.valid_until, l.rental_s, l.playback_s, l.tier,"
    " l.max_streams, l.issued_at, l.first_played_at, l.revoked_at, l.revoke_reason, i.name, h.name,"
    " l.may_finish, CASE WHEN l.may_finish THEN (SELECT duration_us FROM title_versions WHERE id ="
    " (SELECT version_id FROM titles WHERE id = l.title_id)) END,"
    " l.channel_id, n.name, l.offer_id,"
    " CASE WHEN p.account_id <> l.account_id THEN 'holder'"
    " WHEN p.title_id <> l.title_id THEN 'title'"
    " WHEN p.title_id IS NOT NULL AND l.title_id IS NULL AND c.title_id IS NULL THEN 'channel' ELSE '' END,"
    " l.max_devices"
)


class LicenceGate:
    """SQL fragments over an alias `p`, and the decision over what they select.

    `p` has a `licence_id`, and the `account_id` and `title_id` it is to hold for; NULL asks for neither.
    """

    columns = _COLUMNS
    width = _COLUMNS.count(",") + 1
    joins = (
        "LEFT JOIN licences l ON l.id = p.licence_id LEFT JOIN accounts i ON i.id = l.issued_by"
        " LEFT JOIN accounts h ON h.id = l.account_id LEFT JOIN channels n ON n.id = l.channel_id"
        " LEFT JOIN channel_titles c ON c.channel_id = l.channel_id AND c.title_id = p.title_id"
    )
    first_play = (
        "UPDATE licences SET first_played_at = ?1 WHERE id = ?2"
        " AND (first_played_at IS NULL OR first_played_at > ?1)"
    )
    """One that lies ahead was told by a clock that has been set back since."""

    def permit(
        self,
        row: Sequence[Any],
        now: datetime,
        tier: str | None = None,
        active_streams: int = 0,
        devices: int = 0,
    ) -> Grant | Fault:
        """Decide over `columns` as selected. A row without a licence id is refused as having none."""
        licence = licence_of(tuple(row)) if row[0] is not None else None
        wanted = Tier(tier) if tier else None
        verdict = decide(licence, now, tier=wanted, active_streams=active_streams, other_devices=devices)
        return fault(verdict) if isinstance(verdict, Refusal) else verdict

    def owner(self, active_streams: int = 0) -> Grant | Fault:
        """Decide for the owner of a title."""
        verdict = decide_owner(active_streams)
        return fault(verdict) if isinstance(verdict, Refusal) else verdict


@lru_cache(maxsize=4096)
def licence_of(row: tuple[Any, ...]) -> Licence:
    """Read a licence from its selected columns; equal rows give the same frozen value."""
    (id_, title, account, label, start, until, rental, playback, tier) = row[:9]
    (streams, issued, first, revoked, reason, issuer, holder, finish, length_us) = row[9:18]
    (channel, channel_name, offer, barred, devices) = row[18:]
    terms = Terms(
        from_micros(start),
        _instant(until),
        _seconds(rental),
        _seconds(playback),
        Tier(tier),
        streams,
        bool(finish),
        devices,
    )
    return Licence(
        LicenceId(id_),
        TitleId(title) if title else None,
        holder_of(account, holder, label),
        terms,
        issuer or "",
        from_micros(issued),
        _instant(first),
        _instant(revoked),
        reason or "",
        None if length_us is None else timedelta(microseconds=length_us),
        Channel(ChannelId(channel), channel_name or "") if channel else None,
        OfferId(offer) if offer else None,
        barred,
    )


def holder_of(account_id: str | None, account_name: str | None, label: str) -> Holder:
    """Name the holder as people do: the account's name, or the label of the link."""
    if account_id is not None:
        return Holder("account", account_name or "", AccountId(account_id))
    return Holder("link", label or "Whoever has the link")


def fault(refusal: Refusal) -> Fault:
    """Give a refusal as the fault every door answers."""
    extra = {"at": refusal.at.isoformat().replace("+00:00", "Z")} if refusal.at else None
    return Fault(Code.FORBIDDEN, refusal.sentence, refusal.hint, name=refusal.code.value, extra=extra)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _seconds(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)
