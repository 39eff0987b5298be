"""Styles, scripts and pictures of the house, cached for good when their address carries a version."""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"
TEXTS = frozenset({".js", ".css", ".svg"})
"""What shrinks: the player to a third."""
MAX_PACKED = 128

mimetypes.add_type("application/speculationrules+json", ".speculationrules")


class StaticAssets(StaticFiles):
    """Files below a folder, texts packed. `?v=…` and names under `built/` change with their content."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file, with a long life in caches if its address is its version."""
        versioned = scope["query_string"].startswith(b"v=") or "/built/" in scope["path"]

        async def cached(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                MutableHeaders(scope=message)["Cache-Control"] = (
                    FOREVER if versioned else "public, max-age=300"
                )
            await send(message)

        await super().__call__(scope, receive, cached)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, packed (RFC 9110 §8.4.1.3) if that helps and is taken."""
        answer = await super().get_response(path, scope)
        asked = Headers(scope=scope)
        packs = (
            isinstance(answer, FileResponse)
            and Path(answer.path).suffix in TEXTS
            and scope["method"] == "GET"
            and "range" not in asked
        )
        if not packs or not isinstance(answer, FileResponse):
            return answer
        answer.headers["Vary"] = "Accept-Encoding"
        if "gzip" not in asked.get("accept-encoding", ""):
            return answer
        body = await run_in_threadpool(_packed, str(answer.path), answer.headers["etag"])
        headers = {name: answer.headers[name] for name in ("content-type", "last-modified", "vary")}
        headers |= {"Content-Encoding": "gzip", "ETag": f"W/{answer.headers['etag']}"}
        return Response(body, headers=headers)


@lru_cache(maxsize=MAX_PACKED)
def _packed(path: str, _tag: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)
