"""Speaks to a house's JSON API on behalf of the command line."""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import httpx

from streaming.errors import Code, Fault

DEFAULT_URL = "http://127.0.0.1:8000"
_CODES = {
    400: Code.INVALID,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    409: Code.CONFLICT,
    410: Code.GONE,
    413: Code.TOO_LARGE,
    422: Code.INVALID,
    429: Code.TOO_MANY,
    503: Code.UNAVAILABLE,
}


class Client:
    """A house at `url`, spoken to with an API token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._token = token

    @classmethod
    def from_environment(cls) -> "Client":
        """Take `MATINEE_URL` and `MATINEE_TOKEN`. Raises `Fault` if there is no token."""
        token = os.environ.get("MATINEE_TOKEN", "")
        if not token:
            raise Fault(
                Code.UNAUTHENTICATED,
                "MATINEE_TOKEN is not set: Matinee does not know who you are.",
                "Make a token with “matinee token NAME” or on your account page, and export it.",
                name="no_token",
            )
        return cls(os.environ.get("MATINEE_URL", DEFAULT_URL), token)

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say who asks."""
        return {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=30.0, trust_env=False)

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, **query: str | None
    ) -> Any:
        """Send one request below `/api/v1`, give its JSON or None. Raises `Fault` in the server’s words."""
        return self._answer(method, path, query, json=body)

    def send(self, path: str, data: bytes, **query: str | None) -> Any:
        """Post a file below `/api/v1`, give the JSON of the answer. Raises `Fault` in the server’s words."""
        return self._answer("POST", path, query, content=data)

    def text(self, path: str) -> str:
        """Fetch a file of text below `/api/v1`, as it is. Raises `Fault` in the server’s words."""
        return self._asked("GET", path, {}).text

    def _answer(self, method: str, path: str, query: Mapping[str, str | None], **body: Any) -> Any:
        answer = self._asked(method, path, query, **body)
        return answer.json() if answer.content else None

    def _asked(self, method: str, path: str, query: Mapping[str, str | None], **body: Any) -> httpx.Response:
        params = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._http.request(method, f"/api/v1{path}", params=params, **body)
        except httpx.HTTPError as fault:
            raise unreachable(self.url, fault) from None
        if answer.is_error:
            raise fault_of(answer)
        return answer


def unreachable(url: str, fault: Exception) -> Fault:
    """Say that nobody answers at `url`."""
    return Fault(
        Code.UNAVAILABLE,
        f"Matinee does not answer at {url} ({type(fault).__name__}).",
        "Start it with “matinee serve”, or set MATINEE_URL to where it runs.",
        name="unreachable",
    )


def fault_of(answer: httpx.Response) -> Fault:
    """Read a problem document (RFC 9457) back into the fault it was made from."""
    problem: dict[str, Any] = {}
    with suppress(ValueError):
        read = answer.json()
        problem = read if isinstance(read, dict) else {}
    return Fault(
        _CODES.get(answer.status_code, Code.INTERNAL),
        str(problem.get("detail") or f"Matinee answered {answer.status_code} to {answer.request.url.path}."),
        str(problem.get("hint") or ""),
        name=str(problem.get("code") or f"http_{answer.status_code}"),
    )
