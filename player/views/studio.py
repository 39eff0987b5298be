"""The studio: the creator's films, one film in full, and issuing a licence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from player.views.common import Failure, LicenceTerms, Page, Progress, Tier, TitleState
from player.views.offers import HistoryLine, OfferCard


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished upload: its file's name, how many of its bytes are safe, until when it is kept."""

    id: str
    title_id: str
    filename: str
    length: int
    offset: int
    expires_at: datetime | None = None

    @property
    def percent(self) -> float:
        """How much is safe, 0–100."""
        return 100.0 * self.offset / self.length if self.length else 0.0


class Priority(StrEnum):
    """What is wanted before or after other films."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class StudioFilm:
    """One row of the studio's table."""

    id: str
    name: str
    state: TitleState
    created_at: datetime
    still_url: str | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    licences: int = 0
    watching: int = 0
    minutes_watched: int = 0
    progress: Progress | None = None
    remake: Progress | None = None
    """How far the version is that shall take the place of the one that plays."""
    failure: Failure | None = None
    upload: Upload | None = None
    priority: Priority = Priority.NORMAL
    priority_by_house: bool = False

    @property
    def arriving(self) -> bool:
        """Whether there is nothing of it yet but an unfinished upload."""
        return self.upload is not None and self.state is TitleState.UPLOADING

    @property
    def playable(self) -> bool:
        """Whether "watch now" makes sense."""
        begun = self.progress is not None and self.progress.playable_s > 0
        return self.state is TitleState.READY or (self.state is TitleState.ENCODING and begun)


@dataclass(frozen=True, slots=True)
class Studio:
    """`/studio`: films newest first; `quota_bytes` None means no limit."""

    template: ClassVar[str] = "studio.html"
    room: ClassVar[str] = "studio"

    page: Page
    films: tuple[StudioFilm, ...] = ()
    total: int = 0
    used_bytes: int = 0
    quota_bytes: int | None = None
    query: str = ""
    more_url: str | None = None


class TrackKind(StrEnum):
    """What a track carries."""

    AUDIO = "audio"
    TEXT = "text"


class TrackRole(StrEnum):
    """What a track is for."""

    MAIN = "main"
    COMMENTARY = "commentary"
    DESCRIPTION = "description"
    SDH = "sdh"


@dataclass(frozen=True, slots=True)
class Track:
    """A sound or subtitle track: `name` as menus call it, `language` a code ("und": not said).

    `detail` is such as "AAC stereo, Opus 5.1"; an `uploaded` track came from a file of its own.
    """

    id: str
    kind: TrackKind
    name: str
    language: str = "und"
    label: str = ""
    detail: str = ""
    role: TrackRole = TrackRole.MAIN
    forced: bool = False
    default: bool = False
    uploaded: bool = False


@dataclass(frozen=True, slots=True)
class SubtitleDraft:
    """The form of a subtitle file, filled in: `error` is the sentence about the file that was refused."""

    language: str = "und"
    label: str = ""
    sdh: bool = False
    forced: bool = False
    default: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that can be the poster; `origin` is `film`, `cover` (art inside the file) or `upload`."""

    number: int
    url: str
    origin: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """A rendition: bits a second, its reason in words, and percent encoded (None: not begun).

    `codec` is named where it is not H.264, which every player knows.
    """

    name: str
    height: int | None = None
    width: int | None = None
    bitrate: int | None = None
    tier: Tier = Tier.SD
    reason: str = ""
    percent: float | None = None
    codec: str = ""


@dataclass(frozen=True, slots=True)
class ChunkFault:
    """A stretch of the film that could not be encoded; `lines` are the encoder's last."""

    number: int
    sentence: str
    code: str
    lines: tuple[str, ...] = ()


class HolderKind(StrEnum):
    """Who a licence is for."""

    ACCOUNT = "account"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """A licence in a list; `holder` is the account's name or the link's label."""

    id: str
    holder_kind: HolderKind
    holder: str
    terms: LicenceTerms
    issued_at: datetime
    watching: int = 0
    plays: int | None = None
    """Of a link: how many browsers used it, and (`max_plays`) how many may."""
    max_plays: int | None = None


@dataclass(frozen=True, slots=True)
class LinkUse:
    """One browser that came in by a link."""

    id: str
    used_at: datetime
    device: str
    network: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class GuestLink:
    """`/studio/t/{id}/links/{licence}`: what a link asks for and who used it, as far as that is kept."""

    template: ClassVar[str] = "link.html"
    room: ClassVar[str] = "studio"

    page: Page
    licence_id: str
    title_id: str
    title_name: str
    label: str
    terms: LicenceTerms
    plays: int = 0
    max_plays: int | None = None
    redeem_until: datetime | None = None
    has_password: bool = False
    watching: int = 0
    uses: tuple[LinkUse, ...] = ()
    kept_days: int = 90


@dataclass(frozen=True, slots=True)
class StudioTitle:
    """`/studio/t/{id}`: a film in full. `link_once` is a licence link just issued, shown this one time."""

    template: ClassVar[str] = "studio_title.html"
    room: ClassVar[str] = "studio"

    page: Page
    film: StudioFilm
    description: str = ""
    year: int | None = None
    poster_url: str | None = None
    source_name: str = ""
    picture: str = ""
    """The size of the source's picture, in words."""
    protection: str = ""
    """How the version that plays is encrypted, "aes-128" or "cbcs"; "" before there is one."""
    tracks: tuple[Track, ...] = ()
    languages: tuple[tuple[str, str], ...] = ()
    """Codes and names to choose a track's language from."""
    candidates: tuple[Candidate, ...] = ()
    poster_error: str = ""
    """The sentence about a picture that was refused."""
    may_change: bool = False
    """Whether poster and subtitles can be changed now."""
    subtitle_draft: SubtitleDraft | None = None
    """Opens the form of a subtitle file."""
    ladder: tuple[Rung, ...] = ()
    plan_reasons: tuple[str, ...] = ()
    faults: tuple[ChunkFault, ...] = ()
    can_remake: bool = False
    """Whether the source is still here."""
    licences: tuple[LicenceRow, ...] = ()
    licences_total: int = 0
    link_once: str | None = None
    offers: tuple[OfferCard, ...] = ()
    history: tuple[HistoryLine, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferLicence:
    """`/studio/t/{id}/licences/{licence}/transfer`: the form that gives a licence to another account."""

    template: ClassVar[str] = "licence_transfer.html"
    room: ClassVar[str] = "studio"

    page: Page
    licence_id: str
    title_id: str
    title_name: str
    holder: str
    terms: LicenceTerms
    watching: int = 0


@dataclass(frozen=True, slots=True)
class LicenceDraft:
    """The form as filled in. Times are `YYYY-MM-DDTHH:MM` in the viewer's zone, empty for now / no end."""

    holder_kind: HolderKind = HolderKind.ACCOUNT
    to: str = ""
    label: str = ""
    valid_from: str = ""
    valid_until: str = ""
    rental_count: str = ""
    rental_unit: str = "days"
    playback_count: str = ""
    playback_unit: str = "hours"
    tier: Tier = Tier.HD
    max_streams: str = "1"
    max_devices: str = ""
    max_plays: str = ""
    redeem_until: str = ""
    may_finish: bool = False


@dataclass(frozen=True, slots=True)
class FieldError:
    """A sentence about one field; `field` is its name in the form, empty for the whole form."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class IssueLicence:
    """`/studio/t/{id}/licences/new`, and of a channel. `link_once` opens the success panel with the link.

    `on_channel`: `title_id` and `title_name` are a channel's, and the licence is for an account.
    """

    template: ClassVar[str] = "licence_new.html"
    room: ClassVar[str] = "studio"

    page: Page
    title_id: str
    title_name: str
    duration_s: float | None = None
    poster_url: str | None = None
    best_tier: Tier = Tier.HD
    draft: LicenceDraft = LicenceDraft()
    errors: tuple[FieldError, ...] = ()
    readback: str = ""
    link_once: str | None = None
    on_channel: bool = False

    @property
    def issue_url(self) -> str:
        """Where it is issued."""
        return f"/api/v1/{'channels' if self.on_channel else 'titles'}/{self.title_id}/licences"

    @property
    def back_url(self) -> str:
        """Where one came from, and where the licence is then."""
        return f"/studio/channels#{self.title_id}" if self.on_channel else f"/studio/t/{self.title_id}"

    def error(self, field: str) -> str:
        """The sentence about this field, or nothing."""
        return next((e.sentence for e in self.errors if e.field == field), "")
