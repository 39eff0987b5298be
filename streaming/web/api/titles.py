"""Routes of titles: list, show, change, cancel, retry, delete, and the poster."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from streaming.catalogue.values import Protection
from streaming.ids import TitleId
from streaming.web.api.title_models import TitleOut, TitlePatch, TitlesOut
from streaming.web.asking import asker
from streaming.web.deps import SIGNED_IN, Creator, Viewer, services
from streaming.web.problems import documented

router = APIRouter(prefix="/api/v1/titles", tags=["titles"], dependencies=SIGNED_IN)

POSTER_SECONDS = 300


class Scope(StrEnum):
    """Which titles to list."""

    ALL = "all"
    MINE = "mine"


@router.get("", responses=documented(400, 401))
def list_titles(
    request: Request,
    who: Viewer,
    q: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
    scope: Annotated[Scope, Query(description="One's own, or also those one may watch.")] = Scope.ALL,
    cursor: Annotated[str, Query(max_length=200, description="`cursor` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> TitlesOut:
    """List one's titles and those one may watch, newest first."""
    catalogue = services(request).catalogue
    mine = scope is Scope.MINE
    return TitlesOut.of(catalogue.page(asker(who), query=q, mine=mine, cursor=cursor, limit=limit))


@router.get("/{title_id}", responses=documented(401, 404))
def show(request: Request, who: Viewer, title_id: str) -> TitleOut:
    """Show a title: its state, and how far its making is."""
    return TitleOut.of(services(request).catalogue.show(asker(who), TitleId(title_id)))


@router.patch("/{title_id}", responses=documented(400, 401, 403, 404))
def change(request: Request, who: Creator, title_id: str, body: TitlePatch) -> TitleOut:
    """Change a title's words, or what is wanted before other films: an admin's priority beats everybody's."""
    return TitleOut.of(services(request).catalogue.change(asker(who), TitleId(title_id), body.value()))


@router.delete("/{title_id}", status_code=204, responses=documented(401, 403, 404))
def delete(request: Request, who: Creator, title_id: str) -> None:
    """Delete a title for good: keys, rows, licences, upload and segments."""
    services(request).catalogue.delete(asker(who), TitleId(title_id))


@router.post("/{title_id}/cancel", responses=documented(401, 403, 404, 409))
def cancel(request: Request, who: Creator, title_id: str) -> TitleOut:
    """Stop the making of a title, or its being made anew; what was made goes, the upload is kept."""
    return TitleOut.of(services(request).catalogue.cancel(asker(who), TitleId(title_id)))


@router.post("/{title_id}/retry", responses=documented(401, 403, 404, 409))
def retry(
    request: Request,
    who: Creator,
    title_id: str,
    chunk: Annotated[int | None, Query(ge=0, description="Try this failed chunk alone again.")] = None,
) -> TitleOut:
    """Make a failed or cancelled title again from its upload; finished chunks are kept."""
    return TitleOut.of(services(request).catalogue.retry(asker(who), TitleId(title_id), chunk))


@router.post("/{title_id}/remake", responses=documented(400, 401, 403, 404, 409))
def remake(
    request: Request,
    who: Creator,
    title_id: str,
    protection: Annotated[
        Protection | None, Query(description="How it is protected; left out: as it was.")
    ] = None,
) -> TitleOut:
    """Make a finished title anew from its upload, to today's ladder and under new keys; the old plays on.

    Where the upload is gone, a new one whose `Upload-Metadata` names the title as `remakes` does the same.
    """
    catalogue, word = services(request).catalogue, protection.value if protection else ""
    return TitleOut.of(catalogue.remake(asker(who), TitleId(title_id), word))


@router.get(
    "/{title_id}/poster",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture, in clear."},
        304: {"description": "The picture one has is the present one."},
        **documented(401, 404),
    },
)
def poster(request: Request, who: Viewer, title_id: str) -> Response:
    """Give a title's picture, decrypted for somebody who may know of the title."""
    catalogue = services(request).catalogue
    headers = {
        "ETag": f'"{catalogue.poster_etag(asker(who), TitleId(title_id))}"',
        "Cache-Control": f"private, max-age={POSTER_SECONDS}",
        "Vary": "Cookie, Authorization",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    found = catalogue.poster(asker(who), TitleId(title_id))
    return Response(found.data, media_type=found.media_type, headers=headers)
