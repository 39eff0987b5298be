"""Tables playback_sessions, resume_positions, playback_quality and title_days."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant


class PlaybackRow(Base):
    """A lease on one stream of one title. It holds a slot while it is neither released nor lapsed.

    Without a `licence_id` it is the title's owner watching. `auth_session_id` and `api_token_id` name the
    login it came from: when that goes, so does the playback.
    """

    __tablename__ = "playback_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    native: Mapped[bool]
    """Whether the address works by itself; else a cookie must come with it."""
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    version_id: Mapped[str] = mapped_column(String(40))
    licence_id: Mapped[str | None] = mapped_column(ForeignKey("licences.id", ondelete="CASCADE"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    auth_session_id: Mapped[str | None] = mapped_column(String(40))
    api_token_id: Mapped[str | None] = mapped_column(String(40))
    guest_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    device: Mapped[str] = mapped_column(String(80), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    position_s: Mapped[float] = mapped_column(default=0.0)
    watched_s: Mapped[float] = mapped_column(default=0.0)
    """Seconds of playing, summed from one renewal to the next."""

    budget_level: Mapped[int] = mapped_column(BigInteger)
    """Release budget left at `budget_at`, in millionths of a crypto period."""
    budget_at: Mapped[datetime] = mapped_column(Instant)
    released_periods: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Bitmap of the crypto periods whose keys were released, little-endian bits."""
    viewing_device_id: Mapped[str | None] = mapped_column(String(40))
    """The account's device it runs on."""
    inherited: Mapped[bool] = mapped_column(default=False)
    """Whether a later playback of the same licence has taken over what is left of this budget."""

    __table_args__ = (
        CheckConstraint(
            "native OR auth_session_id IS NOT NULL OR guest_hash IS NOT NULL", name="browser_is_bound"
        ),
        Index("ix_playback_sessions_licence", "licence_id", "lease_until"),
        Index("ix_playback_sessions_account", "account_id", "title_id"),
        Index("ix_playback_sessions_title", "title_id", "lease_until"),
    )


class ResumeRow(Base):
    """Where a holder (an account's id, or a link licence's) was in a title."""

    __tablename__ = "resume_positions"

    holder: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    position_s: Mapped[float]
    updated_at: Mapped[datetime] = mapped_column(Instant)


class QualityRow(Base):
    """What a playback's player reported of it; columns as `delivery.quality.Quality`."""

    __tablename__ = "playback_quality"

    playback_id: Mapped[str] = mapped_column(
        ForeignKey("playback_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(1))
    moved: Mapped[bool]
    bitrate: Mapped[int]
    startups: Mapped[int]
    slow_startups: Mapped[int]
    startup_ms: Mapped[int]
    stalls: Mapped[int]
    stalled_ms: Mapped[int] = mapped_column(BigInteger)
    played_ms: Mapped[int] = mapped_column(BigInteger)
    rated_ms: Mapped[int] = mapped_column(BigInteger)
    kilobits: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int]


class TitleDayRow(Base):
    """Sums of a title's playbacks by day (UTC): no person, no device, no address.

    `day` counts from 1970-01-01. What was watched comes with renewals of leases, in their own transaction.
    """

    __tablename__ = "title_days"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    plays: Mapped[int] = mapped_column(default=0)
    watched_s: Mapped[float] = mapped_column(default=0.0)
    refused: Mapped[int] = mapped_column(default=0)
    """Starts refused because every screen of the licence was taken."""
    startups: Mapped[int] = mapped_column(default=0)
    slow_startups: Mapped[int] = mapped_column(default=0)
    startup_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    stalls: Mapped[int] = mapped_column(default=0)
    stalled_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    played_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    rated_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    kilobits: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[int] = mapped_column(default=0)
