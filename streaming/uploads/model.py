"""The table `uploads`, and `Upload`, the value everybody else sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, cast

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant
from streaming.ids import AccountId, TitleId, UploadId
from streaming.uploads.metadata import display_name, parse_metadata
from streaming.uploads.protocol import Standing

Kind = Literal["whole", "partial", "final"]


class State(StrEnum):
    """Where an upload is on its way; the last four are ends that answer 410 or keep answering HEAD."""

    RECEIVING = "receiving"
    JOINING = "joining"
    """A final upload whose parts are being copied together; after a crash it is taken back."""
    COMPLETE = "complete"
    """Every byte is durable; the hand-over is still owed (a partial one waits here to be joined)."""
    HANDED_OVER = "handed_over"
    SPENT = "spent"
    """Its title is verified and the file is deleted."""
    JOINED = "joined"
    """A partial upload whose bytes live on in a final one."""
    TERMINATED = "terminated"
    EXPIRED = "expired"


class UploadRow(Base):
    """One upload. How many bytes have arrived is in the ledger beside the file, not here (see files.py)."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    title_id: Mapped[str | None] = mapped_column(String(40))
    """No foreign key: an upload's tombstone outlives its title."""
    state: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(8))
    length: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes announced; NULL while deferred."""
    raw_metadata: Mapped[str] = mapped_column(Text, default="")
    raw_concat: Mapped[str] = mapped_column(Text, default="")
    joined_into: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it reached its present state, if that is not `receiving`."""
    gone_told: Mapped[bool] = mapped_column(default=False)
    """Whether the rest of the house was told that a terminated or expired upload is gone."""

    __table_args__ = (
        CheckConstraint(f"state IN {tuple(s.value for s in State)}", name="state_known"),
        CheckConstraint("kind IN ('whole', 'partial', 'final')", name="kind_known"),
        Index("ix_uploads_state", "state"),
    )


@dataclass(frozen=True)
class Upload:
    """An upload as it stands: `offset` bytes of `length` are durable (`length` None while unknown)."""

    id: UploadId
    owner_id: AccountId
    title_id: TitleId | None
    state: State
    kind: Kind
    length: int | None
    offset: int
    raw_metadata: str
    raw_concat: str
    joined_into: UploadId | None
    created_at: datetime
    touched_at: datetime
    """When the last byte was acknowledged, or the upload created."""
    expires_at: datetime | None
    """When it is given up, unless a byte arrives before; None once nothing is missing."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """The pairs of Upload-Metadata."""
        return parse_metadata(self.raw_metadata)

    @property
    def filename(self) -> str:
        """The file's name for display, bounded and without folders; never a path."""
        return display_name(self.metadata.get("filename", ""))

    @property
    def title(self) -> str:
        """The film's name as its creator typed it; empty where the file's name shall do."""
        return self.metadata.get("title", "").strip()

    @property
    def remakes(self) -> str:
        """The title that this file shall be the new source of; empty where a new title is made."""
        return self.metadata.get("remakes", "").strip()

    @property
    def protection(self) -> str:
        """How the film shall be protected, as its creator wrote; empty where they did not say."""
        return self.metadata.get("protection", "").strip()

    @property
    def standing(self) -> Standing:
        """What the protocol says about it."""
        return Standing(
            offset=self.offset,
            length=self.length,
            raw_metadata=self.raw_metadata,
            kind=self.kind,
            raw_concat=self.raw_concat,
            expires_at=self.expires_at,
        )


def kind_of(row: UploadRow) -> Kind:
    """Give the row's kind as the literal it is checked to be."""
    return cast(Kind, row.kind)
