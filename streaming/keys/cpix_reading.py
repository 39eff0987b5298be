"""CPIX documents from outside: read with entities, document types and external references refused. Pure.

The parser is defusedxml's: small, in Python, over the standard library's own; what it refuses is all that
XML has to offer an attacker (expansion of entities, files and addresses named in a DOCTYPE). A schema is not
needed for that: what is not understood is refused below, element by element.
"""

import base64
import binascii
import uuid
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from streaming.keys.cpix import CPIX, PSKC, ContentKey, Document, DrmSystem

MOST_BYTES = 8 << 20
MOST_SYSTEMS = 20_000
_KNOWN = {"2.0", "2.1", "2.2", "2.3", "2.3.1", ""}


class BadDocument(Exception):
    """Text that is no CPIX document that can be used; the message says why, for the one who brings it."""


def read(data: bytes) -> Document:
    """Read which keys a document names and what it says of them for players. Raises BadDocument.

    Keys that it carries are not read; `Document.carried` names them.
    """
    root = parse(data)
    if root.tag != f"{{{CPIX}}}CPIX":
        raise BadDocument("its root is not a CPIX element")
    if (version := root.get("version", "")) not in _KNOWN:
        raise BadDocument(f"it is of version {version[:10]}, which is not known here")
    keys = list(root.iterfind(f"{{{CPIX}}}ContentKeyList/{{{CPIX}}}ContentKey"))
    systems = list(root.iterfind(f"{{{CPIX}}}DRMSystemList/{{{CPIX}}}DRMSystem"))
    if len(systems) > MOST_SYSTEMS or len(keys) > MOST_SYSTEMS:
        raise BadDocument("it names more keys than any film has")
    carried = tuple(_id(one, "kid") for one in keys if one.find(f".//{{{PSKC}}}Secret") is not None)
    return Document(
        content_id=root.get("contentId", ""),
        keys=tuple(ContentKey(_id(one, "kid")) for one in keys),
        systems=tuple(_system(one) for one in systems),
        carried=carried,
    )


def parse(data: bytes) -> Element:
    """Parse XML from outside. Raises BadDocument for what is no XML, and for entities and document types."""
    if len(data) > MOST_BYTES:
        raise BadDocument(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise BadDocument("it has a document type or entities, which are not taken from outside") from None
    except (ParseError, ValueError, LookupError) as fault:
        raise BadDocument(f"it is not XML ({str(fault)[:60]})") from None
    return root


def _system(element: Element) -> DrmSystem:
    playlists = dict(_playlists(element))
    return DrmSystem(
        kid=_id(element, "kid"),
        system=_id(element, "systemId"),
        pssh=_octets(element.findtext(f"{{{CPIX}}}PSSH") or ""),
        content_protection=_text(element.findtext(f"{{{CPIX}}}ContentProtectionData") or ""),
        hls_media=playlists.get("media", ""),
        hls_master=playlists.get("master", ""),
        name=element.get("name", "")[:40],
    )


def _playlists(element: Element) -> Iterator[tuple[str, str]]:
    """What is said for playlists; without a name it is said for media playlists (CPIX 2.2)."""
    for one in element.iterfind(f"{{{CPIX}}}HLSSignalingData"):
        if text := _text(one.text or ""):
            yield one.get("playlist", "media"), text


def _id(element: Element, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(element.get(name, ""))
    except ValueError:
        raise BadDocument(f"a {name} in it is not a UUID") from None


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadDocument("a value in it is not base64") from None


def _text(text: str) -> str:
    try:
        return _octets(text).decode()
    except UnicodeDecodeError:
        raise BadDocument("a text in it is not UTF-8") from None
