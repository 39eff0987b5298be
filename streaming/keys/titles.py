"""A title version's two secrets, T and S, as the database keeps them: wrapped."""

import secrets
from dataclasses import dataclass

from streaming.keys.envelope import Binding
from streaming.keys.root import RootKey
from transcoder.keys.secret import SecretBytes

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class TitleSecrets:
    """`title_secret` is T and `server_share` is S of the key schedule; 32 random bytes each."""

    title_secret: SecretBytes
    server_share: SecretBytes

    @classmethod
    def make(cls) -> "TitleSecrets":
        """Draw fresh secrets for a new title version."""
        return cls(
            SecretBytes(secrets.token_bytes(SECRET_BYTES)), SecretBytes(secrets.token_bytes(SECRET_BYTES))
        )


@dataclass(frozen=True, slots=True)
class WrappedSecrets:
    """Both secrets sealed under the root key, each bound to its owner, title and version."""

    title_secret: bytes
    server_share: bytes


def wrap_secrets(root: RootKey, owner: str, title: str, version: int, made: TitleSecrets) -> WrappedSecrets:
    """Seal both secrets for the row of (`title`, `version`) that belongs to `owner`."""
    return WrappedSecrets(
        root.wrap(Binding("title-secret", owner, title, version), made.title_secret),
        root.wrap(Binding("server-share", owner, title, version), made.server_share),
    )


def unwrap_secrets(root: RootKey, owner: str, title: str, version: int, kept: WrappedSecrets) -> TitleSecrets:
    """Open both secrets. Raises `BrokenEnvelope` when the row was altered or moved."""
    return TitleSecrets(
        root.unwrap(Binding("title-secret", owner, title, version), kept.title_secret),
        root.unwrap(Binding("server-share", owner, title, version), kept.server_share),
    )
