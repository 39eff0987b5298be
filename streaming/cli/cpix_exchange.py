"""What `matinee title cpix` does; apart from its words, so that no other command loads a whole house."""

import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificate

from streaming.delivery.exchange import document_of, require_common_encryption, taken_over
from streaming.delivery.signals import SignalStore
from streaming.delivery.values import Version
from streaming.errors import Code, Fault, not_found
from streaming.ids import TitleId, VersionId
from streaming.keys import cpix
from streaming.keys.cpix_reading import BadDocument, read
from streaming.settings import Settings
from streaming.wiring import Services, open_services
from transcoder.standalone.output import out, plain


def export_keys(
    settings: Settings, title: str, out_file: Path, certificates: Sequence[Path], systems: Sequence[str]
) -> None:
    """Write the keys of a film into a new file, encrypted for holders of certificates; without one: in clear.

    `systems` are the ids of DRM systems that the vendor shall fill in for. Raises `Fault`.
    """
    wanted = [_system(text) for text in systems]
    with open_services(settings) as services:
        now = services.clock.now()
        recipients = [_certificate(path, now) for path in certificates]
        version, periods = _version(services, title)
        keys = services.keys_of(version.title_id, version.version_id)
        signals = SignalStore(services.database).of(version.version_id)
        document = document_of(version, keys, periods, signals, wanted)
    try:
        text = cpix.write(document, recipients)
    except ValueError as fault:
        raise _bad_certificate(str(fault)) from None
    _write_privately(out_file, text)
    how = f"for {len(recipients)} recipient(s)" if recipients else "IN CLEAR"
    out.print(f"Wrote {len(document.keys)} keys of “{plain(version.name)}” to {plain(str(out_file))}, {how}.")


def import_signals(settings: Settings, title: str, file: Path) -> None:
    """Take over what a document says to players of a film's keys. Raises `Fault`."""
    try:
        document = read(file.read_bytes())
    except OSError:
        raise _unreadable(file) from None
    except BadDocument as fault:
        raise Fault(
            Code.INVALID,
            f"This is no CPIX document that can be used: {fault}.",
            "Ask the DRM vendor for CPIX 2.3 in plain XML.",
            name="bad_cpix",
        ) from None
    with open_services(settings) as services:
        version, periods = _version(services, title)
        keys = services.keys_of(version.title_id, version.version_id)
        systems = taken_over(document, version, keys, periods)
        SignalStore(services.database).replace(version.version_id, systems, services.clock.now())
    kinds = len({one.system for one in systems})
    out.print(f"Players are told of {kinds} DRM system(s), for {len({one.kid for one in systems})} keys.")
    if document.carried:
        out.print(f"{len(document.carried)} keys in the document were not read: the film keeps its own.")


def _version(services: Services, title: str) -> tuple[Version, int]:
    """Find what of a title plays, and how many crypto periods it has."""
    version = services.live.read_version(TitleId(title))
    if version is None:
        raise not_found("title")
    require_common_encryption(version)
    pictures = [one.name for one in version.renditions if one.kind == "video"]
    segments = [services.index.segments(VersionId(version.version_id), name) for name in pictures]
    periods = max((some[-1].period + 1 for some in segments if some), default=0)
    if not version.complete or not periods:
        raise Fault(
            Code.CONFLICT,
            "This film is still being prepared.",
            "Ask again when it is ready: then all its crypto periods are known.",
            name="not_ready",
        )
    return version, periods


def _certificate(path: Path, now: datetime) -> Certificate:
    try:
        found = load_pem_x509_certificate(path.read_bytes())
    except OSError:
        raise _unreadable(path) from None
    except ValueError:
        raise _bad_certificate("it is no X.509 certificate in PEM") from None
    if not found.not_valid_before_utc <= now < found.not_valid_after_utc:
        raise _bad_certificate("it is not valid today")
    return found


def _bad_certificate(why: str) -> Fault:
    return Fault(
        Code.INVALID,
        f"The keys cannot be encrypted for this certificate: {why}.",
        "Ask the recipient for a valid certificate with an RSA key.",
        name="bad_certificate",
    )


def _unreadable(path: Path) -> Fault:
    return Fault(
        Code.NOT_FOUND,
        f"{path} cannot be read.",
        "Check its name and whether you may read it.",
        name="no_file",
    )


def _system(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Fault(
            Code.INVALID,
            f"“{text[:40]}” is not a DRM system id.",
            "Give a UUID, as DASH-IF registers them: edef8ba9-79d6-4ace-a3c8-27dcd51d21ed.",
            name="bad_system",
        ) from None


def _write_privately(path: Path, text: bytes) -> None:
    """Write a new file that its owner alone may read; what is there already is never written over."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Fault(
            Code.CONFLICT, f"{path} is there already.", "Name a new file, or remove it first.", name="exists"
        ) from None
    except OSError as fault:
        raise Fault(
            Code.INVALID,
            f"{path} cannot be written ({os.strerror(fault.errno or 0)}).",
            "Name another place.",
            name="not_writable",
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
