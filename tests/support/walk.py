"""Walks every route of the application as somebody, and judges what each answers."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "DELETE"}
FILM_BYTES = "application/offset+octet-stream"
PLAYLIST = b"#EXTM3U"
KEY_BYTES = 16


@dataclass(frozen=True)
class Ask:
    """One request to make; `pattern` is the route's own path."""

    method: str
    pattern: str
    path: str
    offered: bool
    """Whether the route takes this method."""

    @property
    def name(self) -> str:
        """As tables name it: `GET /t/{title_id}`."""
        return f"{self.method} {self.pattern}"


def dresses(secret: bytes) -> tuple[bytes, ...]:
    """A secret as it may be written: raw, in hex, in either base64 without padding."""
    hexed = secret.hex().encode()
    plain, safe = base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")
    return secret, hexed, hexed.upper(), plain, safe


@dataclass(frozen=True)
class Treasure:
    """What nobody without a licence may see: content keys in any dress, and private words."""

    keys: frozenset[bytes]
    words: frozenset[bytes] = frozenset()

    def in_(self, body: bytes) -> str:
        """Say what of it is in `body`; empty if nothing."""
        for key in self.keys:
            if any(dress in body for dress in dresses(key)):
                return "a content key"
        return next((f"the words “{word.decode()}”" for word in self.words if word in body), "")


@dataclass
class Walk:
    """One walk: who asks (headers) and what was found wrong."""

    client: httpx.Client
    treasure: Treasure
    bodies: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    refused: int = 0

    def ask(self, asked: Ask) -> httpx.Response:
        """Ask once and judge what holds for everybody: no key, no playlist, no private words, no 5xx."""
        body = self.bodies.get(asked.name)
        headers = {"Accept": "application/json", **TUS, **self.headers}
        sent: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            sent = {"content": body}
            headers["Content-Type"] = FILM_BYTES
        answer = self.client.request(
            asked.method, asked.path, headers=headers, follow_redirects=False, **sent
        )
        said = f"{asked.name} answered {answer.status_code}"
        if answer.status_code >= 500:
            self.faults.append(f"{said}: {answer.text[:200]}")
        if len(answer.content) == KEY_BYTES and answer.status_code < 300:
            self.faults.append(f"{said} with {KEY_BYTES} bytes")
        if PLAYLIST in answer.content:
            self.faults.append(f"{said} with a playlist")
        if found := self.treasure.in_(answer.content):
            self.faults.append(f"{said} with {found}")
        if answer.status_code >= 400 and asked.method != "HEAD":
            self._judge_refusal(asked, answer)
        return answer

    def must_refuse(self, asked: Ask) -> None:
        """Ask, and note a fault unless it is refused for who asks rather than for how."""
        answer = self.ask(asked)
        shut = answer.status_code in {401, 403, 404, 410}
        to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
        not_taken = answer.status_code == 405
        if shut or to_login or not_taken:
            self.refused += 1
        elif answer.status_code in {400, 412, 413, 415, 422}:
            self.faults.append(f"{asked.name} looks at the request before at who asks: {answer.text[:200]}")
        else:
            self.faults.append(f"{asked.name} is open: {answer.status_code} {answer.text[:200]}")

    def _judge_refusal(self, asked: Ask, answer: httpx.Response) -> None:
        """A refusal says a sentence and a code: as problem JSON, or on a page of the house."""
        if answer.headers.get("content-type", "").startswith("text/html"):
            if not re.search(r'<code class="code-small">[^<]*[a-z_]+</code>', answer.text):
                self.faults.append(f"{asked.name} refuses by a page without a code")
            return
        try:
            problem = answer.json()
            well = problem["detail"].endswith((".", "!", "?")) and re.fullmatch(r"[a-z_]+", problem["code"])
        except (ValueError, KeyError, TypeError):
            well = False
        if not well or not answer.headers["content-type"].startswith("application/problem+json"):
            self.faults.append(f"{asked.name} refuses without sentence and code: {answer.content[:200]!r}")


def routes_of(app: object) -> Iterator[tuple[str, frozenset[str]]]:
    """Every route of the application inside its wrappers: its path and the methods it takes."""
    while not isinstance(app, FastAPI):
        app = getattr(app, "_inner", None) or getattr(app, "_app")  # noqa: B009 - whichever wrapper it is
    taken: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            continue
        assert route.path is not None
        taken.setdefault(route.path, set()).update(route.methods or ())
    for path, methods in taken.items():
        yield path, frozenset(methods)


def asks(routes: Iterable[tuple[str, frozenset[str]]], values: Mapping[str, str]) -> Iterator[Ask]:
    """Every method on every route, its parameters filled with real ids. Raises on an unknown parameter."""
    for pattern, methods in sorted(routes):
        unknown = [name for name in PARAMETER.findall(pattern) if name not in values]
        assert not unknown, f"{pattern}: give the walk a real value for {unknown}"
        path = PARAMETER.sub(lambda found: values[found[1]], pattern)
        for method in METHODS:
            yield Ask(method, pattern, path, method in methods)
