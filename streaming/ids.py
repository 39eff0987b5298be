"""Opaque typed identifiers and bearer tokens."""

import base64
import hashlib
import secrets
from typing import NewType

AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)
TokenId = NewType("TokenId", str)
TitleId = NewType("TitleId", str)
VersionId = NewType("VersionId", str)
UploadId = NewType("UploadId", str)
LicenceId = NewType("LicenceId", str)
PlaybackId = NewType("PlaybackId", str)
ChannelId = NewType("ChannelId", str)
OfferId = NewType("OfferId", str)
CodeId = NewType("CodeId", str)


def random_base32(length: int) -> str:
    """Give `length` random characters of a-z2-7, 5 bits each."""
    text = base64.b32encode(secrets.token_bytes((length * 5 + 7) // 8)).decode().lower()
    return text[:length]


def new_id(prefix: str) -> str:
    """Make an identifier such as `ti_k3…`: the prefix and 100 random bits."""
    return f"{prefix}_{random_base32(20)}"


def new_token(prefix: str = "") -> str:
    """Make a bearer secret: 256 random bits as base64url behind an optional prefix."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """SHA-256 of a bearer secret: what the database keeps in its place."""
    return hashlib.sha256(token.encode()).digest()
