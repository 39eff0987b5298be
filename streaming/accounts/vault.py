"""The client's side of accounts, for the command line: from a password or recovery code to keys.

The same derivation as `player/web`'s vault; `tests/vectors/vault.json` holds both to it. Suite v1:
Argon2id (RFC 9106, 64 MiB, t=3, p=4) → HKDF-SHA256 (RFC 5869) → AES-256-GCM (NIST SP 800-38D).
The server never sees what goes in here, only `Registration` and auth keys.
"""

import secrets
import unicodedata
from dataclasses import dataclass

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from streaming.accounts.values import SALT_BYTES, WRAPPED_BYTES, Password, Recovery, Registration
from streaming.errors import Code, Fault
from transcoder.keys.secret import SecretBytes

SHORTEST_PASSWORD = 10
CODE_BYTES = 20
_NONCE_BYTES = 12
_AAD = b"matinee/v1/account-keys"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """`auth_key` (32 bytes) goes to the server, `wrapping_key` (32 bytes) never leaves the client."""

    auth_key: SecretBytes
    wrapping_key: SecretBytes


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """An account's private halves, 32 raw bytes each."""

    x25519: SecretBytes
    ed25519: SecretBytes


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A registration to send, and the recovery code to show once."""

    registration: Registration
    recovery_code: SecretBytes


def from_password(password: SecretBytes, salt: bytes) -> DerivedKeys:
    """Derive both keys from a UTF-8 password and its 16-byte salt; takes about 0.2 s and 64 MiB."""
    text = unicodedata.normalize("NFKC", password.reveal().decode())
    raw = hash_secret_raw(
        text.encode(),
        salt,
        time_cost=3,
        memory_cost=64 * 1024,
        parallelism=4,
        hash_len=64,
        type=Type.ID,
        version=ARGON2_VERSION,
    )
    return DerivedKeys(_expand(raw, b"matinee/v1/auth", 32), _expand(raw, b"matinee/v1/wrap", 32))


def from_recovery_code(code: SecretBytes) -> DerivedKeys:
    """Derive both keys from a recovery code as it is written. Raises `Fault` when it cannot be one."""
    both = _expand(_parse_code(code.reveal().decode()), b"matinee/v1/recovery", 64).reveal()
    return DerivedKeys(SecretBytes(both[:32]), SecretBytes(both[32:]))


def new_account(password: SecretBytes) -> NewAccount:
    """Make key pairs, a recovery code and the registration that goes with `password`."""
    x25519, ed25519 = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    private = PrivateKeys(SecretBytes(x25519.private_bytes_raw()), SecretBytes(ed25519.private_bytes_raw()))
    code = new_recovery_code()
    registration = Registration(
        new_password(password, private),
        x25519.public_key().public_bytes_raw(),
        ed25519.public_key().public_bytes_raw(),
        new_recovery(code, private),
    )
    return NewAccount(registration, code)


def new_password(password: SecretBytes, private: PrivateKeys) -> Password:
    """Wrap `private` under a new password with a fresh salt. Raises `Fault` when it is too short."""
    if len(unicodedata.normalize("NFKC", password.reveal().decode())) < SHORTEST_PASSWORD:
        raise Fault(
            Code.INVALID,
            f"The password has fewer than {SHORTEST_PASSWORD} characters.",
            "Choose a longer one; a few words that do not belong together are good.",
            name="short_password",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    keys = from_password(password, salt)
    return Password(salt, keys.auth_key, wrap(keys.wrapping_key, private))


def new_recovery(code: SecretBytes, private: PrivateKeys) -> Recovery:
    """Wrap `private` under a recovery code."""
    keys = from_recovery_code(code)
    return Recovery(keys.auth_key, wrap(keys.wrapping_key, private))


def wrap(wrapping_key: SecretBytes, private: PrivateKeys) -> bytes:
    """Encrypt both private keys: nonce (12) ‖ ciphertext (64) ‖ tag (16)."""
    return _wrap_with(wrapping_key, private, secrets.token_bytes(_NONCE_BYTES))


def _wrap_with(wrapping_key: SecretBytes, private: PrivateKeys, nonce: bytes) -> bytes:
    plain = private.x25519.reveal() + private.ed25519.reveal()
    return nonce + AESGCM(wrapping_key.reveal()).encrypt(nonce, plain, _AAD)


def unwrap(wrapping_key: SecretBytes, wrapped: bytes) -> PrivateKeys:
    """Decrypt what `wrap` made. Raises `Fault` INVALID for another key's or altered bytes."""
    try:
        if len(wrapped) != WRAPPED_BYTES:
            raise InvalidTag
        plain = AESGCM(wrapping_key.reveal()).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _AAD)
    except InvalidTag:
        raise Fault(
            Code.INVALID,
            "The account's private keys do not open with this password or recovery code.",
            "Check what you typed.",
            name="keys_do_not_open",
        ) from None
    return PrivateKeys(SecretBytes(plain[:32]), SecretBytes(plain[32:]))


def new_recovery_code() -> SecretBytes:
    """Draw 20 random bytes and write them in Crockford's base32, eight groups of four."""
    return SecretBytes(_write_code(secrets.token_bytes(CODE_BYTES)).encode())


def _write_code(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    letters = "".join(_CROCKFORD[number >> shift & 31] for shift in range(155, -1, -5))
    return "-".join(letters[at : at + 4] for at in range(0, 32, 4))


def _parse_code(text: str) -> bytes:
    """Read a code as people type it: any case, any grouping, O for 0, I and L for 1."""
    letters = "".join(text.split()).replace("-", "").upper()
    letters = letters.translate(str.maketrans("OIL", "011"))
    if len(letters) != CODE_BYTES * 8 // 5 or not set(letters) <= set(_CROCKFORD):
        raise Fault(
            Code.INVALID,
            "This is not a recovery code.",
            "A recovery code has eight groups of four letters and digits.",
            name="bad_recovery_code",
        )
    number = 0
    for letter in letters:
        number = number << 5 | _CROCKFORD.index(letter)
    return number.to_bytes(CODE_BYTES, "big")


def _expand(raw: bytes, info: bytes, length: int) -> SecretBytes:
    return SecretBytes(HKDF(SHA256(), length, salt=None, info=info).derive(raw))
