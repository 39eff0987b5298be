"""Common Access Tokens (CTA-5007): what CDNs that speak it check by themselves. Pure.

A token is a CWT (RFC 8392) in a COSE_Mac0 (RFC 9052 §6.2) under HMAC-SHA256. Ours says until when (`exp`),
for which paths (`catu`, by prefix) and for which methods (`catm`) it opens ciphertext; it comes as the query
`CAT=…` or in the header `Common-Access-Token`. The path does not change with the token, so a cache needs only
leave the query out of its key. Tokens for the same hour are the same, letter for letter.
"""

import base64
import hmac
import re
from datetime import datetime
from hashlib import sha256
from typing import Any

import cbor2

from streaming.delivery.signing import AddressSigner, Check
from transcoder.keys.secret import SecretBytes

FOLDER = "cat"
"""Stands in a path where other forms have their signature."""
EXP, NBF, CATV, CATU, CATM = 4, 5, 310, 312, 313
PATH, PREFIX = 3, 1
"""A part of a URI, and a way to compare it (CTA-5007 §4.6.1)."""
METHODS = ("GET", "HEAD", "OPTIONS")
HEADER = b"common-access-token"
_ALG, _HS256 = 1, 5
_MAC0, _CWT = 17, 61
_PROTECTED = cbor2.dumps({_ALG: _HS256}, canonical=True)
_KNOWN = {EXP, NBF, CATV, CATU, CATM}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,1024}", re.ASCII)
_QUERY = re.compile(rb"(?:^|&)CAT=([A-Za-z0-9_-]+)(?:&|$)")


def key_of(key: SecretBytes) -> SecretBytes:
    """Derive the key that is shared with a CDN from a signing key, which stays in the house."""
    return SecretBytes(hmac.digest(key.reveal(), b"matinee/v1/common-access-token", sha256))


def folder(title: str, version: str) -> str:
    """Give the path below which a title's version lies for whoever has a token."""
    return f"/media/{FOLDER}/{title}/{version}/"


def issue(key: SecretBytes, path: str, expiry: datetime) -> str:
    """Write the token for paths that begin with `path`, until `expiry` (whole seconds)."""
    claims = {
        EXP: int(expiry.timestamp()),
        CATV: 1,
        CATU: {PATH: {PREFIX: path}},
        CATM: list(METHODS),
    }
    payload = cbor2.dumps(claims, canonical=True)
    made = cbor2.CBORTag(_MAC0, [_PROTECTED, {}, payload, mac(key, _PROTECTED, payload)])
    return (
        base64.urlsafe_b64encode(cbor2.dumps(cbor2.CBORTag(_CWT, made), canonical=True)).rstrip(b"=").decode()
    )


def mac(key: SecretBytes, protected: bytes, payload: bytes) -> bytes:
    """Compute the tag of a COSE_Mac0 with HMAC-SHA256, 32 bytes (RFC 9052 §6.3)."""
    return hmac.digest(key.reveal(), cbor2.dumps(["MAC0", protected, b"", payload]), sha256)


def check(key: SecretBytes, token: str, method: str, path: str, now: float) -> Check:
    """Check a token against a request; `now` in seconds since 1970. An expired one was good once.

    A claim that is not known here could forbid what is asked for, so it refuses the token (CTA-5007 §4.1).
    """
    payload = _opened(key, token)
    if payload is None:
        return Check.BAD
    claims = _decoded(payload)
    if not isinstance(claims, dict) or set(claims) - _KNOWN or not _covers(claims, method, path):
        return Check.BAD
    begins, ends = claims.get(NBF, 0), claims.get(EXP)
    if not isinstance(ends, int) or not isinstance(begins, int) or now < begins:
        return Check.BAD
    return Check.GOOD if now < ends else Check.EXPIRED


def check_any(signer: AddressSigner, token: str, method: str, path: str, now: float) -> Check:
    """Check a token under any of a signer's keys, where tokens are accepted at all."""
    verdicts = [check(key_of(key), token, method, path, now) for key in signer.keys] if signer.cat else []
    return next((one for one in verdicts if one is not Check.BAD), Check.BAD)


def of_request(query: bytes, header: bytes) -> str:
    """Find the token of a request, in its header or else its query; "" without one."""
    if header:
        return header.decode("latin-1")
    found = _QUERY.search(query)
    return found[1].decode() if found else ""


def _opened(key: SecretBytes, token: str) -> bytes | None:
    """Give the payload of a token whose tag is right, and that is written in the one way there is."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        return None
    value = _decoded(raw)
    if isinstance(value, cbor2.CBORTag) and value.tag == _CWT:
        value = value.value
    if not isinstance(value, cbor2.CBORTag) or value.tag != _MAC0:
        return None
    parts = value.value
    if not isinstance(parts, (list, tuple)) or len(parts) != 4:
        return None
    protected, _, payload, tag = parts
    if protected != _PROTECTED or not isinstance(payload, bytes) or not isinstance(tag, bytes):
        return None
    return payload if hmac.compare_digest(tag, mac(key, protected, payload)) else None


def _decoded(raw: bytes) -> Any:
    """Decode CBOR that is written canonically, with nothing behind it; None for anything else."""
    try:
        value = cbor2.loads(raw)
        # Anything behind it, or another spelling of it, comes back differently.
        return value if cbor2.dumps(value, canonical=True) == raw else None
    except Exception:
        return None


def _covers(claims: dict[Any, Any], method: str, path: str) -> bool:
    methods: Any = claims.get(CATM)
    uri: Any = claims.get(CATU)
    if methods is not None and (not isinstance(methods, (list, tuple)) or method not in methods):
        return False
    match uri:
        case {3: {1: str(prefix)}} if len(uri) == 1 and len(uri[PATH]) == 1:
            return bool(prefix) and path.startswith(prefix)
    return False
