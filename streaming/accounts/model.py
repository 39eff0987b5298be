"""Tables of accounts: people, their logins and their API tokens."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from streaming.accounts.principal import Role
from streaming.db.base import Base, Instant

_ROLES = ", ".join(f"'{role}'" for role in Role)


class AccountRow(Base):
    """A person. `name_key` is the caseless name; the hashes are salted HMACs of strong keys."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(128), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    password_changed_at: Mapped[datetime] = mapped_column(Instant)
    client_salt: Mapped[bytes] = mapped_column(LargeBinary)
    auth_salt: Mapped[bytes] = mapped_column(LargeBinary)
    auth_digest: Mapped[bytes] = mapped_column(LargeBinary)
    x25519_public: Mapped[bytes] = mapped_column(LargeBinary)
    ed25519_public: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_private: Mapped[bytes] = mapped_column(LargeBinary)
    recovery_salt: Mapped[bytes] = mapped_column(LargeBinary)
    recovery_digest: Mapped[bytes] = mapped_column(LargeBinary)
    recovery_wrapped_private: Mapped[bytes] = mapped_column(LargeBinary)


class SessionRow(Base):
    """A login on one device. A session is live while its row is here and `expires_at` is ahead.

    `expires_at` is the earlier of 30 days after the last sight and 90 days after the login.
    """

    __tablename__ = "auth_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    device: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class TokenRow(Base):
    """An API token; it lives until its row goes."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
