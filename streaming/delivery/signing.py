"""Signed segment addresses: one prefix `{expiry}.{signature}` for all segments of a title version.

The signature covers a label, the expiry as written, the title and the version, and is 128 bits as base64url.
Text is compared with text, so that no second spelling passes, and the check needs no database. A prefix opens
ciphertext only.

It is written in one of two forms of the same shape, so that addresses, doors and caches know only one:

- `hmac`: HMAC-SHA256 cut to 128 bits. Ours, and the default.
- `nginx`: what nginx can check by itself with `secure_link_md5`. nginx knows MD5 alone, without HMAC, so the
  secret stands in front of what is signed and behind it. Nobody outside chooses what is signed, which is what
  the known attacks on MD5 need, but it is the weaker of the two: it is accepted only where an operator asked
  for it, under a secret of its own that opens nothing else.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import Enum
from hashlib import sha256

from streaming.hosts import Form
from transcoder.keys.secret import SecretBytes

PURPOSE = "segment-addresses"
"""What the signing key is derived for from the house's root key."""
TAG_BYTES = 16
LABEL = "matinee/v1/segment-address"
_PREFIX = re.compile(r"([1-9][0-9]{9,10})\.([A-Za-z0-9_-]{22})", re.ASCII)


class Check(Enum):
    """What a prefix turned out to be."""

    GOOD = "good"
    EXPIRED = "expired"
    BAD = "bad"


class AddressSigner:
    """Signs with the first of `keys` and accepts all of them, so that keys can be rotated.

    It signs in the first of `forms` unless asked for another of them, and accepts those and `hmac`: addresses
    that were given out before an operator chose another form stay good until they expire.
    """

    def __init__(
        self, keys: Sequence[SecretBytes], forms: Sequence[Form] = (Form.HMAC,), *, cat: bool = False
    ) -> None:
        if not keys or not forms:
            raise ValueError("a signer needs a key and a form")
        self._keys = tuple(keys)
        self._form = forms[0]
        self.cat = cat
        """Whether Common Access Tokens are accepted too."""
        self._accepted: Collection[Form] = dict.fromkeys((*forms, Form.HMAC))

    def prefix(self, title: str, version: str, expiry: datetime, form: Form | None = None) -> str:
        """Sign addresses of a title version until `expiry` (whole seconds)."""
        stamp = str(int(expiry.timestamp()))
        return f"{stamp}.{_tag(form or self._form, self._keys[0], stamp, title, version)}"

    @property
    def keys(self) -> tuple[SecretBytes, ...]:
        """The signing keys, for the forms that are made elsewhere."""
        return self._keys

    def check(self, prefix: str, title: str, version: str, now: float) -> Check:
        """Check a prefix; `now` in seconds since 1970. An expired one was good once."""
        match = _PREFIX.fullmatch(prefix)
        if match is None:
            return Check.BAD
        stamp, tag = match.groups()
        good = False
        for form in self._accepted:
            for key in self._keys:
                good |= hmac.compare_digest(_tag(form, key, stamp, title, version), tag)
        if not good:
            return Check.BAD
        return Check.GOOD if now < int(stamp) else Check.EXPIRED


def nginx_secret(key: SecretBytes) -> SecretBytes:
    """Derive the text that nginx is told, from a signing key; the key itself stays in the house."""
    digest = hmac.digest(key.reveal(), b"matinee/v1/nginx-secure-link", sha256)
    return SecretBytes(base64.urlsafe_b64encode(digest).rstrip(b"="))


def _tag(form: Form, key: SecretBytes, stamp: str, title: str, version: str) -> str:
    digest = _nginx(key, stamp, title, version) if form is Form.NGINX else _hmac(key, stamp, title, version)
    return base64.urlsafe_b64encode(digest[:TAG_BYTES]).rstrip(b"=").decode()


def _hmac(key: SecretBytes, stamp: str, title: str, version: str) -> bytes:
    message = b"\0".join((LABEL.encode(), stamp.encode(), title.encode(), version.encode()))
    return hmac.digest(key.reveal(), message, sha256)


def _nginx(key: SecretBytes, stamp: str, title: str, version: str) -> bytes:
    """What `secure_link_md5 "$secret LABEL $expiry $title $version $secret"` computes."""
    secret = nginx_secret(key).reveal()
    message = b" ".join((secret, LABEL.encode(), stamp.encode(), title.encode(), version.encode(), secret))
    return hashlib.md5(message, usedforsecurity=False).digest()
