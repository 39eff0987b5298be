"""Signed segment addresses: one prefix `{expiry}.{signature}` for all segments of a title version.

The signature is HMAC-SHA256 over a label, the expiry as written, the title and the version, cut to 128
bits and written as base64url. Text is compared with text, so that no second spelling passes, and the
check needs no database. A prefix opens ciphertext only.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from hashlib import sha256

from transcoder.keys.secret import SecretBytes

TAG_BYTES = 16
_LABEL = b"matinee/v1/segment-address"
_PREFIX = re.compile(r"([1-9][0-9]{9,10})\.([A-Za-z0-9_-]{22})", re.ASCII)


class Check(Enum):
    """What a prefix turned out to be."""

    GOOD = "good"
    EXPIRED = "expired"
    BAD = "bad"


class AddressSigner:
    """Signs with the first of `keys` and accepts all of them, so that keys can be rotated."""

    def __init__(self, keys: Sequence[SecretBytes]) -> None:
        if not keys:
            raise ValueError("a signer needs a key")
        self._keys = tuple(keys)

    def prefix(self, title: str, version: str, expiry: datetime) -> str:
        """Sign addresses of a title version until `expiry` (whole seconds)."""
        stamp = str(int(expiry.timestamp()))
        return f"{stamp}.{_tag(self._keys[0], stamp, title, version)}"

    def check(self, prefix: str, title: str, version: str, now: float) -> Check:
        """Check a prefix; `now` in seconds since 1970. An expired one was good once."""
        match = _PREFIX.fullmatch(prefix)
        if match is None:
            return Check.BAD
        stamp, tag = match.groups()
        good = False
        for key in self._keys:
            good |= hmac.compare_digest(_tag(key, stamp, title, version), tag)
        if not good:
            return Check.BAD
        return Check.GOOD if now < int(stamp) else Check.EXPIRED


def _tag(key: SecretBytes, stamp: str, title: str, version: str) -> str:
    message = b"\0".join((_LABEL, stamp.encode(), title.encode(), version.encode()))
    digest = hmac.digest(key.reveal(), message, sha256)
    return base64.urlsafe_b64encode(digest[:TAG_BYTES]).rstrip(b"=").decode()
