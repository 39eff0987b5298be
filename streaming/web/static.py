"""Styles, scripts and pictures of the house, cached for good when their address carries a version."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"


class StaticAssets(StaticFiles):
    """Files below a folder. `?v=…` and names under `built/` change with their content."""

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
