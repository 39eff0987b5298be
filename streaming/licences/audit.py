"""The audit log of licences: who did what to which licence, when, why, and its terms before and after.

Call `record` in the session that makes the change: either both are written or neither. Rows can be neither
changed nor deleted, which triggers in the database hold (`model.GUARDS`); only a deleted title takes its
history along, because nothing of a deleted film may go on telling who watched it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from streaming.ids import ChannelId, LicenceId, TitleId
from streaming.licences.model import EventRow
from streaming.licences.policy import Licence, Terms
from streaming.licences.values import Actor

Json = Mapping[str, object]


class What(StrEnum):
    """What happened. `first_played` is written by a trigger, where the clock of a licence starts."""

    ISSUED = "issued"
    TAKEN = "taken"
    REDEEMED = "redeemed"
    EXTENDED = "extended"
    SHORTENED = "shortened"
    CHANGED = "changed"
    TRANSFERRED = "transferred"
    REVOKED = "revoked"
    FIRST_PLAYED = "first_played"
    LINK_USED = "link_used"
    LINK_CHANGED = "link_changed"
    DEVICE_REMOVED = "device_removed"
    OFFER_MADE = "offer_made"
    OFFER_CHANGED = "offer_changed"
    CODES_MADE = "codes_made"
    CODE_REVOKED = "code_revoked"
    CHANNEL_CHANGED = "channel_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. `id` rises with time; a gap is a title that was deleted."""

    id: int
    at: datetime
    what: str
    title_id: TitleId | None
    channel_id: ChannelId | None
    licence_id: LicenceId | None
    actor: str
    subject: str
    reason: str
    before: Json | None
    after: Json | None


def record(
    session: Session,
    what: What,
    at: datetime,
    *,
    by: Actor | None = None,
    title_id: TitleId | None = None,
    channel_id: ChannelId | None = None,
    licence: Licence | None = None,
    subject: str = "",
    reason: str = "",
    before: Json | None = None,
    after: Json | None = None,
) -> None:
    """Append one line. A `licence` says its own title and holder; `by` is None for guests and the house."""
    if licence is not None:
        title_id = title_id or licence.title_id
        channel_id = channel_id or (licence.channel.id if licence.channel else None)
        subject = subject or licence.holder.name
    session.add(
        EventRow(
            at=at,
            title_id=title_id,
            channel_id=channel_id,
            licence_id=licence.id if licence else None,
            what=what.value,
            actor_id=by.account_id if by else None,
            actor=by.name if by else "",
            subject=subject[:200],
            reason=reason,
            before=_dumped(before),
            after=_dumped(after),
        )
    )


def of_title(session: Session, title_id: TitleId, limit: int = 0) -> list[Event]:
    """Read the history of a title, newest first; at most `limit` lines if it is given."""
    return _read(session, EventRow.title_id == title_id, limit)


def of_channel(session: Session, channel_id: ChannelId, limit: int = 0) -> list[Event]:
    """Read the history of a channel, newest first; at most `limit` lines if it is given."""
    return _read(session, EventRow.channel_id == channel_id, limit)


def latest_reason(session: Session, licence_id: LicenceId) -> Event | None:
    """Find the latest change of a licence that was given a reason."""
    found = _read(session, (EventRow.licence_id == licence_id) & (EventRow.reason != ""), 1)
    return found[0] if found else None


def of_licence(session: Session, licence_id: LicenceId) -> list[Event]:
    """Read the history of a licence, newest first."""
    return _read(session, EventRow.licence_id == licence_id, 0)


def terms_of(terms: Terms) -> dict[str, object]:
    """Write terms as JSON: instants in ISO 8601, spans in seconds, None for no limit."""
    return {
        "valid_from": _iso(terms.valid_from),
        "valid_until": terms.valid_until and _iso(terms.valid_until),
        "rental_s": terms.rental and int(terms.rental.total_seconds()),
        "playback_s": terms.playback and int(terms.playback.total_seconds()),
        "tier": terms.tier.value,
        "max_streams": terms.max_streams,
        "may_finish": terms.may_finish,
        "max_devices": terms.max_devices,
    }


def _read(session: Session, where: ColumnElement[bool], limit: int) -> list[Event]:
    query = select(EventRow).where(where).order_by(EventRow.id.desc())
    rows: Sequence[EventRow] = session.scalars(query.limit(limit) if limit else query).all()
    return [
        Event(
            row.id,
            row.at,
            row.what,
            TitleId(row.title_id) if row.title_id else None,
            ChannelId(row.channel_id) if row.channel_id else None,
            LicenceId(row.licence_id) if row.licence_id else None,
            row.actor,
            row.subject,
            row.reason,
            _loaded(row.before),
            _loaded(row.after),
        )
        for row in rows
    ]


def _dumped(value: Json | None) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _loaded(text: str | None) -> Json | None:
    value: Json | None = None if text is None else json.loads(text)
    return value


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
