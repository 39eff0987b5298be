"""JSON bodies of the accounts API. All binary is base64url without padding, of exact size."""

import base64
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from streaming.accounts import values
from transcoder.keys.secret import SecretBytes

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
Name = Annotated[str, Field(max_length=200, description="Account name; capitals do not matter.")]


def encoded(raw: bytes) -> str:
    """Write bytes as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(value: Any, size: int) -> bytes:
    wrong = ValueError(f"must be {size} bytes as base64url without padding")
    if not isinstance(value, str) or len(value) != -(-size * 4 // 3) or not _ALPHABET.fullmatch(value):
        raise wrong
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    if encoded(raw) != value:  # spare bits in the last letter must be zero: one text for one value
        raise wrong
    return raw


def _schema(size: int, what: str) -> WithJsonSchema:
    length = -(-size * 4 // 3)
    return WithJsonSchema(
        {
            "type": "string",
            "contentEncoding": "base64url",
            "minLength": length,
            "maxLength": length,
            "description": f"{what}; {size} bytes as base64url without padding.",
        }
    )


Salt = Annotated[
    bytes,
    PlainValidator(lambda v: _decoded(v, values.SALT_BYTES)),
    _schema(values.SALT_BYTES, "Salt of the password"),
]
PublicKey = Annotated[
    bytes,
    PlainValidator(lambda v: _decoded(v, values.PUBLIC_KEY_BYTES)),
    _schema(values.PUBLIC_KEY_BYTES, "Raw public key"),
]
WrappedKeys = Annotated[
    bytes,
    PlainValidator(lambda v: _decoded(v, values.WRAPPED_BYTES)),
    _schema(values.WRAPPED_BYTES, "Private keys, wrapped at the client; opaque to the server"),
]
AuthKey = Annotated[
    SecretBytes,
    PlainValidator(lambda v: SecretBytes(_decoded(v, values.AUTH_KEY_BYTES))),
    _schema(values.AUTH_KEY_BYTES, "Key derived at the client; never the password"),
]


class _Body(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, hide_input_in_errors=True)


class PreloginIn(_Body):
    """Whose salt is asked for."""

    name: Name


class KdfOut(BaseModel):
    """Parameters of Argon2id (RFC 9106); `m` in KiB."""

    alg: str
    v: int
    m: int
    t: int
    p: int


class PreloginOut(BaseModel):
    """What a client needs to derive its keys from the password."""

    salt: str
    kdf: KdfOut


class KeysIn(_Body):
    """An account's key pairs."""

    x25519_public: PublicKey
    ed25519_public: PublicKey
    wrapped_private: WrappedKeys


class RecoveryIn(_Body):
    """What a client made of its recovery code."""

    auth_key: AuthKey
    wrapped_private: WrappedKeys

    def value(self) -> values.Recovery:
        """Give it to the service."""
        return values.Recovery(self.auth_key, self.wrapped_private)


class RegisterIn(_Body):
    """A new account, derived at the client."""

    name: Name
    salt: Salt
    auth_key: AuthKey
    keys: KeysIn
    recovery: RecoveryIn

    def value(self) -> values.Registration:
        """Give it to the service."""
        password = values.Password(self.salt, self.auth_key, self.keys.wrapped_private)
        return values.Registration(
            password, self.keys.x25519_public, self.keys.ed25519_public, self.recovery.value()
        )


class LoginIn(_Body):
    """A log-in; `device` is what the list of devices shows, by default made from the User-Agent."""

    name: Name
    auth_key: AuthKey
    device: Annotated[str | None, Field(max_length=200)] = None


class PasswordIn(_Body):
    """A new password for somebody who knows the old one."""

    old_auth_key: AuthKey
    salt: Salt
    auth_key: AuthKey
    wrapped_private: WrappedKeys

    def value(self) -> values.Password:
        """Give it to the service."""
        return values.Password(self.salt, self.auth_key, self.wrapped_private)


class RecoverStartIn(_Body):
    """Proof of having the recovery code."""

    name: Name
    recovery_auth_key: AuthKey


class RecoverIn(RecoverStartIn):
    """A new password and a new recovery code for somebody who has the old code."""

    salt: Salt
    auth_key: AuthKey
    wrapped_private: WrappedKeys
    recovery: RecoveryIn

    def value(self) -> values.Password:
        """Give the password's part to the service."""
        return values.Password(self.salt, self.auth_key, self.wrapped_private)


class WrappedOut(BaseModel):
    """Private keys, wrapped under the recovery code."""

    wrapped_private: str


class AccountOut(BaseModel):
    """An account as its owner sees it."""

    id: str
    name: str
    role: str
    created_at: datetime

    @classmethod
    def of(cls, account: values.Account) -> "AccountOut":
        """Show an account."""
        return cls(id=account.id, name=account.name, role=account.role, created_at=account.created_at)


class KeysOut(BaseModel):
    """An account's key pairs; the private halves wrapped under the password."""

    x25519_public: str
    ed25519_public: str
    wrapped_private: str

    @classmethod
    def of(cls, keys: values.AccountKeys) -> "KeysOut":
        """Show keys."""
        return cls(
            x25519_public=encoded(keys.x25519_public),
            ed25519_public=encoded(keys.ed25519_public),
            wrapped_private=encoded(keys.wrapped_private),
        )


class MeOut(AccountOut):
    """Who is asking. `keys` only for logins, as an API token has no use for wrapped keys."""

    session_id: str | None
    token_id: str | None
    keys: KeysOut | None


class LoginOut(BaseModel):
    """A fresh login; its bearer is in the cookie alone."""

    account: AccountOut
    keys: KeysOut
    session_id: str
    expires_at: datetime


class DeviceOut(BaseModel):
    """One login in the list of devices."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class DevicesOut(BaseModel):
    """The live logins, the last seen first."""

    sessions: list[DeviceOut]


class TokenIn(_Body):
    """A new API token's label; forms send null for an empty field."""

    label: Annotated[str | None, Field(max_length=80)] = None


class TokenOut(BaseModel):
    """An API token in the list."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: values.ApiToken) -> "TokenOut":
        """Show a token."""
        return cls(
            id=token.id, label=token.label, created_at=token.created_at, last_used_at=token.last_used_at
        )


class IssuedTokenOut(TokenOut):
    """A new API token; `token` is answered this once."""

    token: str


class TokensOut(BaseModel):
    """The API tokens, the newest first."""

    tokens: list[TokenOut]
