"""Key systems: how the keys of `cbcs` media reach a player that decrypts it. The socket for DRM.

Whoever may watch is decided before a key system is asked, and in one place: the licence door finds the
playback, checks its lease, its licence, its tier and its release budget for every key that is asked for, and
hands the key system those that are allowed. So a key system has two duties only:

1. to say what a player needs to know (`signal`): `pssh` boxes, the `ContentProtection` elements of an MPD and
   the attributes of `EXT-X-KEY` and `EXT-X-SESSION-KEY`;
2. to answer a request's bytes (`answer`) once some of its keys are allowed.

Clear Key (W3C EME §9.1) is one of them, without a way of its own beside the others. `ProxySystem` in
`streaming.delivery.drm` is another: it hands the request's bytes on to a licence service.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from xml.etree import ElementTree as ET  # writes only

from streaming.delivery import clearkey
from transcoder.formats import dash
from transcoder.formats.pssh import common_pssh
from transcoder.keys.secret import SecretBytes

CLEAR_KEY = uuid.UUID("e2719d58-a985-b3c9-781a-b030af78d30e")
"""Clear Key in DASH (DASH-IF, "Content Protection" registry)."""
JSON = b"application/json"
DEFAULT = "clearkey"
"""The key system whose licence address names none."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What is said of one key under one system.

    `hls` holds attribute lists behind `METHOD=SAMPLE-AES,` (RFC 8216 §4.3.2.4), one for each tag; `elements`
    go into the ContentProtection element of the system in an MPD; `pssh` is a whole box, or nothing.
    """

    system: uuid.UUID
    name: str = ""
    pssh: bytes = b""
    hls: tuple[str, ...] = ()
    elements: tuple[ET.Element, ...] = ()

    def content_protection(self) -> ET.Element:
        """The ContentProtection element of this system (ISO/IEC 23009-1 §5.8.4.1)."""
        element = dash.content_protection(f"urn:uuid:{self.system}", self.name)
        element.extend(self.elements)
        return element


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as its player is sent it. `body` may hold keys: it is never shown, logged or kept."""

    body: bytes
    content_type: bytes

    def __repr__(self) -> str:
        return "Licence(…)"


class KeySystem(Protocol):
    """A way for keys to reach players; one object serves the whole house and keeps nothing of anybody."""

    @property
    def name(self) -> str:
        """A word of small letters: the last part of its licence address."""
        ...

    @property
    def system(self) -> uuid.UUID:
        """The system id that PSSH boxes and ContentProtection elements carry (DASH-IF registry)."""
        ...

    @property
    def most_bytes(self) -> int:
        """Bound on a request's bytes."""
        ...

    @property
    def reads_kids(self) -> bool:
        """Whether its requests say which keys they want; else their address names one."""
        ...

    def signal(self, kid: uuid.UUID, licence: str, given: Signal | None) -> Signal:
        """Say what a player needs for `kid`, and that `licence` (an address) is where to ask.

        `given` is what was imported for this key and system (CPIX), if anything was.
        """
        ...

    def wanted(self, body: bytes) -> Sequence[bytes]:
        """Read which key ids a request asks for, where `reads_kids`. Raises `Fault` INVALID, FORBIDDEN."""
        ...

    async def answer(self, body: bytes, keys: Mapping[bytes, SecretBytes]) -> Licence:
        """Answer a request for which `keys` (by key id, at least one) are allowed. Raises `Fault`."""
        ...


class ClearKey:
    """Clear Key: the browser's own key system, without hardware behind it."""

    name = DEFAULT
    system = CLEAR_KEY
    most_bytes = 4096
    reads_kids = True

    def signal(self, kid: uuid.UUID, licence: str, given: Signal | None) -> Signal:
        """Name the licence address, as DASH-IF IOP has it and as it was written before."""
        where = ET.Element(f"{{{dash.DASHIF}}}Laurl")
        before = ET.Element(f"{{{dash.CLEARKEY}}}Laurl", {"Lic_type": "EME-1.0"})
        where.text = before.text = licence
        return Signal(
            CLEAR_KEY,
            "ClearKey1.0",
            common_pssh([kid]),
            # hls.js tells keys apart by their addresses alone; the door reads no query.
            (
                f'URI="{licence}?kid={kid.hex}",KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1",'
                f"KEYID=0x{kid.hex.upper()}",
            ),
            (where, before),
        )

    def wanted(self, body: bytes) -> Sequence[bytes]:
        """Read the `kids` of a request. Raises `Fault` INVALID, FORBIDDEN."""
        return clearkey.read_request(body)

    async def answer(self, body: bytes, keys: Mapping[bytes, SecretBytes]) -> Licence:
        """Give the allowed keys as a JSON Web Key set."""
        return Licence(clearkey.write_licence(keys), JSON)


class KeySystems:
    """The key systems of a house, by name. Clear Key is always among them."""

    def __init__(self, others: Sequence[KeySystem] = ()) -> None:
        self._systems: dict[str, KeySystem] = {one.name: one for one in (ClearKey(), *others)}

    def named(self, name: str) -> KeySystem | None:
        """Find a key system."""
        return self._systems.get(name)

    def signals(self, kid: uuid.UUID, base: str, given: Sequence[Signal] = ()) -> list[Signal]:
        """What is said of one key: by each key system, and by those whose licence service is elsewhere.

        `base` is the address that licence addresses begin with; `given` was imported for this key.
        """
        imported = {one.system: one for one in given}
        said = [
            system.signal(kid, licence_address(base, system, kid), imported.pop(system.system, None))
            for system in self._systems.values()
        ]
        return [*said, *imported.values()]


def licence_address(base: str, system: KeySystem, kid: uuid.UUID) -> str:
    """Where a player asks a key system: one address for all keys where requests name them, else one a key."""
    own = base if system.name == DEFAULT else f"{base}/{system.name}"
    return own if system.reads_kids else f"{own}/{kid.hex}"
