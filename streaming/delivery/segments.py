"""The segment door: ciphertext to anyone with a signed address, without the database.

Every object is immutable under its name, so its name is its entity tag and caches may keep it for ever.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from streaming.clock import Clock
from streaming.delivery import cat, refusals
from streaming.delivery.answers import ANY_ORIGIN, Answer, Header, Scope, Send, header, send_answer
from streaming.delivery.kept import Kept
from streaming.delivery.signing import AddressSigner, Check
from streaming.errors import Fault
from streaming.storage.objects import ObjectStore

ADDRESS = re.compile(
    r"/media/(?P<prefix>[0-9]{10,11}\.[A-Za-z0-9_-]{22}|cat)/(?P<title>[a-z]{2}_[a-z0-9]{1,40})"
    r"/(?P<version>[a-z]{2}_[a-z0-9]{1,40})/(?P<rendition>[a-z][a-z0-9]{0,11})"
    r"/(?P<name>[a-z0-9][a-z0-9-]{0,63}\.(?P<kind>m4s|mp4|vtt|jpg))",
    re.ASCII,
)
"""No dot but the last, no slash within a part: nothing that could climb out of the store."""

_BYTES = b"application/octet-stream"
_TYPES = {"m4s": b"video/iso.segment", "mp4": b"video/mp4", "vtt": _BYTES, "jpg": _BYTES}
_AUDIO_TYPES = {"m4s": b"audio/mp4", "mp4": b"audio/mp4"}
_RANGE = re.compile(rb"bytes=([0-9]{0,18})-([0-9]{0,18})")
CHUNK = 256 * 1024
MAX_KNOWN = 8192
KNOWN_SECONDS = 3600.0
_IMMUTABLE = (b"cache-control", b"public, max-age=31536000, immutable")
_PREFLIGHT = Answer(
    204,
    headers=(
        *ANY_ORIGIN,
        (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
        (
            b"access-control-allow-headers",
            b"Range, If-Range, If-None-Match, Common-Access-Token,"
            b" CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status",
        ),
        (b"access-control-max-age", b"86400"),
    ),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """The bytes `start` up to, not including, `end` of an object of `size` bytes."""

    start: int
    end: int
    size: int


class SegmentDoor:
    """Serves `/media/{expiry}.{signature}/{title}/{version}/{rendition}/{name}`."""

    def __init__(self, objects: ObjectStore, signer: AddressSigner, clock: Clock) -> None:
        self._objects = objects
        self._signer = signer
        self._clock = clock
        self._known: Kept[str, str] = Kept(MAX_KNOWN, KNOWN_SECONDS)

    async def serve(self, scope: Scope, send: Send) -> None:
        """Answer one request. Raises `Fault` before anything was sent."""
        match = ADDRESS.fullmatch(scope["path"])
        if match is None:
            raise refusals.bad_address()
        if scope["method"] == "OPTIONS":
            await send_answer(send, _PREFLIGHT)
            return
        if match["prefix"] == cat.FOLDER:
            self._check_token(scope)
        else:
            self.check(match["prefix"], match["title"], match["version"])
        tag = b'"' + match["name"].encode() + b'"'
        headers: list[Header] = [*ANY_ORIGIN, _IMMUTABLE, (b"etag", tag), (b"accept-ranges", b"bytes")]
        if tag in header(scope, b"if-none-match") or header(scope, b"if-none-match") == b"*":
            await send_answer(send, Answer(304, headers=headers))
            return
        headers.append((b"content-type", _content_type(match["rendition"], match["kind"])))
        name = scope["path"].split("/", 3)[3]
        path = self._path(name)
        if path is None:
            await self._send_stored(scope, send, name, headers)
        else:
            await self._send_file(scope, send, path, headers, tag)

    def _check_token(self, scope: Scope) -> None:
        """Check the Common Access Token of a request. Raises `Fault`."""
        token = cat.of_request(scope.get("query_string", b""), header(scope, cat.HEADER))
        now = self._clock.now().timestamp()
        verdict = cat.check_any(self._signer, token, scope["method"], scope["path"], now)
        if verdict is Check.BAD:
            raise refusals.tampered()
        if verdict is Check.EXPIRED:
            raise refusals.address_expired()

    async def read(self, path: str) -> bytes:
        """Give an init segment or a first segment by its address. Raises `Fault`."""
        match = ADDRESS.fullmatch(path)
        if match is None:
            raise refusals.bad_address()
        self.check(match["prefix"], match["title"], match["version"])
        try:
            return await asyncio.to_thread(self._objects.get, path.split("/", 3)[3])
        except Fault:
            raise refusals.bad_address() from None

    def check(self, prefix: str, title: str, version: str) -> None:
        """Check a signed prefix. Raises `Fault`."""
        verdict = self._signer.check(prefix, title, version, self._clock.now().timestamp())
        if verdict is Check.BAD:
            raise refusals.tampered()
        if verdict is Check.EXPIRED:
            raise refusals.address_expired()

    def _path(self, name: str) -> tuple[str, int] | None:
        """Find an object's file and size; where it lies is remembered, whether it is there is not."""
        known = self._known.get(name)
        if known is None:
            found = self._objects.path(name)
            if found is None:
                return None
            known = str(found)
            self._known.put(name, known)
        try:
            return known, os.stat(known).st_size  # noqa: PTH116  # twice as fast as Path.stat
        except FileNotFoundError:
            self._known.forget(name)
            raise refusals.bad_address() from None

    async def _send_stored(self, scope: Scope, send: Send, name: str, headers: list[Header]) -> None:
        """Serve an object of a store that has no files."""
        try:
            body = await asyncio.to_thread(self._objects.get, name)
        except Fault:
            raise refusals.bad_address() from None
        await send_answer(send, Answer(200, body, headers), head=scope["method"] == "HEAD")

    async def _send_file(
        self, scope: Scope, send: Send, found: tuple[str, int], headers: list[Header], tag: bytes
    ) -> None:
        path, size = found
        part = wanted_part(header(scope, b"range"), header(scope, b"if-range"), tag, size)
        if part is None:
            headers.append((b"content-range", b"bytes */%d" % size))
            await send_answer(send, Answer(416, headers=headers))
            return
        whole = part.end - part.start == size
        if not whole:
            headers.append((b"content-range", b"bytes %d-%d/%d" % (part.start, part.end - 1, size)))
        headers.append((b"content-length", b"%d" % (part.end - part.start)))
        status = 200 if whole else 206
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif whole and "http.response.pathsend" in (scope.get("extensions") or {}):
            await send({"type": "http.response.pathsend", "path": path})
        else:
            await _stream(send, path, part)


def wanted_part(asked: bytes, condition: bytes, tag: bytes, size: int) -> _Part | None:
    """Read a Range header (RFC 9110 §14.2): one range is honoured, others mean the whole; None is 416."""
    whole = _Part(0, size, size)
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or (condition and condition != tag):
        return whole
    first, last = match.groups()
    if not first and not last:
        return whole
    if not first:
        return _Part(max(0, size - int(last)), size, size) if int(last) and size else None
    start, end = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return whole
    return _Part(start, end, size) if start < size else None


async def _stream(send: Send, path: str, part: _Part) -> None:
    """Send part of a file in pieces, read off the event loop."""
    file: BinaryIO = await asyncio.to_thread(Path(path).open, "rb")
    try:
        file.seek(part.start)
        left = part.end - part.start
        while left > 0:
            piece = await asyncio.to_thread(file.read, min(CHUNK, left))
            if not piece:
                raise OSError("an object is shorter than it was")
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
    finally:
        file.close()


def _content_type(rendition: str, kind: str) -> bytes:
    if rendition.startswith("a") and kind in _AUDIO_TYPES:
        return _AUDIO_TYPES[kind]
    return _TYPES[kind]
