"""Table licences: one row for each licence, never deleted by hand; revoking marks it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant


class LicenceRow(Base):
    """A licence of a title, held by an account (`account_id`) or by whoever has the link (`link_hash`)."""

    __tablename__ = "licences"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
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
    issued_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    first_played_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the first key was released; starts the finish-within clock."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoke_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (link_hash IS NULL)", name="one_holder"),
        CheckConstraint("tier IN ('sd', 'hd', 'uhd')", name="tier_known"),
        CheckConstraint("max_streams > 0", name="streams_positive"),
        Index("ix_licences_title", "title_id", "issued_at"),
        Index("ix_licences_holder", "account_id", "title_id"),
    )
