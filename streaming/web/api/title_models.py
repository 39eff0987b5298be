"""JSON of titles: what goes out, and what may be changed."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from streaming.catalogue.service import TitleChanges
from streaming.catalogue.values import Priority, Protection, TitlePage, TitleView

M = TypeVar("M", bound=BaseModel)
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str),
]


class ProgressOut(BaseModel):
    """How far the making is; `eta_s` is null while nobody can know, `queue_position` 1 is next.

    `prepared_s` of a film that is still uploaded will play as soon as its last byte is here.
    """

    stage: str
    percent: float
    frames_done: int
    frames_total: int
    eta_s: float | None
    playable_s: float
    queue_position: int | None
    prepared_s: float


class FailureOut(BaseModel):
    """Why a title could not be made, and what to do."""

    code: str
    sentence: str
    hint: str


class ChunkFailureOut(BaseModel):
    """A stretch of film that could not be encoded: which, why, and ffmpeg's last lines; seconds of film."""

    number: int
    part: str
    start_s: float
    end_s: float
    code: str
    sentence: str
    lines: list[str]


class RenditionOut(BaseModel):
    """One stream of a title; `bandwidth` in bit/s at its peak; its owner hears the `reason` for it."""

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
    channels: int | None
    reason: str


class TitleOut(BaseModel):
    """A title as the asker may see it; `failure` and `source_name` are told to its owner alone."""

    id: str
    name: str
    description: str
    year: int | None
    state: str
    owner_name: str
    mine: bool
    duration_s: float | None
    created_at: Moment
    width: int | None
    height: int | None
    progress: ProgressOut | None
    failure: FailureOut | None
    remake: ProgressOut | None
    chunk_failures: list[ChunkFailureOut]
    priority: Priority
    priority_by_house: bool
    renditions: list[RenditionOut]
    poster_url: str | None
    size_bytes: int
    source_name: str
    plan_reasons: list[str]
    protection: Protection

    @classmethod
    def of(cls, title: TitleView) -> "TitleOut":
        """Show a title."""
        return cls(
            id=title.id,
            name=title.name,
            description=title.description,
            year=title.year,
            state=title.state.value,
            owner_name=title.owner_name,
            mine=title.mine,
            duration_s=title.duration_s,
            created_at=title.created_at,
            width=title.width,
            height=title.height,
            progress=_plain(ProgressOut, title.progress),
            failure=_plain(FailureOut, title.failure),
            remake=_plain(ProgressOut, title.remake),
            chunk_failures=[
                ChunkFailureOut.model_validate(one, from_attributes=True) for one in title.chunk_failures
            ],
            priority=title.priority,
            priority_by_house=title.priority_by_house,
            renditions=[RenditionOut.model_validate(one, from_attributes=True) for one in title.renditions],
            poster_url=poster_address(title),
            size_bytes=title.size_bytes,
            source_name=title.source_name,
            plan_reasons=list(title.plan_reasons),
            protection=Protection(title.protection),
        )


class TitlesOut(BaseModel):
    """A page of titles, newest first; `cursor` is null on the last one."""

    items: list[TitleOut]
    cursor: str | None

    @classmethod
    def of(cls, page: TitlePage) -> "TitlesOut":
        """Show a page."""
        return cls(items=[TitleOut.of(title) for title in page.titles], cursor=page.cursor or None)


class TitlePatch(BaseModel):
    """New words and priority for a title; what is left out stays, a null year is taken away."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=400)
    description: str | None = Field(default=None, max_length=4000)
    year: int | None = Field(default=None, ge=1870, le=2200)
    priority: Priority | None = None

    def value(self) -> TitleChanges:
        """Give the service's value."""
        cleared = "year" in self.model_fields_set and self.year is None
        return TitleChanges(
            self.name, self.description, self.year, clear_year=cleared, priority=self.priority
        )


def poster_address(title: TitleView) -> str | None:
    """Where a title's picture is given; another picture has another address, so that browsers may keep it."""
    return f"/api/v1/titles/{title.id}/poster?v={title.poster_tag}" if title.poster_tag else None


def _plain(model: type[M], value: object) -> M | None:
    return None if value is None else model.model_validate(value, from_attributes=True)
