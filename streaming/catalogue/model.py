"""Tables of the catalogue: titles, title_versions, renditions, chunks, chunk_attempts, segments."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant

TITLE_STATES = ("uploading", "queued", "encoding", "ready", "failed", "cancelled")


class TitleRow(Base):
    """A film as people know it; `version_id` names the version that plays (or is being made)."""

    __tablename__ = "titles"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    year: Mapped[int | None]
    source_name: Mapped[str] = mapped_column(String(200), default="")
    """The file's name as its creator knew it, for display only; never a path."""
    custody: Mapped[str] = mapped_column(String(10), default="managed")
    state: Mapped[str] = mapped_column(String(12))
    failure_code: Mapped[str | None] = mapped_column(String(40))
    failure_sentence: Mapped[str | None] = mapped_column(Text)
    failure_hint: Mapped[str | None] = mapped_column(Text)
    version_id: Mapped[str | None] = mapped_column(String(40))
    priority: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """-1, 0 or 1: what its owner wants before the rest of their own films."""
    house_priority: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """-1, 0 or 1: what an operator wants before everybody's films; 0 leaves it to turns."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint(f"state IN {TITLE_STATES}", name="state_known"),
        Index("ix_titles_state", "state"),
        Index("ix_titles_created", "created_at", "id"),
    )


class VersionRow(Base):
    """One making of a title under keys of its own: secrets (wrapped), source facts, progress."""

    __tablename__ = "title_versions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    """1, 2, … within the title: the `version` of the key schedule and of envelopes."""
    upload_id: Mapped[str | None] = mapped_column(String(40), index=True)
    protection: Mapped[str] = mapped_column(String(16), default="aes-128")
    period_seconds: Mapped[int] = mapped_column(default=60)
    wrapped_title_secret: Mapped[bytes | None]
    wrapped_server_share: Mapped[bytes | None]

    phase: Mapped[str] = mapped_column(String(8), default="rest", server_default=text("'rest'"), index=True)
    """`rest`, `queued` (waits for a worker) or `making`: what workers go by, see `values.Phase`."""
    run: Mapped[int] = mapped_column(default=0)
    """How many times a retry was asked for; part of the workflow's id from the first retry on."""
    queued_at: Mapped[datetime | None] = mapped_column(Instant)
    worker: Mapped[str | None] = mapped_column(String(40))
    """The worker that took the title from the queue and runs its workflow; chunks are anybody's."""
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)

    stage: Mapped[str] = mapped_column(String(12), default="uploading")
    frames_done: Mapped[int] = mapped_column(BigInteger, default=0)
    """Frames encoded, summed over the video rungs; `frames_total` counts the same way."""
    frames_total: Mapped[int] = mapped_column(BigInteger, default=0)
    percent: Mapped[float] = mapped_column(default=0.0, server_default=text("0"))
    """Of the whole work, weighted by what it costs; `eta_s` is the estimate of the seconds left."""
    eta_s: Mapped[float | None]
    estimates: Mapped[str] = mapped_column(Text, default="[]", server_default=text("'[]'"))
    """JSON: [[percent, microseconds since 1970, seconds left], …] as first said at 25, 50 and 75 %."""
    playable_us: Mapped[int] = mapped_column(BigInteger, default=0)

    duration_us: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    frame_rate_num: Mapped[int | None]
    frame_rate_den: Mapped[int | None]
    source_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)

    plan: Mapped[str | None] = mapped_column(Text, deferred=True)
    """The plan (JSON) that the chunk rows belong to; kept so that a newer planner cannot change it midway."""
    early_plan: Mapped[str | None] = mapped_column(Text, deferred=True)
    """The plan (JSON) by which the film's first seconds are made while its upload still arrives."""
    early_us: Mapped[int | None] = mapped_column(BigInteger)
    """How much of the film that made playable; NULL where nothing is, or once it counts in `playable_us`. As
    long as it is not NULL, nobody may be shown anything of the version."""
    chapters: Mapped[str | None] = mapped_column(Text)
    """JSON: [[start, end, title], …] in seconds of film."""
    texts_made: Mapped[int] = mapped_column(default=0)
    """Numbers of text renditions used so far. A name is never used again: key and IV come from it."""
    poster_object: Mapped[str | None] = mapped_column(String(200))
    """The chosen one of the version's `poster_candidates`."""
    poster_type: Mapped[str | None] = mapped_column(String(40))
    manifest_object: Mapped[str | None] = mapped_column(String(200))
    manifest_sha256: Mapped[bytes | None]


class PosterCandidateRow(Base):
    """A sealed picture that can be the poster; `title_versions.poster_object` names the chosen one."""

    __tablename__ = "poster_candidates"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("title_versions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(8))
    """`film` (a frame), `cover` (art inside the file) or `upload`."""
    object: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    """Bytes of the object (ciphertext)."""
    sha256: Mapped[bytes]


class RenditionRow(Base):
    """One stream of a version (`v480`, `a0`, `t0`): what a playlist says about it, and its init segment."""

    __tablename__ = "renditions"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("title_versions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(12), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(8))
    """`video`, `audio`, `text`, `iframe` (key frames to wind by) or `image` (the storyboard)."""
    tier: Mapped[str] = mapped_column(String(4))
    codecs: Mapped[str] = mapped_column(String(60), default="")
    """RFC 6381 string, e.g. `avc1.64001f`."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    frame_rate_num: Mapped[int | None]
    frame_rate_den: Mapped[int | None]
    """Frames a second; of a storyboard, tiles a second."""
    channels: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(20), default="und")
    label: Mapped[str] = mapped_column(String(100), default="")
    forced: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(String(12), default="main")
    """Sound: `main`, `commentary` or `description`; text: `main` or `sdh`."""
    is_default: Mapped[bool] = mapped_column(default=False)
    """What plays when nobody has chosen."""
    hdr: Mapped[str] = mapped_column(String(4), default="")
    """Pictures: `pq` or `hlg`, empty for SDR."""
    timescale: Mapped[int] = mapped_column(default=1)
    """Ticks a second of `segments.start_ticks` and `duration_ticks`."""
    bandwidth: Mapped[int] = mapped_column(BigInteger, default=0)
    """Peak bits a second over one segment (measured, or planned while nothing is measured)."""
    average_bandwidth: Mapped[int] = mapped_column(BigInteger, default=0)
    init_object: Mapped[str | None] = mapped_column(String(200))
    """Its init segment; of `cbcs` there is one for each crypto period (`period_inits`), and none here."""
    init_sha256: Mapped[bytes | None]
    init_bytes: Mapped[int] = mapped_column(default=0)


class PeriodInitRow(Base):
    """The init segment of a rendition for one crypto period, whose key it names (`cbcs`)."""

    __tablename__ = "period_inits"

    version_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rendition: Mapped[str] = mapped_column(String(12), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True)
    object: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[bytes]
    size: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "rendition"], ["renditions.version_id", "renditions.name"], ondelete="CASCADE"
        ),
    )


class ChunkRow(Base):
    """A stretch of film encoded at one go, for some of the renditions (`part`); committed at most once."""

    __tablename__ = "chunks"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("title_versions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    """`starter` (lowest rung and sound of chunk 0, and of those made while the film arrived), `rest` (the
    other rungs of these), `all`, `copy`, `text` or `board`."""
    frames: Mapped[int] = mapped_column(BigInteger)
    """Frames to encode here, summed over the part's video rungs."""
    attempt: Mapped[str | None] = mapped_column(String(8))
    """The attempt whose segments count; NULL until one has committed."""
    committed_at: Mapped[datetime | None] = mapped_column(Instant)
    faults: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Attempts that failed since the chunk was last asked for."""
    deaths: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Workers that died over it since then."""
    failure_code: Mapped[str | None] = mapped_column(String(40))
    """Set when it is given up: nobody tries it again until somebody asks for it."""
    failure_sentence: Mapped[str | None] = mapped_column(Text)
    failure_hint: Mapped[str | None] = mapped_column(Text)


class ChunkAttemptRow(Base):
    """One try at one chunk part; objects carry its id in their names.

    A running attempt is also the claim: as long as there is one, nobody else takes the chunk.
    """

    __tablename__ = "chunk_attempts"

    attempt: Mapped[str] = mapped_column(String(8), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("title_versions.id", ondelete="CASCADE"))
    number: Mapped[int]
    part: Mapped[str] = mapped_column(String(10))
    worker: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(10), default="running")
    """`running`, `committed`, `lost` (another attempt won), `failed`, `died` (its worker) or `cancelled`."""
    frames_done: Mapped[int] = mapped_column(BigInteger, default=0)
    beat_at: Mapped[datetime] = mapped_column(Instant)
    """Last sign of life; the collector spares objects of attempts that beat lately."""
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    detail: Mapped[str] = mapped_column(Text, default="")
    """ffmpeg's last lines when it failed."""

    __table_args__ = (Index("ix_chunk_attempts_chunk", "version_id", "number", "part"),)


class SegmentRow(Base):
    """One visible encrypted segment. A row exists exactly when its chunk part has committed."""

    __tablename__ = "segments"

    version_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rendition: Mapped[str] = mapped_column(String(12), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    """Index in the segment grid from 0: the media sequence number, and the AES-128 IV."""
    chunk: Mapped[int]
    part: Mapped[str] = mapped_column(String(10))
    object: Mapped[str] = mapped_column(String(200))
    period: Mapped[int]
    start_ticks: Mapped[int] = mapped_column(BigInteger)
    duration_ticks: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the object (ciphertext)."""
    sha256: Mapped[bytes]
    """SHA-256 of the object (ciphertext)."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "rendition"], ["renditions.version_id", "renditions.name"], ondelete="CASCADE"
        ),
        {"sqlite_with_rowid": False},
    )
