"""Security at the door, as pure ASGI: response headers, cross-site requests, size of bodies."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streaming.errors import Code, Fault
from streaming.web.problems import Problems


def content_policy(media: Sequence[str] = ()) -> str:
    """Write the content security policy; films come from the house and the origins `media` alone."""
    elsewhere = "".join(f" {origin}" for origin in media)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",  # hash-wasm's Argon2id is WebAssembly
            "style-src 'self'",
            "img-src 'self' data: blob:",
            f"media-src 'self' blob:{elsewhere}",
            f"connect-src 'self'{elsewhere}",
            "worker-src 'self' blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # addresses hold tokens
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        (
            "autoplay=(self)",
            "encrypted-media=(self)",
            "fullscreen=(self)",
            "picture-in-picture=(self)",
            "screen-wake-lock=(self)",
            "clipboard-write=(self)",
            "camera=()",
            "display-capture=()",
            "geolocation=()",
            "microphone=()",
            "midi=()",
            "payment=()",
            "serial=()",
            "usb=()",
        )
    ),
}
# Under no-referrer browsers say "Origin: null" with form posts, which on plain HTTP is all that tells our own
# door from another site; same-origin shows the address to nobody but us.
DOORS, DOOR_REFERRER = "/l/", "same-origin"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
BODY_LIMIT = 64 * 1024
UPLOADS = "/api/v1/uploads"
FILES = re.compile(r"/api/v1/titles/[a-z0-9_]{1,50}/(?:subtitles|posters)")
FILE_LIMIT = 16 * 1024 * 1024
"""Subtitle files and pictures; their doors bound them more closely, and ask first who sends them."""
UPLOAD_TYPE = "application/offset+octet-stream"


class SecurityHeaders:
    """Puts `HEADERS` on every answer; a route may set one of them itself, and then that one stays.

    Answers of the API are never cached; pages are checked again each time, unless they say otherwise. `media`
    are the origins besides the house that films come from.
    """

    def __init__(self, app: ASGIApp, media: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = {**HEADERS, "Content-Security-Policy": content_policy(media)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app and complete the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        wanted = dict(self._headers)
        wanted["Cache-Control"] = "no-store" if path.startswith("/api/") else "private, no-cache"
        if path.startswith(DOORS):
            wanted["Referrer-Policy"] = DOOR_REFERRER

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, complete)


class SameOrigin:
    """Refuses unsafe requests that another site made a browser send (CSRF, login CSRF).

    Browsers say where a request comes from in `Sec-Fetch-Site` or, on plain HTTP, in `Origin`; what
    sends neither is no browser and carries no cookies by accident. Bearer requests are let through:
    no site can set that header on another's behalf without a leave that is never given. `own` is the
    public origin, for proxies that change the `Host`.
    """

    def __init__(self, app: ASGIApp, problems: Problems, own: str = "") -> None:
        self._app = app
        self._problems = problems
        self._own = _host_of(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app for requests of our own pages and of programs."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        fault = Fault(
            Code.FORBIDDEN,
            "Another site sent this request.",
            "Open Matinee itself and try again from its own page.",
            name="cross_site",
        )
        response = await run_in_threadpool(self._problems.refuse, Request(scope), fault)
        await response(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        if headers.get("authorization", "").lower().startswith("bearer "):
            return True
        if site := headers.get("sec-fetch-site"):
            return site in {"same-origin", "none"}
        if (origin := headers.get("origin")) is None:
            return True
        # "null" (sandboxed frames) has no host and matches nothing.
        host = _host_of(origin)
        return bool(host) and host in {headers.get("host", "").lower(), self._own}


def _host_of(origin: str) -> str:
    return urlsplit(origin).netloc.lower() if "://" in origin else ""


class BoundedBodies:
    """Refuses bodies above `limit` bytes, except the film bytes of tus, which uploads bound themselves.

    A declared length is believed, because the server reads no further than that. A body without one is
    read here up to the limit and handed on whole.
    """

    def __init__(self, app: ASGIApp, problems: Problems, limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._problems = problems
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with a body that is known to be small."""
        if scope["type"] != "http" or self._is_film(scope):
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length")
        if declared is None and scope["method"] not in SAFE_METHODS:
            read = await self._read(receive)
            if read is None:
                await self._refuse(scope, receive, send)
            else:
                await self._app(scope, _Replay(read, receive), send)
            return
        limit = FILE_LIMIT if FILES.fullmatch(scope["path"]) else self._limit
        if declared is not None and not _fits(declared, limit):
            await self._refuse(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_film(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return (
            scope["method"] in {"PATCH", "POST"}
            and (path == UPLOADS or path.startswith(UPLOADS + "/"))
            and Headers(scope=scope).get("content-type", "").partition(";")[0].strip() == UPLOAD_TYPE
        )

    async def _read(self, receive: Receive) -> Message | None:
        """Read the whole body into one message (or the news of a disconnect); None when too large."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if len(body) > self._limit:
                return None
            if not message.get("more_body", False):
                return {"type": "http.request", "body": bytes(body), "more_body": False}

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = Fault(
            Code.TOO_LARGE,
            "The request is larger than this address takes.",
            f"Send at most {self._limit // 1024} KB; films go through {UPLOADS}.",
            name="body_too_large",
        )
        response = await run_in_threadpool(self._problems.refuse, Request(scope), fault)
        await response(scope, receive, send)


def _fits(digits: str, limit: int) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 20 and int(digits) <= limit


class _Replay:
    """Hands out one kept message, then whatever comes."""

    def __init__(self, kept: Message, receive: Receive) -> None:
        self._kept: Message | None = kept
        self._receive = receive

    async def __call__(self) -> Message:
        kept, self._kept = self._kept, None
        return await self._receive() if kept is None else kept


def secure(
    app: ASGIApp, problems: Problems, *, own: str = "", limit: int = BODY_LIMIT, media: Sequence[str] = ()
) -> ASGIApp:
    """Put all three in front of `app`: headers outermost, so that refusals carry them too."""
    return SecurityHeaders(SameOrigin(BoundedBodies(app, problems, limit), problems, own), media)
