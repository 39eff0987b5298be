"""Tables of the devices people watch on: each account's, the licences they play, and removals."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant


class DeviceRow(Base):
    """A browser profile or an API token of one account.

    `mark` is a hash of the account and of what the device holds, so that two accounts at one browser cannot
    be seen to share it.
    """

    __tablename__ = "viewing_devices"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    played_at: Mapped[datetime] = mapped_column(Instant)
    """When it last started a film."""


class LicenceDeviceRow(Base):
    """A device that has played under a licence, and holds one of its places until it is removed."""

    __tablename__ = "licence_devices"

    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[str] = mapped_column(
        ForeignKey("viewing_devices.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RemovalRow(Base):
    """A place of a licence that was freed by removing a device lately in use."""

    __tablename__ = "device_removals"

    id: Mapped[int] = mapped_column(primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
