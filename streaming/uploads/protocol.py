"""The pure core of tus 1.0.0: headers in, decisions and headers out. No I/O, no clock."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import unquote, urlsplit

from streaming.uploads.metadata import parse_metadata
from streaming.uploads.refusals import (
    Refusal,
    beyond_length,
    invalid,
    too_large,
    wrong_offset,
)

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "checksum",
    "expiration",
    "termination",
    "concatenation",
)
CHECKSUMS: Mapping[str, int] = {"sha256": 32, "sha1": 20, "md5": 16}
"""The algorithms offered and the bytes of their digests; the first is what a client should take."""
CHUNK_TYPE = "application/offset+octet-stream"
MAX_PARTIALS = 64
_NUMBER = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True)
class Checksum:
    """What a chunk must hash to: an algorithm of CHECKSUMS and the digest's bytes."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Creation:
    """A request to create an upload. `length` is None while it is deferred or follows from `parts`."""

    length: int | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw_metadata: str = ""
    kind: Literal["whole", "partial", "final"] = "whole"
    parts: tuple[str, ...] = ()
    """Ids of the partial uploads of a final one, in order."""
    raw_concat: str = ""
    carries_bytes: bool = False
    checksum: Checksum | None = None
    body_length: int | None = None


@dataclass(frozen=True)
class Chunk:
    """A request to append: bytes begin at `offset`; `length` declares a deferred length."""

    offset: int
    length: int | None = None
    checksum: Checksum | None = None
    body_length: int | None = None


@dataclass(frozen=True)
class Standing:
    """What the protocol says about an upload: sizes in bytes, `length` None while unknown."""

    offset: int
    length: int | None
    raw_metadata: str = ""
    kind: Literal["whole", "partial", "final"] = "whole"
    raw_concat: str = ""
    expires_at: datetime | None = None


def effective_method(method: str, override: str | None) -> str:
    """Apply `X-HTTP-Method-Override`, which clients send that can only GET and POST."""
    return override.strip().upper() if override and override.strip() else method.upper()


def require_version(given: str | None) -> None:
    """Refuse with 412 every `Tus-Resumable` but ours."""
    if given is None or given.strip() != VERSION:
        raise Refusal(
            412,
            "tus_version",
            f"This server speaks version {VERSION} of the tus protocol only.",
            f"Send the header Tus-Resumable: {VERSION}.",
            {"Tus-Version": VERSION},
        )


def parse_number(header: str, text: str) -> int:
    """Read a non-negative whole number of at most 18 digits."""
    if not _NUMBER.match(text.strip()):
        raise invalid(f"{header} is not a whole number of bytes.")
    return int(text.strip())


def parse_checksum(header: str | None) -> Checksum | None:
    """Read `algorithm base64digest`. Raises Refusal 400 for unknown algorithms and malformed digests."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise Refusal(
            400,
            "checksum_algorithm",
            "This server does not know the checksum's algorithm.",
            f"Use one of {', '.join(CHECKSUMS)}.",
        )
    try:
        digest = base64.b64decode(encoded.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeError):
        raise invalid("Upload-Checksum is not base64.") from None
    if len(digest) != CHECKSUMS[algorithm]:
        raise invalid(f"Upload-Checksum is not the length of a {algorithm} digest.")
    return Checksum(algorithm, digest)


def parse_concat(header: str | None) -> tuple[Literal["whole", "partial", "final"], tuple[str, ...]]:
    """Read `partial` or `final;URL URL…`; gives the kind and the ids at the ends of the URLs."""
    if header is None:
        return "whole", ()
    if header.strip() == "partial":
        return "partial", ()
    kind, separator, urls = header.strip().partition(";")
    if kind != "final" or not separator:
        raise invalid("Upload-Concat is neither “partial” nor “final;” with a list of uploads.")
    parts = tuple(unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) for url in urls.split())
    if not parts or not all(parts):
        raise invalid("Upload-Concat names no uploads to join.")
    if len(parts) > MAX_PARTIALS or len(set(parts)) != len(parts):
        raise invalid(f"Upload-Concat names an upload twice, or more than {MAX_PARTIALS}.")
    return "final", parts


def read_creation(headers: Mapping[str, str], max_size: int) -> Creation:
    """Read a POST (headers with lower-case names). Raises Refusal 400, 413 or 415."""
    kind, parts = parse_concat(headers.get("upload-concat"))
    raw_metadata = headers.get("upload-metadata", "").strip()
    body_length = _body_length(headers)
    carries_bytes = _carries_bytes(headers, body_length)
    length = _created_length(headers, kind)
    if length is not None and length > max_size:
        raise too_large(max_size)
    if kind == "final" and carries_bytes:
        raise Refusal(
            403, "final_takes_no_bytes", "A final upload is made of others and takes no bytes of its own."
        )
    if carries_bytes and length is not None and (body_length or 0) > length:
        raise beyond_length(length)
    return Creation(
        length=length,
        metadata=parse_metadata(raw_metadata),
        raw_metadata=raw_metadata,
        kind=kind,
        parts=parts,
        raw_concat=headers.get("upload-concat", "").strip(),
        carries_bytes=carries_bytes,
        checksum=parse_checksum(headers.get("upload-checksum")) if carries_bytes else None,
        body_length=body_length,
    )


def _created_length(headers: Mapping[str, str], kind: str) -> int | None:
    length, deferred = headers.get("upload-length"), headers.get("upload-defer-length")
    if kind == "final":
        if length is not None or deferred is not None:
            raise invalid("A final upload's length follows from its parts; Upload-Length must be left out.")
        return None
    if deferred is not None:
        if deferred.strip() != "1":
            raise invalid("Upload-Defer-Length is not 1.")
        if length is not None:
            raise invalid("Upload-Length and Upload-Defer-Length exclude each other.")
        return None
    if length is None:
        raise invalid("The upload's length is missing.", "Send Upload-Length, or Upload-Defer-Length: 1.")
    return parse_number("Upload-Length", length)


def _body_length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length")
    return None if text is None else parse_number("Content-Length", text)


def _carries_bytes(headers: Mapping[str, str], body_length: int | None) -> bool:
    """Tell whether a POST brings the first bytes (creation-with-upload)."""
    has_body = body_length != 0 if body_length is not None else "transfer-encoding" in headers
    if _is_chunk_type(headers):
        return has_body
    if has_body:
        raise _wrong_type()
    return False


def _is_chunk_type(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == CHUNK_TYPE


def _wrong_type() -> Refusal:
    return Refusal(
        415,
        "content_type",
        "The bytes of an upload must come as application/offset+octet-stream.",
        f"Send the header Content-Type: {CHUNK_TYPE}.",
    )


def read_chunk(headers: Mapping[str, str]) -> Chunk:
    """Read a PATCH (headers with lower-case names). Raises Refusal 400 or 415."""
    if not _is_chunk_type(headers):
        raise _wrong_type()
    offset = headers.get("upload-offset")
    if offset is None:
        raise invalid("Upload-Offset is missing.")
    length = headers.get("upload-length")
    return Chunk(
        offset=parse_number("Upload-Offset", offset),
        length=None if length is None else parse_number("Upload-Length", length),
        checksum=parse_checksum(headers.get("upload-checksum")),
        body_length=_body_length(headers),
    )


def decide_chunk(standing: Standing, chunk: Chunk, max_size: int) -> int | None:
    """Decide whether `chunk` may be appended; gives the upload's length from now on.

    Raises Refusal 403 (final), 409 (offset), 400 (length changed), 413 (beyond the length or `max_size`).
    """
    if standing.kind == "final":
        raise Refusal(
            403,
            "final_takes_no_bytes",
            "A final upload is made of others and takes no bytes of its own.",
            "Send the bytes to its parts before joining them.",
        )
    if chunk.offset != standing.offset:
        raise wrong_offset(standing.offset, chunk.offset)
    length = _declared_length(standing, chunk, max_size)
    if length is not None and chunk.offset + (chunk.body_length or 0) > length:
        raise beyond_length(length)
    return length


def _declared_length(standing: Standing, chunk: Chunk, max_size: int) -> int | None:
    if chunk.length is None:
        return standing.length
    if standing.length is not None and standing.length != chunk.length:
        raise invalid("The upload's length is known already and cannot change.", "Leave Upload-Length out.")
    if chunk.length > max_size:
        raise too_large(max_size)
    if chunk.length < standing.offset:
        raise invalid("Upload-Length is less than the bytes that have arrived.")
    return chunk.length


def options_headers(max_size: int) -> dict[str, str]:
    """Headers of the answer to OPTIONS."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def standing_headers(standing: Standing) -> dict[str, str]:
    """Headers of the answer to HEAD."""
    headers = {"Upload-Offset": str(standing.offset), "Cache-Control": "no-store"}
    if standing.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(standing.length)
    if standing.raw_metadata:
        headers["Upload-Metadata"] = standing.raw_metadata
    if standing.raw_concat:
        headers["Upload-Concat"] = standing.raw_concat
    return headers | expiry_headers(standing)


def progress_headers(standing: Standing) -> dict[str, str]:
    """Headers of the answer to PATCH, and to a POST that brought bytes."""
    return {"Upload-Offset": str(standing.offset)} | expiry_headers(standing)


def expiry_headers(standing: Standing) -> dict[str, str]:
    """`Upload-Expires`, while the upload is unfinished."""
    if standing.expires_at is None or standing.offset == standing.length:
        return {}
    return {"Upload-Expires": format_datetime(standing.expires_at, usegmt=True)}
