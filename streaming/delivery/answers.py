"""Answers of the hot doors: plain values, sent as ASGI messages."""

import gzip
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from streaming.errors import Code, Fault

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

NO_STORE: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
ANY_ORIGIN: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Length, Content-Range, ETag, Accept-Ranges"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
MAX_BODY = 4096
GZIP_FROM = 1400


class Problem(Protocol):
    """A fault ready to be shown, as `streaming.web.problems.problem_of` makes it."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def retry_after(self) -> int | None:
        """Seconds, where waiting helps."""
        ...

    def document(self) -> Mapping[str, object]:
        """Members of the problem document (RFC 9457 §3)."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A small answer, whole in memory."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Sequence[Header] = NO_STORE


def problem_answer(problem: Problem, extra: Sequence[Header] = NO_STORE) -> Answer:
    """Answer a fault as problem JSON."""
    headers = [(b"content-type", b"application/problem+json"), *extra]
    if problem.retry_after is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after))
    if problem.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="matinee"'))
    return Answer(problem.status, orjson.dumps(problem.document(), default=str), headers)


def json_answer(value: Mapping[str, object] | Sequence[object]) -> Answer:
    """Answer JSON that nobody may keep."""
    return Answer(200, orjson.dumps(value), (*NO_STORE, (b"content-type", b"application/json")))


def text_answer(text: str, content_type: bytes, accepts: bytes) -> Answer:
    """Answer text, packed when it is worth it and the client takes it."""
    body = text.encode()
    headers: list[Header] = [*NO_STORE, (b"content-type", content_type), (b"vary", b"Accept-Encoding")]
    if len(body) >= GZIP_FROM and b"gzip" in accepts:
        body = gzip.compress(body, 4, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    return Answer(200, body, headers)


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Send an answer; for HEAD without its body."""
    headers = [*answer.headers]
    if answer.status not in {204, 304}:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


def header(scope: Scope, name: bytes) -> bytes:
    """Give the header of that lower-case name, or nothing; cookies split by HTTP/2 are joined again."""
    found = b""
    for key, value in scope["headers"]:
        if key == name:
            found = found + b"; " + value if found else bytes(value)
    return found


async def read_body(receive: Receive, most: int = MAX_BODY) -> bytes:
    """Read a small body. Raises `Fault` TOO_LARGE above `most` bytes, INVALID when the client hangs up."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Fault(Code.INVALID, "The request broke off.", "Try again.", name="broken_request")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise Fault(
                Code.TOO_LARGE,
                "The request is too large.",
                f"Send at most {most} bytes.",
                name="too_large",
            )
    return body
