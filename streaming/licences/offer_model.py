"""Tables channels, channel_titles, offers and gift_codes: what licences come from."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant


class ChannelRow(Base):
    """A creator's named set of titles."""

    __tablename__ = "channels"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_channels_owner", "owner_id", "created_at"),)


class ChannelTitleRow(Base):
    """A title that lies in a channel now; taking it out deletes the row, and stops it at the next key."""

    __tablename__ = "channel_titles"

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    added_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_channel_titles_title", "title_id"),)


class OfferRow(Base):
    """Terms that viewers may take, on a title or a channel. The price informs: nothing is paid here."""

    __tablename__ = "offers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_id: Mapped[str | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    channel_id: Mapped[str | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    label: Mapped[str] = mapped_column(String(100), default="")
    tier: Mapped[str] = mapped_column(String(4))
    max_streams: Mapped[int]
    rental_s: Mapped[int | None]
    playback_s: Mapped[int | None]
    lasts_s: Mapped[int | None]
    """How long a licence lasts from when it is taken; None: without end."""
    price_minor: Mapped[int | None]
    """In hundredths of the currency; None: no price is named."""
    currency: Mapped[str] = mapped_column(String(3), default="")
    open_from: Mapped[datetime | None] = mapped_column(Instant)
    open_until: Mapped[datetime | None] = mapped_column(Instant)
    most: Mapped[int | None]
    """How many may be taken in all."""
    taken: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="draft")
    made_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("(title_id IS NULL) <> (channel_id IS NULL)", name="one_subject"),
        CheckConstraint("kind IN ('free', 'rental', 'purchase', 'subscription')", name="kind_known"),
        CheckConstraint("state IN ('draft', 'open', 'closed')", name="state_known"),
        CheckConstraint("most IS NULL OR taken <= most", name="not_overdrawn"),
        Index("ix_offers_title", "title_id", "made_at"),
        Index("ix_offers_channel", "channel_id", "made_at"),
    )


class CodeRow(Base):
    """A gift code of an offer, to be redeemed once. The code itself is shown once and kept nowhere."""

    __tablename__ = "gift_codes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("offers.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """HMAC-SHA256 of the code under a secret of the house: 60 bits alone could be tried out offline."""
    label: Mapped[str] = mapped_column(String(100), default="")
    number: Mapped[int]
    """Counts the codes of an offer, so that one can be told from another without showing it."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant)
    redeemed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    licence_id: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (UniqueConstraint("offer_id", "number"),)
