"""tus 1.0.0 over HTTP: reads headers, passes the body on as it arrives, writes headers. No decisions here."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from streaming.errors import Fault
from streaming.uploads import protocol
from streaming.uploads.model import Upload
from streaming.uploads.protocol import effective_method, require_version
from streaming.uploads.reception import Cut
from streaming.uploads.refusals import Refusal
from streaming.uploads.service import UploadService
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import Problems, documented

PATH = "/api/v1/uploads"


async def upload_service(request: Request) -> UploadService:
    """Give the upload service of the app that serves this request."""
    return services(request).uploads


Uploads = Annotated[UploadService, Depends(upload_service)]


class TusRoute(APIRoute):
    """Answers refusals as the protocol wants them, and says `Tus-Resumable` on every answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's own handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Refusal as refusal:
                response = refused(refusal)
            except Fault as fault:
                response = Problems().refuse(request, fault)
            except Cut:
                response = Response(status_code=400)  # nobody is there to read it
            response.headers["Tus-Resumable"] = protocol.VERSION
            return response

        return answer


def refused(refusal: Refusal) -> Response:
    """Make the problem document (RFC 9457) of a refusal."""
    return Response(
        orjson.dumps(refusal.problem()),
        refusal.status,
        {"Cache-Control": "no-store"} | refusal.headers,
        "application/problem+json",
    )


router = APIRouter(prefix=PATH, tags=["uploads"], route_class=TusRoute)


class UnfinishedUpload(BaseModel):
    """An upload that waits for its next byte. Sizes in bytes; `length` is null while unknown."""

    id: str
    title_id: str | None
    filename: str
    length: int | None
    offset: int
    expires_at: datetime | None
    fingerprint: str


@router.get("", dependencies=SIGNED_IN, responses=documented(401, 403))
def list_unfinished(principal: Creator, uploads: Uploads) -> list[UnfinishedUpload]:
    """List my unfinished uploads, newest first."""
    return [_shown(upload) for upload in uploads.unfinished(principal.account_id)]


def _shown(upload: Upload) -> UnfinishedUpload:
    return UnfinishedUpload(
        id=upload.id,
        title_id=upload.title_id,
        filename=upload.filename,
        length=upload.length,
        offset=upload.offset,
        expires_at=upload.expires_at,
        fingerprint=upload.metadata.get("fingerprint", ""),
    )


@router.options("", status_code=204)
@router.options("/{upload_id}", status_code=204, include_in_schema=False)
async def abilities(uploads: Uploads) -> Response:
    """Say which version, extensions, sizes and checksums this server knows (tus 1.0.0, OPTIONS)."""
    return Response(status_code=204, headers=protocol.options_headers(uploads.max_size))


@router.post("", status_code=201, dependencies=SIGNED_IN, responses=documented(400, 401, 403, 412, 413, 415))
async def create(request: Request, principal: Creator, uploads: Uploads) -> Response:
    """Create an upload (tus 1.0.0, Creation); the answer's `Location` takes its bytes.

    Headers: `Upload-Length` or `Upload-Defer-Length: 1`, `Upload-Metadata` (filename, title, filetype,
    fingerprint), `Upload-Concat`; the body may bring the first bytes. `Matinee-Title` names the new title.
    """
    require_version(request.headers.get("tus-resumable"))
    creation = protocol.read_creation(request.headers, uploads.max_size)
    upload = await uploads.create(principal.account_id, creation, _body(request))
    headers = {"Location": f"{PATH}/{upload.id}"}
    if upload.title_id is not None:
        headers["Matinee-Title"] = upload.title_id
    standing = upload.standing
    brought = creation.carries_bytes or creation.kind == "final"
    headers |= protocol.progress_headers(standing) if brought else protocol.expiry_headers(standing)
    return Response(status_code=201, headers=headers)


@router.head("/{upload_id}", dependencies=SIGNED_IN, responses=documented(401, 403, 404, 410, 412))
async def look(upload_id: str, request: Request, principal: Creator, uploads: Uploads) -> Response:
    """Say in `Upload-Offset` how many bytes are durable (tus 1.0.0, HEAD)."""
    require_version(request.headers.get("tus-resumable"))
    upload = await uploads.look(principal.account_id, upload_id)
    headers = protocol.standing_headers(upload.standing)
    if upload.title_id is not None:
        headers["Matinee-Title"] = upload.title_id
    return Response(status_code=200, headers=headers)


@router.patch(
    "/{upload_id}",
    status_code=204,
    dependencies=SIGNED_IN,
    responses=documented(400, 401, 403, 404, 409, 410, 412, 413, 415, 423, 507),
)
async def append(upload_id: str, request: Request, principal: Creator, uploads: Uploads) -> Response:
    """Append the body at `Upload-Offset` (tus 1.0.0, PATCH); the answered offset is durable.

    With `Upload-Checksum` the body counts as a whole or not at all (460 when it does not match).
    """
    require_version(request.headers.get("tus-resumable"))
    chunk = protocol.read_chunk(request.headers)
    upload = await uploads.append(principal.account_id, upload_id, chunk, _body(request))
    return Response(status_code=204, headers=protocol.progress_headers(upload.standing))


@router.delete(
    "/{upload_id}", status_code=204, dependencies=SIGNED_IN, responses=documented(401, 403, 404, 409, 410)
)
async def terminate(upload_id: str, request: Request, principal: Creator, uploads: Uploads) -> Response:
    """Cancel an upload and remove its bytes (tus 1.0.0, Termination)."""
    require_version(request.headers.get("tus-resumable"))
    await uploads.terminate(principal.account_id, upload_id)
    return Response(status_code=204)


@router.post("/{upload_id}", include_in_schema=False)
async def override(upload_id: str, request: Request, principal: Creator, uploads: Uploads) -> Response:
    """Do what `X-HTTP-Method-Override` asks, for clients that can only GET and POST."""
    method = effective_method(request.method, request.headers.get("x-http-method-override"))
    if method == "OPTIONS":
        return await abilities(uploads)
    act = {"PATCH": append, "HEAD": look, "DELETE": terminate}.get(method)
    if act is None:
        raise Refusal(
            405,
            "method_not_allowed",
            "An upload takes PATCH, HEAD and DELETE.",
            "Create uploads one level up.",
            {"Allow": "OPTIONS, HEAD, PATCH, DELETE"},
        )
    return await act(upload_id, request, principal, uploads)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Cut from None
