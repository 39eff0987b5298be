"""The Clear Key licence protocol (W3C Encrypted Media Extensions §9.1.3 and §9.1.4) as values. Pure.

A request names keys: `{"kids": ["…"], "type": "temporary"}`. A licence is a JSON Web Key set (RFC 7517) of
symmetric keys (RFC 7518 §6.4). Octets are base64url without padding (RFC 4648 §5), one spelling for each.
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from streaming.errors import Code, Fault
from transcoder.keys.secret import SecretBytes

MAX_KID = 512
"""Bytes of a key id (EME §5.8: implementations take ids of 1 to 512 bytes)."""
TEMPORARY = "temporary"
PERSISTENT = "persistent-license"
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def read_request(body: bytes) -> tuple[bytes, ...]:
    """Read which keys are asked for, each once, in their order; members that the format lacks do not count.

    Raises `Fault` INVALID for what is no request, FORBIDDEN for a licence that would be kept.
    """
    document = _document(body)
    kind = document.get("type", TEMPORARY)
    if kind == PERSISTENT:
        raise Fault(
            Code.FORBIDDEN,
            "Keys of this house cannot be kept on a device.",
            "Ask for a licence of the type “temporary”.",
            name="no_persistent_licence",
        )
    if kind != TEMPORARY:
        raise _unreadable("Its “type” is neither “temporary” nor “persistent-license”.")
    kids = document.get("kids")
    if not isinstance(kids, list) or not kids:
        raise _unreadable("Its “kids” is not a list of at least one key id.")
    return tuple(dict.fromkeys(read_kid(kid) for kid in kids))


def read_kid(text: object) -> bytes:
    """Read a key id as a request and as `keyids` initialization data write it. Raises `Fault` INVALID."""
    if not isinstance(text, str) or not text or len(text) % 4 == 1 or not _LETTERS.issuperset(text):
        raise _unreadable("A key id is not base64url without padding.")
    kid = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if write_octets(kid) != text:
        raise _unreadable("A key id is not base64url without padding.")
    if len(kid) > MAX_KID:
        raise _unreadable(f"A key id is longer than {MAX_KID} bytes.")
    return kid


def write_licence(keys: Mapping[bytes, SecretBytes]) -> bytes:
    """Write a licence of keys by their ids: JSON, for the one who asked alone."""
    rows = [
        {"kty": "oct", "kid": write_octets(kid), "k": write_octets(key.reveal())} for kid, key in keys.items()
    ]
    return orjson.dumps({"keys": rows, "type": TEMPORARY})


def write_octets(octets: bytes) -> str:
    """Write octets as base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _unreadable("It is not JSON.") from None
    if not isinstance(document, dict):
        raise _unreadable("It is not a JSON object.")
    return document


def _unreadable(why: str) -> Fault:
    return Fault(
        Code.INVALID,
        f"This licence request cannot be read. {why}",
        'Send {"kids": ["AAECAwQFBgcICQoLDA0ODw"], "type": "temporary"}.',
        name="bad_licence_request",
    )
