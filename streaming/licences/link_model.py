"""Tables of guest links: what they ask for, and who has redeemed them."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant


class LinkRow(Base):
    """What a link asks besides its licence: one row for each licence that is held by link."""

    __tablename__ = "guest_links"

    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id", ondelete="CASCADE"), primary_key=True)
    redeem_until: Mapped[datetime | None] = mapped_column(Instant)
    max_plays: Mapped[int | None]
    plays: Mapped[int] = mapped_column(default=0)
    password_salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """The salt clients derive with; told to everybody who has the link."""
    proof_salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    proof_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class VisitRow(Base):
    """One play of a link: a browser that redeemed it. What was noted of it can be forgotten, the play not."""

    __tablename__ = "guest_visits"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of the secret in the browser's cookie."""
    used_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    """When it was redeemed; None once what was noted is forgotten."""
    device: Mapped[str] = mapped_column(String(80), default="")
    network: Mapped[str] = mapped_column(String(50), default="")
    """An IPv4 /24 or an IPv6 /48, or nothing."""
    name: Mapped[str] = mapped_column(String(60), default="")
    """What the visitor typed, if anything."""
