"""Routes of what is added to a published title: subtitle tracks, and the picture that is its poster."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from streaming.catalogue.values import CandidateView, NewSubtitle, SubtitleView, SubtitleWords
from streaming.errors import Code, Fault
from streaming.ids import TitleId
from streaming.web.asking import asker
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented
from transcoder.pictures.poster import MOST_UPLOAD
from transcoder.texts.subtitlefile import MOST_BYTES

router = APIRouter(prefix="/api/v1/titles/{title_id}", tags=["titles"], dependencies=SIGNED_IN)
FILE = {
    "requestBody": {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    }
}


class SubtitleOut(BaseModel):
    """A subtitle track; `origin` is `film` (it came inside the file) or `upload`."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    language: str
    label: str
    sdh: bool
    forced: bool
    default: bool
    origin: str


class SubtitlesOut(BaseModel):
    """A title's subtitle tracks, in the order in which players show them."""

    items: list[SubtitleOut]


class SubtitlePatch(BaseModel):
    """What shall be said of a track from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(default=None, max_length=20)
    label: str | None = Field(default=None, max_length=80)
    sdh: bool | None = None
    forced: bool | None = None
    default: bool | None = None

    def changed(self, words: SubtitleWords) -> SubtitleWords:
        """Give the words as they shall be."""
        return SubtitleWords(
            words.language if self.language is None else self.language,
            words.label if self.label is None else self.label,
            words.sdh if self.sdh is None else self.sdh,
            words.forced if self.forced is None else self.forced,
            words.default if self.default is None else self.default,
        )


class CandidateOut(BaseModel):
    """A picture that can be the poster; `origin` is `film`, `cover` (art inside the file) or `upload`."""

    number: int
    origin: str
    chosen: bool
    url: str

    @classmethod
    def of(cls, title_id: str, one: CandidateView) -> "CandidateOut":
        """Show a picture."""
        return cls(
            number=one.number, origin=one.origin, chosen=one.chosen, url=picture_address(title_id, one)
        )


class CandidatesOut(BaseModel):
    """The pictures to choose a poster from."""

    items: list[CandidateOut]


class ChoiceIn(BaseModel):
    """Which picture shall be the poster."""

    model_config = ConfigDict(extra="forbid")

    candidate: int = Field(ge=0, le=10_000)


Language = Annotated[str, Query(max_length=20, description="ISO 639 or BCP 47 code, like `en`.")]
Label = Annotated[str, Query(max_length=80, description="What menus call the track.")]
Flag = Annotated[bool, Query()]


@router.get("/subtitles", responses=documented(401, 403, 404))
def subtitles(request: Request, who: Creator, title_id: str) -> SubtitlesOut:
    """List a title's subtitle tracks."""
    found = services(request).subtitles.tracks(asker(who), TitleId(title_id))
    return SubtitlesOut(items=[SubtitleOut.model_validate(one) for one in found])


@router.post(
    "/subtitles", status_code=201, responses=documented(400, 401, 403, 404, 409, 413), openapi_extra=FILE
)
async def add_subtitle(
    request: Request,
    who: Creator,
    title_id: str,
    language: Language = "und",
    label: Label = "",
    sdh: Flag = False,
    forced: Flag = False,
    default: Flag = False,
    replaces: Annotated[str, Query(max_length=12, description="A track to take the place of.")] = "",
) -> SubtitleOut:
    """Add a subtitle track: the body is an .srt, .vtt, .ass or .ssa file of at most 8 MB.

    Nothing is encoded anew. Whoever opens the film from now on finds the track.
    """
    new = NewSubtitle(await _body(request, MOST_BYTES), SubtitleWords(language, label, sdh, forced, default))
    house = services(request)
    made: SubtitleView = await run_in_threadpool(
        house.subtitles.add, asker(who), TitleId(title_id), new, replaces
    )
    return SubtitleOut.model_validate(made)


@router.patch("/subtitles/{name}", responses=documented(400, 401, 403, 404, 409))
def change_subtitle(
    request: Request, who: Creator, title_id: str, name: str, body: SubtitlePatch
) -> SubtitleOut:
    """Change what is said of a subtitle track: its language, its label, its flags."""
    house = services(request)
    made = house.subtitles.change(asker(who), TitleId(title_id), name, body.changed)
    return SubtitleOut.model_validate(made)


@router.delete("/subtitles/{name}", status_code=204, responses=documented(401, 403, 404, 409))
def remove_subtitle(request: Request, who: Creator, title_id: str, name: str) -> None:
    """Take a subtitle track away."""
    services(request).subtitles.remove(asker(who), TitleId(title_id), name)


@router.get("/posters", responses=documented(401, 403, 404))
def posters(request: Request, who: Creator, title_id: str) -> CandidatesOut:
    """List the pictures to choose a poster from."""
    found = services(request).pictures.candidates(asker(who), TitleId(title_id))
    return CandidatesOut(items=[CandidateOut.of(title_id, one) for one in found])


@router.get(
    "/posters/{number}",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture, in clear."},
        **documented(401, 403, 404, 409),
    },
)
def picture(request: Request, who: Creator, title_id: str, number: int) -> Response:
    """Give one of those pictures, decrypted for the title's owner."""
    data = services(request).pictures.picture(asker(who), TitleId(title_id), number)
    headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie, Authorization"}
    return Response(data, media_type="image/jpeg", headers=headers)


@router.put("/poster", status_code=204, responses=documented(400, 401, 403, 404))
def choose_poster(request: Request, who: Creator, title_id: str, body: ChoiceIn) -> None:
    """Make one of those pictures the poster."""
    services(request).pictures.choose(asker(who), TitleId(title_id), body.candidate)


@router.post(
    "/posters", status_code=201, responses=documented(400, 401, 403, 404, 409, 413), openapi_extra=FILE
)
async def add_poster(request: Request, who: Creator, title_id: str) -> CandidateOut:
    """Add a picture and make it the poster: the body is a JPEG or WebP file of at most 16 MB.

    It is decoded and encoded anew, at most 1280 pixels wide.
    """
    data = await _body(request, MOST_UPLOAD)
    house = services(request)
    made: CandidateView = await run_in_threadpool(house.pictures.add, asker(who), TitleId(title_id), data)
    return CandidateOut.of(title_id, made)


def picture_address(title_id: str, one: CandidateView) -> str:
    """Where one of the pictures to choose from is given; another picture has another address."""
    return f"/api/v1/titles/{title_id}/posters/{one.number}?v={one.tag}"


async def _body(request: Request, most: int) -> bytes:
    """Read a file that somebody signed in sends. Raises `Fault` TOO_LARGE."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise Fault(
                Code.TOO_LARGE,
                f"This file is larger than {most >> 20} MB.",
                "Send a smaller one.",
                name="file_too_large",
            )
    return bytes(data)
