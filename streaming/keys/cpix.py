"""CPIX 2.3 documents (DASH-IF, "Content Protection Information Exchange Format"): written here. Pure.

What a DRM vendor's packager or licence service needs of a film: its keys by their ids, for which crypto
period and which pictures or sound each is, and what players are told of them. Keys are in it encrypted for
the recipients' X.509 certificates, or in clear where the caller says so by naming no recipient.
"""

import base64
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from xml.etree import ElementTree as ET  # writes only; what comes from outside is read in cpix_reading

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from streaming.keys.cpix_sealing import AES, HMAC, RSA, Sealer
from transcoder.keys.secret import SecretBytes

CPIX = "urn:dashif:org:cpix"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
VERSION = "2.3"
SCHEME = "cbcs"

for _prefix, _space in (("cpix", CPIX), ("pskc", PSKC), ("ds", XMLDSIG), ("enc", XMLENC)):
    ET.register_namespace(_prefix, _space)


@dataclass(frozen=True, slots=True)
class ContentKey:
    """A key of 16 bytes and its id. `key` is None where a document only names it."""

    kid: uuid.UUID
    key: SecretBytes | None = None


@dataclass(frozen=True, slots=True)
class DrmSystem:
    """What players are told of a key under one DRM system; texts are XML and playlist lines as they stand."""

    kid: uuid.UUID
    system: uuid.UUID
    pssh: bytes = b""
    content_protection: str = ""
    hls_media: str = ""
    hls_master: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class UsageRule:
    """Which samples a key is for: of a crypto period, and either pictures of so many pixels or sound."""

    kid: uuid.UUID
    period: int
    track: str
    """What such a track is called: "SD", "HD", "UHD" or "AUDIO"."""
    video: bool
    min_pixels: int | None = None
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document; `periods` are the numbers of the crypto periods that rules name."""

    content_id: str
    keys: tuple[ContentKey, ...] = ()
    systems: tuple[DrmSystem, ...] = ()
    periods: tuple[int, ...] = ()
    rules: tuple[UsageRule, ...] = ()
    version: ClassVar[str] = VERSION
    carried: tuple[uuid.UUID, ...] = field(default=())
    """Of a document that was read: the ids of keys that it carried, which are not taken over."""


def write(document: Document, recipients: Sequence[Certificate]) -> bytes:
    """Write a document whose keys only `recipients` can open; without any, its keys are in clear.

    Raises ValueError for a certificate whose key is not RSA of at least 2048 bits.
    """
    root = ET.Element(_tag("CPIX"), {"id": "matinee", "contentId": document.content_id, "version": VERSION})
    sealer = Sealer.make() if recipients else None
    if sealer is not None:
        delivery = _sub(root, "DeliveryDataList")
        delivery.extend([_delivery(number, one, sealer) for number, one in enumerate(recipients)])
    _sub(root, "ContentKeyList").extend(_key(one, sealer) for one in document.keys)
    _sub(root, "DRMSystemList").extend(_system(one) for one in document.systems)
    periods = _sub(root, "ContentKeyPeriodList")
    for number in document.periods:
        _sub(periods, "ContentKeyPeriod", id=_period_id(number), index=str(number))
    _sub(root, "ContentKeyUsageRuleList").extend(_rule(one) for one in document.rules)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _delivery(number: int, recipient: Certificate, sealer: Sealer) -> ET.Element:
    """The document's two keys for one recipient (§"Key Encryption in the CPIX Document")."""
    element = ET.Element(_tag("DeliveryData"), {"id": f"recipient-{number}"})
    data = ET.SubElement(_sub(element, "DeliveryKey"), f"{{{XMLDSIG}}}X509Data")
    certificate = ET.SubElement(data, f"{{{XMLDSIG}}}X509Certificate")
    certificate.text = _base64(recipient.public_bytes(Encoding.DER))
    document, mac = sealer.for_recipient(recipient)
    secret = _secret(_sub(element, "DocumentKey", Algorithm=AES))
    _encrypted(ET.SubElement(secret, f"{{{PSKC}}}EncryptedValue"), RSA, document)
    _encrypted(_sub(_sub(element, "MACMethod", Algorithm=HMAC), "Key"), RSA, mac)
    return element


def _key(one: ContentKey, sealer: Sealer | None) -> ET.Element:
    element = ET.Element(_tag("ContentKey"), {"kid": str(one.kid), "commonEncryptionScheme": SCHEME})
    if one.key is None:
        return element
    secret = _secret(element)
    if sealer is None:
        ET.SubElement(secret, f"{{{PSKC}}}PlainValue").text = _base64(one.key.reveal())
        return element
    sealed = sealer.seal(one.key)
    _encrypted(ET.SubElement(secret, f"{{{PSKC}}}EncryptedValue"), AES, sealed.cipher)
    ET.SubElement(secret, f"{{{PSKC}}}ValueMAC").text = _base64(sealed.mac)
    return element


def _secret(parent: ET.Element) -> ET.Element:
    return ET.SubElement(_sub(parent, "Data"), f"{{{PSKC}}}Secret")


def _encrypted(parent: ET.Element, algorithm: str, cipher: bytes) -> None:
    ET.SubElement(parent, f"{{{XMLENC}}}EncryptionMethod", {"Algorithm": algorithm})
    data = ET.SubElement(parent, f"{{{XMLENC}}}CipherData")
    ET.SubElement(data, f"{{{XMLENC}}}CipherValue").text = _base64(cipher)


def _system(one: DrmSystem) -> ET.Element:
    names = {"systemId": str(one.system), "kid": str(one.kid)}
    element = ET.Element(_tag("DRMSystem"), names | ({"name": one.name} if one.name else {}))
    if one.pssh:
        _sub(element, "PSSH").text = _base64(one.pssh)
    if one.content_protection:
        _sub(element, "ContentProtectionData").text = _base64(one.content_protection.encode())
    for playlist, text in (("master", one.hls_master), ("media", one.hls_media)):
        if text:
            _sub(element, "HLSSignalingData", playlist=playlist).text = _base64(text.encode())
    return element


def _rule(one: UsageRule) -> ET.Element:
    element = ET.Element(_tag("ContentKeyUsageRule"), {"kid": str(one.kid), "intendedTrackType": one.track})
    _sub(element, "KeyPeriodFilter", periodId=_period_id(one.period))
    if not one.video:
        _sub(element, "AudioFilter")
        return element
    bounds = {"minPixels": one.min_pixels, "maxPixels": one.max_pixels}
    _sub(element, "VideoFilter", **{name: str(value) for name, value in bounds.items() if value is not None})
    return element


def pixel_bounds(pixels: Iterable[tuple[str, int]]) -> dict[str, tuple[int | None, int | None]]:
    """Give each tier its least and greatest number of pixels, without a gap between tiers.

    `pixels` are tier and pixels of each picture, in any order; the tiers in rising order of their pictures.
    """
    most: dict[str, int] = {}
    for tier, count in sorted(pixels, key=lambda pair: pair[1]):
        most[tier] = count
    bounds, least = dict[str, tuple[int | None, int | None]](), None
    tiers = list(most)
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1
        bounds[tier] = (least, None if last else most[tier])
        least = most[tier] + 1
    return bounds


def _period_id(number: int) -> str:
    return f"period-{number}"


def _tag(name: str) -> str:
    return f"{{{CPIX}}}{name}"


def _sub(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, _tag(name), attributes)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
