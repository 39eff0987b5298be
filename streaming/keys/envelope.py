"""Envelopes: secrets sealed under a key and bound to the row they belong to.

AES-256-GCM (NIST SP 800-38D). The associated data is canonical CBOR of `{v, purpose, owner, object,
version}`, so an envelope moved to another row does not open. GCM does not commit to its key, so an
HKDF commitment of the wrapping key is kept inside the envelope and checked first.
"""

import hmac
import secrets
from dataclasses import asdict, dataclass

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from transcoder.keys.secret import SecretBytes

FORMAT = 1
NONCE_BYTES = 12
COMMITMENT_BYTES = 32


class BrokenEnvelope(Exception):
    """The envelope was altered, moved, or belongs to another key; the message never says secrets."""


class WrongKey(BrokenEnvelope):
    """The envelope is whole as far as can be told, but was sealed under another key."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What an envelope belongs to; each purpose is one label, used for nothing else."""

    purpose: str
    owner: str
    object: str
    version: int

    def encoded(self) -> bytes:
        """Canonical CBOR (RFC 8949 §4.2) of the binding with the format's version."""
        return cbor2.dumps({"v": FORMAT, **asdict(self)}, canonical=True)


def derive(key: SecretBytes, label: str, length: int = 32) -> SecretBytes:
    """HKDF-SHA256 (RFC 5869) of `key` with canonical CBOR `{v, purpose}` as info."""
    info = cbor2.dumps({"v": FORMAT, "purpose": label}, canonical=True)
    return SecretBytes(HKDF(SHA256(), length, salt=None, info=info).derive(key.reveal()))


def seal(key: SecretBytes, binding: Binding, secret: SecretBytes) -> bytes:
    """Seal `secret` under `key`: format byte ‖ commitment (32) ‖ nonce (12) ‖ ciphertext and tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = AESGCM(derive(key, "envelope/seal").reveal()).encrypt(nonce, secret.reveal(), binding.encoded())
    return bytes([FORMAT]) + _commitment(key) + nonce + body


def unseal(key: SecretBytes, binding: Binding, envelope: bytes) -> SecretBytes:
    """Open an envelope. Raises `WrongKey` for another key's, `BrokenEnvelope` for anything else amiss."""
    head = 1 + COMMITMENT_BYTES + NONCE_BYTES
    if len(envelope) < head + 16 or envelope[0] != FORMAT:
        raise BrokenEnvelope(f"the envelope for {binding.purpose} has no known format")
    if not hmac.compare_digest(envelope[1 : 1 + COMMITMENT_BYTES], _commitment(key)):
        raise WrongKey(f"the envelope for {binding.purpose} was sealed under another key")
    try:
        opened = AESGCM(derive(key, "envelope/seal").reveal()).decrypt(
            envelope[head - NONCE_BYTES : head], envelope[head:], binding.encoded()
        )
    except InvalidTag:
        raise BrokenEnvelope(f"the envelope for {binding.purpose} was altered or moved") from None
    return SecretBytes(opened)


def _commitment(key: SecretBytes) -> bytes:
    return derive(key, "envelope/commitment", COMMITMENT_BYTES).reveal()
