"""What DRM vendors say of a film's keys to players, imported and kept: PSSH, ContentProtection, EXT-X-KEY."""

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.etree import ElementTree as ET  # writes only

from sqlalchemy import ForeignKey, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from streaming.db.base import Base, Instant
from streaming.db.engine import Database
from streaming.delivery.keysystems import Signal
from streaming.errors import Code, Fault
from streaming.keys.cpix import DrmSystem
from streaming.keys.cpix_reading import BadDocument, parse
from transcoder.errors import BadMedia
from transcoder.formats.pssh import read_pssh

_TAGS = ("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")
_ATTRIBUTES = re.compile(r'METHOD=SAMPLE-AES,((?:[A-Z0-9-]+=(?:"[^"\r\n]*"|[^",\s]+),?)+)')
"""An attribute list (RFC 8216 §4.2) whose METHOD is that of `cbcs`, and stands first as it always does."""


class SignalRow(Base):
    """What is said of one key under one DRM system."""

    __tablename__ = "drm_signals"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("title_versions.id", ondelete="CASCADE"), primary_key=True
    )
    kid: Mapped[str] = mapped_column(String(36), primary_key=True)
    system: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), default="")
    pssh: Mapped[bytes] = mapped_column(default=b"")
    elements: Mapped[str] = mapped_column(Text, default="")
    """Children of the ContentProtection element, as XML inside of one root."""
    hls: Mapped[str] = mapped_column(Text, default="")
    """Attribute lists behind METHOD, one a line."""
    imported_at: Mapped[datetime] = mapped_column(Instant)


class SignalStore:
    """Reads and replaces what was imported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, version_id: str) -> dict[uuid.UUID, list[Signal]]:
        """Give what is said of each key of a version."""
        with self._database.read() as session:
            rows = session.scalars(
                select(SignalRow)
                .where(SignalRow.version_id == version_id)
                .order_by(SignalRow.kid, SignalRow.system)
            ).all()
        found: dict[uuid.UUID, list[Signal]] = {}
        for row in rows:
            hls = tuple(row.hls.splitlines())
            elements = tuple(parse(row.elements.encode())) if row.elements else ()
            signal = Signal(uuid.UUID(row.system), row.name, row.pssh, hls, elements)
            found.setdefault(uuid.UUID(row.kid), []).append(signal)
        return found

    def replace(self, version_id: str, systems: Sequence[DrmSystem], now: datetime) -> None:
        """Keep what is said under the given systems, in place of what was said under them before.

        Raises `Fault` INVALID for what no playlist or MPD can hold; nothing is kept then.
        """
        rows = [_row(version_id, one, now) for one in systems]
        named = {str(one.system) for one in systems}
        with self._database.write() as session:
            session.execute(
                delete(SignalRow).where(SignalRow.version_id == version_id, SignalRow.system.in_(named))
            )
            session.add_all(rows)


def as_systems(signals: dict[uuid.UUID, list[Signal]]) -> list[DrmSystem]:
    """Write what was imported as a CPIX document says it."""
    return [
        DrmSystem(
            kid=kid,
            system=one.system,
            pssh=one.pssh,
            content_protection="".join(ET.tostring(child, encoding="unicode") for child in one.elements),
            hls_media="\n".join(f"#EXT-X-KEY:METHOD=SAMPLE-AES,{line}" for line in one.hls),
            hls_master="\n".join(f"#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,{line}" for line in one.hls),
            name=one.name,
        )
        for kid, some in signals.items()
        for one in some
    ]


def _row(version_id: str, one: DrmSystem, now: datetime) -> SignalRow:
    return SignalRow(
        version_id=version_id,
        kid=str(one.kid),
        system=str(one.system),
        name="".join(letter for letter in one.name if letter.isprintable()),
        pssh=_pssh(one),
        elements=_elements(one),
        hls="\n".join(_attributes(one, (one.hls_media or one.hls_master).splitlines())),
        imported_at=now,
    )


def _pssh(one: DrmSystem) -> bytes:
    if not one.pssh:
        return b""
    try:
        boxes = read_pssh(one.pssh)
    except BadMedia as fault:
        raise _unusable(one, f"its PSSH cannot be read: {fault}") from None
    if len(boxes) != 1 or boxes[0].system != one.system:
        raise _unusable(one, "its PSSH is not one box of its own system")
    return one.pssh


def _elements(one: DrmSystem) -> str:
    """Put the vendor's elements into one root; what is no XML never comes into an MPD."""
    if not one.content_protection.strip():
        return ""
    try:
        root = parse(f"<signal>{one.content_protection}</signal>".encode())
    except BadDocument as fault:
        raise _unusable(one, f"its ContentProtectionData cannot be used: {fault}") from None
    if any("}" not in child.tag for child in root):
        raise _unusable(one, "its ContentProtectionData holds an element without a namespace")
    return ET.tostring(root, encoding="unicode")


def _attributes(one: DrmSystem, lines: Iterable[str]) -> list[str]:
    """Take the attribute lists out of playlist lines."""
    found = []
    for line in filter(None, (line.strip() for line in lines)):
        tag = next((tag for tag in _TAGS if line.startswith(tag)), None)
        match = _ATTRIBUTES.fullmatch(line.removeprefix(tag)) if tag else None
        if match is None or not line.isprintable():
            raise _unusable(one, "its HLSSignalingData has lines other than EXT-X-KEY with SAMPLE-AES")
        found.append(match[1].rstrip(","))
    return found


def _unusable(one: DrmSystem, why: str) -> Fault:
    return Fault(
        Code.INVALID,
        f"The signalling for key {one.kid} cannot be used: {why}.",
        "Ask the DRM vendor for a document whose signalling is for “cbcs”. Nothing was imported.",
        name="bad_cpix",
    )
