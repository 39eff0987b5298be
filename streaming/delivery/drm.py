"""Key systems whose licence service is elsewhere: a request's bytes go there and its answer comes back.

The service has the film's keys from a CPIX document (`matinee title cpix export`) and knows nothing of
viewers; who may watch, and how much, was decided here before anything is sent. What is sent is the player's
request as it came, with the operator's own headers, to the one address the operator wrote down.
"""

import json
import re
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET  # writes only

import httpx

from streaming.delivery.keysystems import DEFAULT, Licence, Signal
from streaming.errors import Code, Fault
from transcoder.formats import dash
from transcoder.keys.secret import SecretBytes

MOST_REQUEST = 64 << 10
MOST_LICENCE = 256 << 10
SECONDS = 10.0
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")
_OCTETS = b"application/octet-stream"


@dataclass(frozen=True, slots=True)
class Service:
    """A licence service as its operator describes it. `headers` may hold secrets."""

    name: str
    system: uuid.UUID
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class ProxySystem:
    """A key system that hands requests on. Its requests are opaque here, so their address names the key."""

    most_bytes = MOST_REQUEST
    reads_kids = False

    def __init__(self, service: Service) -> None:
        self._service = service
        # Reading the authorities takes longer than all else of a request.
        self._trust = httpx.create_ssl_context(trust_env=False)

    @property
    def name(self) -> str:
        """The last part but one of its licence addresses."""
        return self._service.name

    @property
    def system(self) -> uuid.UUID:
        """The DRM system's id."""
        return self._service.system

    def signal(self, kid: uuid.UUID, licence: str, given: Signal | None) -> Signal:
        """Say what the vendor says of the key, and that licences are asked for here."""
        where = ET.Element(f"{{{dash.DASHIF}}}Laurl")
        where.text = licence
        said = given or Signal(self.system)
        others = tuple(one for one in said.elements if one.tag != where.tag)
        return Signal(self.system, said.name, said.pssh, said.hls, (*others, where))

    def wanted(self, body: bytes) -> Sequence[bytes]:
        """Read nothing: only the vendor can."""
        return ()

    async def answer(self, body: bytes, keys: Mapping[bytes, SecretBytes]) -> Licence:
        """Ask the licence service. Raises `Fault`: UNAVAILABLE without an answer, FORBIDDEN if it refuses.

        `keys` stay here: the service has its own.
        """
        headers = {"content-type": "application/octet-stream", **self._service.headers}
        try:
            async with (
                httpx.AsyncClient(timeout=SECONDS, trust_env=False, verify=self._trust) as client,
                client.stream("POST", self._service.url, content=body, headers=headers) as reply,
            ):
                content = await _bounded(reply)
        except httpx.HTTPError:
            # What went wrong may name the address and its headers: it is not told.
            raise _not_answered() from None
        if reply.status_code in (400, 401, 403, 404):
            raise Fault(
                Code.FORBIDDEN,
                "The DRM's licence service refused this player.",
                "Try another browser or device.",
                name="drm_refused",
            )
        if reply.status_code != 200:
            raise _not_answered()
        kind = reply.headers.get("content-type", "").encode("latin-1")
        return Licence(content, kind if kind.isascii() and kind else _OCTETS)


def read_services(path: Path) -> list[ProxySystem]:
    """Read `[name]` tables of `system_id`, `url` and `headers_file` from a TOML file.

    `headers_file` is a JSON object beside it (or by its whole path) of headers to send, secrets among them.
    Raises `Fault` INVALID that says what is wrong with which.
    """
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, ValueError) as fault:
        raise _bad(str(path), f"cannot be read ({type(fault).__name__})") from None
    return [ProxySystem(_service(name, table, path.parent)) for name, table in tables.items()]


def _service(name: str, table: Any, folder: Path) -> Service:
    if not _NAME.fullmatch(name) or name == DEFAULT:
        raise _bad(name[:40], "is not a name of small letters and digits, or is taken")
    if not isinstance(table, dict) or set(table) - {"system_id", "url", "headers_file"}:
        raise _bad(name, "may have system_id, url and headers_file, and nothing else")
    try:
        system = uuid.UUID(str(table.get("system_id")))
    except ValueError:
        raise _bad(name, "has a system_id that is not a UUID") from None
    url = str(table.get("url", ""))
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")):
        raise _bad(name, "has a url that does not begin with https://")
    file = table.get("headers_file")
    return Service(name, system, url, _headers(name, folder / str(file)) if file else {})


def _headers(name: str, path: Path) -> dict[str, str]:
    try:
        if path.stat().st_mode & 0o077:
            raise _bad(name, "has a headers_file that others than its owner may read (chmod 600)")
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        raise _bad(name, "has a headers_file that cannot be read as JSON") from None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise _bad(name, "has a headers_file that is not an object of texts")
    return found


async def _bounded(reply: httpx.Response) -> bytes:
    content = b""
    async for piece in reply.aiter_bytes():
        content += piece
        if len(content) > MOST_LICENCE:
            raise _not_answered()
    return content


def _not_answered() -> Fault:
    return Fault(
        Code.UNAVAILABLE,
        "The DRM's licence service does not answer.",
        "Try again in a moment.",
        name="drm_unavailable",
        retry_after=5,
    )


def _bad(what: str, why: str) -> Fault:
    return Fault(
        Code.INVALID,
        f"The DRM services cannot be used: {what} {why}.",
        "Mend the file that MATINEE_DRM_FILE names.",
        name="bad_drm_file",
    )
