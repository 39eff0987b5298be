"""What the catalogue says and is told: typed values without behaviour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from streaming.ids import AccountId, TitleId, UploadId, VersionId


class TitleState(StrEnum):
    """Where a title stands, as its creator sees it."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    ENCODING = "encoding"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What is being done to a title right now."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    PROBING = "probing"
    PLANNING = "planning"
    ENCODING = "encoding"
    VERIFYING = "verifying"
    DONE = "done"


class Priority(StrEnum):
    """What is wanted before or after other films."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """1, 0 or -1, as the tables have it."""
        return {Priority.HIGH: 1, Priority.NORMAL: 0, Priority.LOW: -1}[self]

    @classmethod
    def of(cls, rank: int) -> "Priority":
        """Read what `rank` wrote."""
        return {1: cls.HIGH, 0: cls.NORMAL, -1: cls.LOW}[rank]


class Protection(StrEnum):
    """How a title's pictures and sound are encrypted: whole segments, or samples as DRM systems have it."""

    AES_128 = "aes-128"
    CBCS = "cbcs"


class Phase(StrEnum):
    """What workers have to do with a version. A title's first version shows it in the title's state."""

    REST = "rest"
    QUEUED = "queued"
    MAKING = "making"

    @classmethod
    def of(cls, state: TitleState) -> "Phase":
        """The phase of the version that a title's state speaks of."""
        return {TitleState.QUEUED: cls.QUEUED, TitleState.ENCODING: cls.MAKING}.get(state, cls.REST)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an account, and whether it may see and do everything."""

    account_id: AccountId
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a title could not be made: a small code, a sentence, and what to do."""

    code: str
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the making is. Frames are summed over the video rungs; times are seconds."""

    stage: Stage
    percent: float
    frames_done: int
    frames_total: int
    eta_s: float | None
    playable_s: float
    queue_position: int | None
    prepared_s: float = 0.0
    """How much of a film that still arrives will play as soon as its last byte is here."""


@dataclass(frozen=True, slots=True)
class RenditionView:
    """What people are told of one rendition; its owner alone hears the `reason` for it."""

    name: str
    kind: str
    tier: str
    codecs: str
    width: int | None
    height: int | None
    bandwidth: int
    language: str
    label: str
    role: str
    forced: bool
    default: bool
    channels: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChunkFailure:
    """A stretch of film that could not be encoded: which, why, and ffmpeg's last `lines`; seconds of film."""

    number: int
    part: str
    start_s: float
    end_s: float
    code: str
    sentence: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubtitleWords:
    """What its creator says of a subtitle track; `language` is a code or "und"."""

    language: str = "und"
    label: str = ""
    sdh: bool = False
    forced: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class NewSubtitle:
    """A subtitle file as uploaded and what its creator says of it."""

    data: bytes
    words: SubtitleWords = SubtitleWords()


@dataclass(frozen=True, slots=True)
class SubtitleView:
    """A subtitle track; `origin` is `film` or `upload`."""

    name: str
    language: str
    label: str
    sdh: bool
    forced: bool
    default: bool
    origin: str


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A picture that can be the poster; `origin` is `film`, `cover` or `upload`, `tag` changes with it."""

    number: int
    origin: str
    chosen: bool
    tag: str = ""


@dataclass(frozen=True, slots=True)
class ChapterView:
    """A named stretch of film, in seconds; an empty title means its number."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True, slots=True)
class TitleView:
    """A title as one asker may see it; `failure` and `source_name` are for its owner alone."""

    id: TitleId
    name: str
    description: str
    year: int | None
    state: TitleState
    owner_id: AccountId
    owner_name: str
    mine: bool
    duration_s: float | None
    created_at: datetime
    width: int | None
    height: int | None
    progress: Progress | None
    failure: Failure | None
    renditions: tuple[RenditionView, ...]
    poster_tag: str
    """Changes with the poster; empty while there is none."""
    size_bytes: int
    source_name: str
    version_id: VersionId | None
    upload_id: UploadId | None
    chapters: tuple[ChapterView, ...] = ()
    chunk_failures: tuple[ChunkFailure, ...] = ()
    plan_reasons: tuple[str, ...] = ()
    """Why the ladder is as it is, in sentences for the owner; told with one title, not in lists."""
    remake: Progress | None = None
    """How far the version is that shall take the place of the one that plays."""
    priority: Priority = Priority.NORMAL
    priority_by_house: bool = False
    """Whether an operator set it: then it counts among everybody's films."""
    protection: str = Protection.AES_128


@dataclass(frozen=True, slots=True)
class TitlePage:
    """Some titles, newest first, and the cursor of the next page (empty: none)."""

    titles: tuple[TitleView, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the workflow needs to know of the version it makes; holds no key bytes in clear."""

    id: VersionId
    title_id: TitleId
    owner_id: AccountId
    number: int
    run: int
    upload_id: UploadId | None
    phase: Phase
    is_remake: bool
    """Whether another version of the title plays meanwhile."""
    period_seconds: int
    protection: str
    wrapped_title_secret: bytes | None
    wrapped_server_share: bytes | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A title taken from the queue: the version to make and which run of it this is."""

    version_id: VersionId
    run: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk of a task, and the attempt that its objects are named by."""

    number: int
    attempt: str


@dataclass(frozen=True, slots=True)
class Task:
    """Work that a worker has taken: chunks of one part of one version, in order, each committed by itself.

    One chunk, except for parts that one process makes for many chunks on end.
    """

    version_id: VersionId
    part: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What probing found out about the source."""

    duration_us: int
    width: int
    height: int
    frame_rate: Fraction
    chapters: tuple[ChapterView, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRendition:
    """A rendition as the plan states it, before anything is measured."""

    name: str
    kind: str
    tier: str
    timescale: int
    codecs: str = ""
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    channels: int | None = None
    language: str = "und"
    label: str = ""
    forced: bool = False
    role: str = "main"
    default: bool = False
    hdr: str = ""
    bandwidth: int = 0


@dataclass(frozen=True, slots=True)
class ChunkPart:
    """One committed-at-once piece of work: chunk `number`, the renditions of `part`."""

    number: int
    part: str
    frames: int = 0


@dataclass(frozen=True, slots=True)
class PartCount:
    """Frames of one part of a version, summed over its rungs: done (committed or running) and in total.

    Its finished chunks took `seconds` of their encoders for `timed_frames`.
    """

    done: int
    total: int
    seconds: float = 0.0
    timed_frames: int = 0


@dataclass(frozen=True, slots=True)
class NewInit:
    """A rendition's init segment; `object` is empty when an equal one is stored already.

    `period` is the one crypto period it is for (`cbcs`), or -1 where it is for all.
    """

    rendition: str
    object: str
    sha256: bytes
    size: int
    codecs: str = ""
    period: int = -1


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment as stored: ciphertext size and hash; ticks of the rendition's timescale."""

    rendition: str
    sequence: int
    object: str
    period: int
    start_ticks: int
    duration_ticks: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Everything one attempt at a chunk part wants to make visible."""

    number: int
    part: str
    attempt: str
    inits: tuple[NewInit, ...]
    segments: tuple[NewSegment, ...]
