"""What is kept of a strong key that clients derive from a password: a salted hash, and nothing more."""

import hmac
import secrets
from dataclasses import dataclass, field

from transcoder.keys.secret import SecretBytes

PROOF_SALT_BYTES = 16
PROOF_KEY_BYTES = 32
_DIGEST = "sha256"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A salted hash of an auth key: `salt` (16 bytes) and HMAC-SHA256 (32 bytes).

    One fast hash is enough: the auth key is the outcome of Argon2id at the client, so guessing
    passwords against a stolen database costs an Argon2id for every guess.
    """

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, auth_key: SecretBytes) -> "StoredKey":
        """Hash `auth_key` under a fresh salt."""
        salt = secrets.token_bytes(PROOF_SALT_BYTES)
        return cls(salt, hmac.digest(salt, auth_key.reveal(), _DIGEST))

    @classmethod
    def decoy(cls) -> "StoredKey":
        """Make a stored key that nothing matches, to do the same work where there is none."""
        return cls.of(SecretBytes(secrets.token_bytes(PROOF_KEY_BYTES)))

    def matches(self, auth_key: SecretBytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest, hmac.digest(self.salt, auth_key.reveal(), _DIGEST))
