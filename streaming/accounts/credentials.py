"""How auth keys are kept and checked, and what is answered for names that do not exist."""

import hmac
import secrets
from dataclasses import dataclass, field

from streaming.accounts.values import AUTH_KEY_BYTES, SALT_BYTES, WRAPPED_BYTES
from transcoder.keys.secret import SecretBytes

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
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(salt, hmac.digest(salt, auth_key.reveal(), _DIGEST))

    @classmethod
    def decoy(cls) -> "StoredKey":
        """Make a stored key that nothing matches, to do the same work for unknown names."""
        return cls.of(SecretBytes(secrets.token_bytes(AUTH_KEY_BYTES)))

    def matches(self, auth_key: SecretBytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest, hmac.digest(self.salt, auth_key.reveal(), _DIGEST))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a name is checked against; `account_id` is empty in the decoy that stands in for nobody."""

    account_id: str
    client_salt: bytes = field(repr=False)
    password: StoredKey
    recovery: StoredKey
    recovery_wrapped: bytes = field(repr=False)

    @classmethod
    def decoy(cls) -> "Credentials":
        """Make credentials that nothing matches, as long as real ones."""
        salt, wrapped = bytes(SALT_BYTES), bytes(WRAPPED_BYTES)
        return cls("", salt, StoredKey.decoy(), StoredKey.decoy(), wrapped)


def invented_salt(secret: SecretBytes, name_key: str) -> bytes:
    """Give the salt (16 bytes) that prelogin answers for a name nobody has.

    The same name gets the same salt for ever, and without `secret` (32 bytes, derived from the root key
    for this purpose alone) it cannot be told from a real one.
    """
    return hmac.digest(secret.reveal(), name_key.encode(), _DIGEST)[:SALT_BYTES]
