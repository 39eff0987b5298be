"""From a title's two secrets to the key of every object: HKDF-SHA256 (RFC 5869) over canonical CBOR. Pure.

`T` (title secret) and `S` (server share) are 32 random bytes per title version:
    S(tier, period)      = HKDF(ikm=S, salt="",              info={…, purpose "share"},   32)
    K(rendition, period) = HKDF(ikm=T, salt=S(tier, period), info={…, purpose "content"}, 16)
    K(tier, period)      = HKDF(ikm=T, salt=S(tier, period), info={…, purpose "tier"},    16)
`info` is canonical CBOR (RFC 8949 §4.2.1) of {v, purpose, title, version, tier, rendition, period};
fields that do not apply are "" and -1. Where keys have names (common encryption, ISO/IEC 23001-7), that of
K(tier, period) is its KID, which is public and made of no secret, as its constant IV is.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import cbor2
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from transcoder.keys.secret import SecretBytes

KeySource = Callable[[str, str, int], SecretBytes]
"""(rendition, tier, crypto period) -> the 16-byte content key; `TitleKeys.content_key` is one."""

CommonKeySource = Callable[[str, int], "CommonKey"]
"""(tier, crypto period) -> the key that `cbcs` takes; `TitleKeys.common_key` is one."""

VERSION = 1
SECRET_BYTES = 32
CONTENT_KEY_BYTES = 16
NO_PERIOD = -1


class Purpose(StrEnum):
    """One label per use; a key made for one use is good for no other."""

    SHARE = "share"
    CONTENT = "content"
    TIER = "tier"
    KID = "kid"
    IV = "iv"
    POSTER = "poster"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class CommonKey:
    """A key of common encryption: its name, the constant IV (16 bytes) of all samples, and its 16 bytes."""

    kid: uuid.UUID
    iv: bytes
    key: SecretBytes


@dataclass(frozen=True, slots=True)
class TitleKeys:
    """Every key of one title version. `title` is its id, `secret` is `T`, `share` is `S`."""

    title: str
    version: int
    secret: SecretBytes
    share: SecretBytes

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES or len(self.share) != SECRET_BYTES:
            raise ValueError("title secret and server share are 32 bytes each")

    def period_share(self, tier: str, period: int) -> SecretBytes:
        """S(tier, period), 32 bytes: what a server hands out for a sealed title."""
        return _hkdf(self.share, None, self._info(Purpose.SHARE, tier, "", period), SECRET_BYTES)

    def content_key(self, rendition: str, tier: str, period: int) -> SecretBytes:
        """K(rendition, period), 16 bytes for AES-128."""
        info = self._info(Purpose.CONTENT, tier, rendition, period)
        return _hkdf(self.secret, self.period_share(tier, period), info, CONTENT_KEY_BYTES)

    def tier_key(self, tier: str, period: int) -> SecretBytes:
        """K(tier, period), 16 bytes for `cbcs`: one for all renditions of a tier, as DRM systems expect."""
        info = self._info(Purpose.TIER, tier, "", period)
        return _hkdf(self.secret, self.period_share(tier, period), info, CONTENT_KEY_BYTES)

    def kid(self, tier: str, period: int) -> uuid.UUID:
        """Name `tier_key(tier, period)`: a UUID of version 8 (RFC 9562 §5.8) from a SHA-256 of its `info`."""
        digest = bytearray(self._named(Purpose.KID, tier, period))
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return uuid.UUID(bytes=bytes(digest))

    def constant_iv(self, tier: str, period: int) -> bytes:
        """The IV with which `cbcs` begins every sample under `tier_key(tier, period)`; public, 16 bytes."""
        return self._named(Purpose.IV, tier, period)

    def common_key(self, tier: str, period: int) -> CommonKey:
        """Give a tier's key for a crypto period with all that is said of it."""
        return CommonKey(self.kid(tier, period), self.constant_iv(tier, period), self.tier_key(tier, period))

    def poster_key(self) -> SecretBytes:
        """32 bytes for AES-256-GCM over the poster; not bound to a crypto period."""
        salt = self.period_share("sd", NO_PERIOD)
        return _hkdf(self.secret, salt, self._info(Purpose.POSTER, "sd", "", NO_PERIOD), SECRET_BYTES)

    def manifest_key(self) -> SecretBytes:
        """32 bytes for an encrypted manifest (sealed titles)."""
        salt = self.period_share("sd", NO_PERIOD)
        return _hkdf(self.secret, salt, self._info(Purpose.MANIFEST, "sd", "", NO_PERIOD), SECRET_BYTES)

    def _named(self, purpose: Purpose, tier: str, period: int) -> bytes:
        return hashlib.sha256(self._info(purpose, tier, "", period)).digest()[:16]

    def _info(self, purpose: Purpose, tier: str, rendition: str, period: int) -> bytes:
        return cbor2.dumps(
            {
                "v": VERSION,
                "purpose": purpose.value,
                "title": self.title,
                "version": self.version,
                "tier": tier,
                "rendition": rendition,
                "period": period,
            },
            canonical=True,
        )


def _hkdf(key: SecretBytes, salt: SecretBytes | None, info: bytes, length: int) -> SecretBytes:
    salt_bytes = None if salt is None else salt.reveal()
    return SecretBytes(HKDF(SHA256(), length, salt_bytes, info).derive(key.reveal()))
