"""The values that go in and out of the accounts service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from streaming.accounts.principal import Role
from streaming.ids import AccountId, SessionId, TokenId
from transcoder.keys.secret import SecretBytes

SALT_BYTES = 16
AUTH_KEY_BYTES = 32
PUBLIC_KEY_BYTES = 32
# nonce (12) ‖ X25519 private (32) ‖ Ed25519 private (32) ‖ tag (16); opaque to the server.
WRAPPED_BYTES = 12 + 64 + 16

# Suite v1 of DESIGN.md, told to clients by prelogin; one fixed suite, no negotiation.
KDF: Mapping[str, str | int] = MappingProxyType({"alg": "argon2id", "v": 19, "m": 65536, "t": 3, "p": 4})


@dataclass(frozen=True, slots=True)
class Account:
    """What an account's owner sees of it."""

    id: AccountId
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """Public keys (32 bytes each) and the private halves wrapped under the password's wrapping key."""

    x25519_public: bytes
    ed25519_public: bytes
    wrapped_private: bytes


@dataclass(frozen=True, slots=True)
class Password:
    """What a client makes of a password: its salt, the auth key, and the private keys wrapped with it."""

    salt: bytes
    auth_key: SecretBytes
    wrapped_private: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a client makes of a recovery code: an auth key, and the private keys wrapped with it."""

    auth_key: SecretBytes
    wrapped_private: bytes


@dataclass(frozen=True, slots=True)
class Registration:
    """Everything a new account brings, derived at the client; see `streaming.accounts.vault`."""

    password: Password
    x25519_public: bytes
    ed25519_public: bytes
    recovery: Recovery


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh login: the session's bearer token is in here and nowhere else."""

    account: Account
    keys: AccountKeys
    session_id: SessionId
    token: SecretBytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """One login of an account, as its list of devices shows it."""

    id: SessionId
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as an operator sees it, and when one of its logins was last used."""

    account: Account
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token as the list shows it; the text itself is told once, at creation."""

    id: TokenId
    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new API token with its text."""

    info: ApiToken
    text: SecretBytes
