"""Tables licences (never deleted by hand; revoking marks a row) and licence_events, their audit log.

What licences come from has tables of its own in `offer_model.py`.
"""

from datetime import datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, event, false
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant
from streaming.licences import offer_model  # noqa: F401 - the tables licences refer to


class LicenceRow(Base):
    """A licence of a title or a channel, held by an account or by whoever has the link (`link_hash`)."""

    __tablename__ = "licences"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_id: Mapped[str | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    channel_id: Mapped[str | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    """A licence is on one title, or on whatever lies in a channel at the time."""
    offer_id: Mapped[str | None] = mapped_column(ForeignKey("offers.id", ondelete="SET NULL"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    link_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of the link's token; the token itself is shown once and kept nowhere."""
    label: Mapped[str] = mapped_column(String(100), default="")
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    rental_s: Mapped[int | None]
    playback_s: Mapped[int | None]
    tier: Mapped[str] = mapped_column(String(4))
    max_streams: Mapped[int]
    may_finish: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a film begun before `valid_until` may be seen to its end."""
    max_devices: Mapped[int | None]
    issued_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    first_played_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the first key was released; starts the finish-within clock."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoke_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (link_hash IS NULL)", name="one_holder"),
        CheckConstraint("(title_id IS NULL) <> (channel_id IS NULL)", name="one_subject"),
        CheckConstraint("tier IN ('sd', 'hd', 'uhd')", name="tier_known"),
        CheckConstraint("max_streams > 0", name="streams_positive"),
        Index("ix_licences_title", "title_id", "issued_at"),
        Index("ix_licences_holder", "account_id", "title_id"),
        Index("ix_licences_channel", "channel_id", "issued_at"),
        Index("ix_licences_offer", "offer_id", "account_id"),
    )


class EventRow(Base):
    """One line of the audit log: appended in the transaction of what it tells of, and never changed.

    Rows refer to licences, channels and people by plain ids and keep names as they were, because a log that
    follows its subjects would have to be rewritten with them. Only the film is a true reference: with a
    deleted title goes everything that says who watched it, its history too.
    """

    __tablename__ = "licence_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    title_id: Mapped[str | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    channel_id: Mapped[str | None] = mapped_column(String(40))
    licence_id: Mapped[str | None] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(24))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    """Who did it; None for a guest, and for the house itself."""
    actor: Mapped[str] = mapped_column(String(100), default="")
    subject: Mapped[str] = mapped_column(String(200), default="")
    """Whom or what it concerns, in words: a holder, the label of an offer."""
    reason: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    """Terms before and after, as JSON objects."""

    __table_args__ = (
        Index("ix_licence_events_title", "title_id", "id"),
        Index("ix_licence_events_licence", "licence_id", "id"),
        Index("ix_licence_events_channel", "channel_id", "id"),
        {"sqlite_autoincrement": True},  # a number is never given twice, so a gap can be seen
    )


GUARDS = (
    "CREATE TRIGGER licence_events_kept BEFORE UPDATE ON licence_events"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    # A title's row is gone before its cascade comes here (SQLite runs foreign key actions after the delete).
    "CREATE TRIGGER licence_events_whole BEFORE DELETE ON licence_events"
    " WHEN OLD.title_id IS NULL OR EXISTS (SELECT 1 FROM titles WHERE id = OLD.title_id)"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    # INSERT OR REPLACE deletes without telling the trigger above.
    "CREATE TRIGGER licence_events_once BEFORE INSERT ON licence_events"
    " WHEN EXISTS (SELECT 1 FROM licence_events WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
)
"""What keeps the log from being rewritten, by whoever speaks to the database; in migration 0009 too."""

FIRST_PLAY = (
    "CREATE TRIGGER licences_first_played AFTER UPDATE OF first_played_at ON licences"
    " WHEN OLD.first_played_at IS NULL AND NEW.first_played_at IS NOT NULL"
    " BEGIN INSERT INTO licence_events"
    " (at, title_id, channel_id, licence_id, what, actor_id, actor, subject, reason)"
    " VALUES (NEW.first_played_at, NEW.title_id, NEW.channel_id, NEW.id, 'first_played', NEW.account_id,"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),"
    " coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), NEW.label), ''); END"
)
"""Notes the first play where it is written: the hot doors spend no statement on it."""

for _ddl in GUARDS:
    event.listen(EventRow.__table__, "after_create", DDL(_ddl).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
event.listen(LicenceRow.__table__, "after_create", DDL(FIRST_PLAY).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
