"""The key file of films made without a server: the secrets from which every key and signature follows.

One JSON object in UTF-8, mode 0600, nothing beside it; the secrets are 32 random bytes each, base64url
without padding (RFC 4648 §5):

    {"matinee": "key file", "v": 1, "secret": T, "share": S, "signing": seed of the Ed25519 key for manifests}

`secret` and `share` are `keyschedule`'s `T` and `S`. One file serves one film or a whole shelf: each film's
folder has a random title id of its own, which goes into every key.
"""

import base64
import binascii
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from transcoder.errors import Refused
from transcoder.keys.keyschedule import SECRET_BYTES, TitleKeys
from transcoder.keys.secret import SecretBytes

KIND = "key file"
VERSION = 1
TITLE_VERSION = 1
"""A folder is made once; a film made anew is another title."""
_FIELDS = ("secret", "share", "signing")
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds. `signer` tells one from another and is no secret."""

    secret: SecretBytes = field(repr=False)
    share: SecretBytes = field(repr=False)
    signing: SecretBytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "KeyFile":
        """Draw new secrets."""
        return cls(*(SecretBytes(secrets.token_bytes(SECRET_BYTES)) for _ in _FIELDS))

    def title_keys(self, title: str) -> TitleKeys:
        """Give every key of one title."""
        return TitleKeys(title, TITLE_VERSION, self.secret, self.share)

    def signing_key(self) -> Ed25519PrivateKey:
        """Give the key that signs manifests."""
        return Ed25519PrivateKey.from_private_bytes(self.signing.reveal())

    @property
    def signer(self) -> str:
        """The public half of `signing_key`, in hex."""
        return self.signing_key().public_key().public_bytes_raw().hex()


def load_or_make(path: Path) -> KeyFile:
    """Read a key file, or make one with fresh secrets if there is none; raises Refused as `load` does."""
    if not path.exists():
        _make(path)
    return load(path)


def load(path: Path) -> KeyFile:
    """Read a key file.

    Raises Refused: key_file_missing, key_file_open (others can read it), key_file_damaged, key_file_version.
    """
    try:
        # Nonblocking: a named pipe is told from a file before anybody waits for it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Refused(
            "key_file_missing", f"There is no key file {path}.", "Name the file that the film was made with."
        ) from None
    except OSError as fault:
        raise Refused(
            "key_file_damaged", f"The key file {path} cannot be read: {fault.strerror}.", "Check its rights."
        ) from None
    try:
        _check_mode(path, os.fstat(descriptor).st_mode)
        return _parse(path, os.read(descriptor, _MOST_BYTES))
    finally:
        os.close(descriptor)


def _check_mode(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise Refused("key_file_damaged", f"{path} is not a file.", "Name a key file.")
    if mode & 0o077:
        raise Refused(
            "key_file_open",
            f"Other users of this machine may read or change the key file {path}.",
            f"Run: chmod 600 {path}",
        )


def write(keys: KeyFile) -> bytes:
    """Give the bytes of a key file."""
    found = {name: _text(getattr(keys, name)) for name in _FIELDS}
    return (json.dumps({"matinee": KIND, "v": VERSION, **found}, indent=1) + "\n").encode()


def _make(path: Path) -> None:
    """Write a new file. `link` refuses to replace one that somebody else made meanwhile."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise Refused(
            "key_file_missing",
            f"The key file {path} cannot be made: {fault.strerror}.",
            "Choose a folder that exists and that you may write to.",
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(write(KeyFile.fresh()))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def _parse(path: Path, data: bytes) -> KeyFile:
    try:
        raw: Any = json.loads(data)
        kind, version = raw["matinee"], raw["v"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _damaged(path) from None
    if kind == KIND and isinstance(version, int) and version > VERSION:
        raise Refused(
            "key_file_version",
            f"The key file {path} is of version {version}, which is not known here.",
            "Use the Matinee that made it, or a newer one.",
        )
    try:
        keys = KeyFile(*(_secret(raw[name]) for name in _FIELDS))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _damaged(path) from None
    if json.loads(write(keys)) != raw:
        raise _damaged(path)
    return keys


def _damaged(path: Path) -> Refused:
    return Refused(
        "key_file_damaged",
        f"{path} is not a key file, or it is damaged.",
        "Restore it from a backup: without it nobody can open the films that were made with it.",
    )


def _text(secret: SecretBytes) -> str:
    return base64.urlsafe_b64encode(secret.reveal()).rstrip(b"=").decode()


def _secret(text: str) -> SecretBytes:
    try:
        value = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
    if len(value) != SECRET_BYTES:
        raise ValueError("a secret is 32 bytes")
    return SecretBytes(value)
