"""How auth keys are kept and checked, and what is answered for names that do not exist."""

import hmac
from dataclasses import dataclass, field

from streaming.accounts.values import SALT_BYTES, WRAPPED_BYTES
from streaming.keys.proofs import StoredKey
from transcoder.keys.secret import SecretBytes

_DIGEST = "sha256"


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
