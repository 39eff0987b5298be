"""The root key: a versioned file with mode 0600, and what is sealed under it."""

import os
import secrets
import struct
from dataclasses import dataclass, field
from pathlib import Path

from streaming.errors import Code, Fault
from streaming.keys.envelope import Binding, derive, seal, unseal
from transcoder.keys.secret import SecretBytes

KEY_BYTES = 32
_HEAD = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class RootKey:
    """Every version of the root key; the highest seals, all of them open."""

    versions: dict[int, SecretBytes] = field(repr=False)

    @property
    def current(self) -> int:
        """The version that seals."""
        return max(self.versions)

    def wrap(self, binding: Binding, secret: SecretBytes) -> bytes:
        """Seal under the current version; the version number stands before the envelope."""
        return _HEAD.pack(self.current) + seal(self.versions[self.current], binding, secret)

    def unwrap(self, binding: Binding, wrapped: bytes) -> SecretBytes:
        """Open what `wrap` made. Raises `BrokenEnvelope`, or `Fault` if that version's key is not here."""
        version = _HEAD.unpack_from(wrapped)[0] if len(wrapped) >= _HEAD.size else 0
        if version not in self.versions:
            raise Fault(
                Code.INTERNAL,
                f"A secret is sealed under version {version} of the root key, which is not here.",
                "Restore root.key from the backup that belongs to this data folder.",
                name="root_key_missing",
            )
        return unseal(self.versions[version], binding, wrapped[_HEAD.size :])

    def derived(self, label: str) -> SecretBytes:
        """A 32-byte secret of the house for one purpose, from the oldest version, so that it is stable."""
        return derive(self.versions[min(self.versions)], f"house/{label}")


def load_or_make(path: Path) -> RootKey:
    """Read the root key, or make it (mode 0600, fsynced before it is used) if there is none.

    Raises `Fault` when the file can be read by others or does not hold a key.
    """
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise Fault(
            Code.INTERNAL,
            f"The root key {path} can be read by other users of this machine.",
            f"Run: chmod 600 {path}",
            name="root_key_open",
        )
    return RootKey(_parse(path))


def _make(path: Path) -> None:
    """Write version 1. `link` refuses to replace a key that another process made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"1 {secrets.token_bytes(KEY_BYTES).hex()}\n")
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


def _parse(path: Path) -> dict[int, SecretBytes]:
    versions: dict[int, SecretBytes] = {}
    for line in path.read_text().splitlines():
        number, _, text = line.partition(" ")
        try:
            versions[int(number)] = SecretBytes(bytes.fromhex(text))
        except ValueError:
            versions.clear()
            break
    if not versions or any(len(key) != KEY_BYTES for key in versions.values()):
        raise Fault(
            Code.INTERNAL,
            f"The root key {path} is damaged.",
            "Restore it from a backup: without it the films of this house cannot be opened.",
            name="root_key_damaged",
        )
    return versions
