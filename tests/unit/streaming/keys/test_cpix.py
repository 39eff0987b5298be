"""CPIX documents: their form, keys that only the recipient opens, and hostile XML."""

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from streaming.keys.cpix import ContentKey, Document, DrmSystem, UsageRule, pixel_bounds, write
from streaming.keys.cpix_reading import MOST_BYTES, BadDocument, read
from streaming.keys.cpix_sealing import AES, HMAC, RSA, BrokenSeal, Sealed, Sealer
from transcoder.keys.secret import SecretBytes

N = {
    "c": "urn:dashif:org:cpix",
    "p": "urn:ietf:params:xml:ns:keyprov:pskc",
    "e": "http://www.w3.org/2001/04/xmlenc#",
    "d": "http://www.w3.org/2000/09/xmldsig#",
}
KIDS = (uuid.UUID(int=1), uuid.UUID(int=2))
SECRETS = (SecretBytes(b"first secret key"), SecretBytes(b"other secret key"))
WIDEVINE = uuid.UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
DOCUMENT = Document(
    "ti_film",
    tuple(ContentKey(*pair) for pair in zip(KIDS, SECRETS, strict=True)),
    (DrmSystem(KIDS[0], WIDEVINE, b"pssh", "<x/>", "#EXT-X-KEY:…", "#EXT-X-SESSION-KEY:…", "A DRM"),),
    (0,),
    (
        UsageRule(KIDS[0], 0, "SD", video=True, max_pixels=400_000),
        UsageRule(KIDS[0], 0, "AUDIO", video=False),
        UsageRule(KIDS[1], 0, "HD", video=True, min_pixels=400_001),
    ),
)
RECIPIENT, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def certificate(key: RSAPrivateKey | EllipticCurvePrivateKey) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A recipient")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    return made.sign(key, hashes.SHA256())


def document(*recipients: RSAPrivateKey) -> ET.Element:
    return ET.fromstring(write(DOCUMENT, [certificate(one) for one in recipients]))


def octets(element: ET.Element, path: str) -> bytes:
    text = element.findtext(path, None, N)
    assert text is not None, path
    return base64.b64decode(text, validate=True)


def opened(root: ET.Element, key: RSAPrivateKey, number: int = 0) -> Sequence[bytes]:
    """Decrypt a document's keys as a recipient would, going by the specification alone."""
    data = root.findall("c:DeliveryDataList/c:DeliveryData", N)[number]
    document_key = octets(data, "c:DocumentKey/c:Data/p:Secret/p:EncryptedValue/e:CipherData/e:CipherValue")
    mac_key = octets(data, "c:MACMethod/c:Key/e:CipherData/e:CipherValue")
    sealer = Sealer.opened(document_key, mac_key, key)
    return [
        sealer.unseal(
            Sealed(
                octets(one, "c:Data/p:Secret/p:EncryptedValue/e:CipherData/e:CipherValue"),
                octets(one, "c:Data/p:Secret/p:ValueMAC"),
            )
        ).reveal()
        for one in root.findall("c:ContentKeyList/c:ContentKey", N)
    ]


def test_the_recipient_opens_every_key() -> None:
    assert opened(document(RECIPIENT), RECIPIENT) == [key.reveal() for key in SECRETS]


def test_each_of_several_recipients_opens_every_key() -> None:
    root = document(RECIPIENT, OTHER)
    assert opened(root, RECIPIENT, 0) == opened(root, OTHER, 1) == [key.reveal() for key in SECRETS]


def test_nobody_else_opens_a_key() -> None:
    with pytest.raises(BrokenSeal):
        opened(document(RECIPIENT), OTHER)


def test_an_altered_key_is_not_opened() -> None:
    sealer = Sealer.make()
    sealed = sealer.seal(SECRETS[0])
    for place in range(len(sealed.cipher)):
        broken = bytearray(sealed.cipher)
        broken[place] ^= 1
        with pytest.raises(BrokenSeal):
            sealer.unseal(Sealed(bytes(broken), sealed.mac))


def test_a_document_holds_no_key_in_clear_unless_it_has_no_recipient() -> None:
    def plain(*recipients: RSAPrivateKey) -> bool:
        text = ET.tostring(document(*recipients))
        return any(base64.b64encode(key.reveal()) in text for key in SECRETS)

    assert not plain(RECIPIENT)
    assert plain()
    assert document().find("c:DeliveryDataList", N) is None
    assert [
        octets(one, "c:Data/p:Secret/p:PlainValue") for one in document().iterfind(".//c:ContentKey", N)
    ] == [key.reveal() for key in SECRETS]


def test_algorithms_are_those_that_the_specification_prescribes() -> None:
    data = document(RECIPIENT).find("c:DeliveryDataList/c:DeliveryData", N)
    assert data is not None
    assert [data.find(f"c:{one}", N).get("Algorithm") for one in ("DocumentKey", "MACMethod")] == [AES, HMAC]  # type: ignore[union-attr]
    assert {one.get("Algorithm") for one in data.iterfind(".//e:EncryptionMethod", N)} == {RSA}
    named = x509.load_der_x509_certificate(octets(data, "c:DeliveryKey/d:X509Data/d:X509Certificate"))
    assert named.public_key() == RECIPIENT.public_key()


def test_children_stand_in_the_order_of_the_schema() -> None:
    root = document(RECIPIENT)
    assert [one.tag.partition("}")[2] for one in root] == [
        "DeliveryDataList",
        "ContentKeyList",
        "DRMSystemList",
        "ContentKeyPeriodList",
        "ContentKeyUsageRuleList",
    ]
    assert (root.get("contentId"), root.get("version")) == ("ti_film", "2.3")
    system = root.find("c:DRMSystemList/c:DRMSystem", N)
    assert system is not None
    assert [(one.tag.partition("}")[2], one.get("playlist")) for one in system] == [
        ("PSSH", None),
        ("ContentProtectionData", None),
        ("HLSSignalingData", "master"),
        ("HLSSignalingData", "media"),
    ]


def test_every_rule_names_a_key_and_a_crypto_period_of_the_document() -> None:
    root = document()
    periods = {one.get("id") for one in root.iterfind(".//c:ContentKeyPeriod", N)}
    kids = {one.get("kid") for one in root.iterfind(".//c:ContentKey", N)}
    for rule in root.iterfind(".//c:ContentKeyUsageRule", N):
        assert rule.get("kid") in kids
        assert [one.get("periodId") for one in rule.iterfind("c:KeyPeriodFilter", N)] == [*periods]
    filters = [(one.get("minPixels"), one.get("maxPixels")) for one in root.iterfind(".//c:VideoFilter", N)]
    assert filters == [(None, "400000"), ("400001", None)]


def test_keys_say_the_scheme_of_their_media() -> None:
    assert {one.get("commonEncryptionScheme") for one in document().iterfind(".//c:ContentKey", N)} == {
        "cbcs"
    }


def test_a_certificate_without_an_rsa_key_is_refused() -> None:
    with pytest.raises(ValueError, match="RSA"):
        write(DOCUMENT, [certificate(ec.generate_private_key(ec.SECP256R1()))])


def test_what_was_written_is_read_without_its_keys() -> None:
    found = read(write(DOCUMENT, [certificate(RECIPIENT)]))
    assert found.systems == DOCUMENT.systems
    assert [one.kid for one in found.keys] == list(KIDS)
    assert all(one.key is None for one in found.keys)
    assert found.carried == KIDS


def test_a_key_that_is_only_named_is_not_carried() -> None:
    text = write(Document("x", (ContentKey(KIDS[0]),)), [])
    assert read(text).carried == ()


@given(st.dictionaries(st.sampled_from(["sd", "hd", "uhd"]), st.integers(1, 10**6), min_size=1))
def test_the_tiers_of_pictures_leave_no_gap_and_do_not_overlap(pictures: dict[str, int]) -> None:
    bounds = pixel_bounds(pictures.items())

    def fits(count: int, least: int | None, most: int | None) -> bool:
        return (least or 0) <= count and (most is None or count <= most)

    for count in pictures.values():
        (found,) = (tier for tier, pair in bounds.items() if fits(count, *pair))
        assert pictures[found] == count


CPIX_OF = b'<CPIX xmlns="urn:dashif:org:cpix">%s</CPIX>'
HOSTILE = {
    "a billion laughs": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "a file": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    "an address": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><x/>',
    "nothing": b"",
    "no XML": b"keys, please",
    "XML cut off": b"<CPIX>",
    "another root": b"<html/>",
    "no namespace": b"<CPIX/>",
    "an unknown version": b'<CPIX xmlns="urn:dashif:org:cpix" version="9"/>',
    "an encoding that is none": b"<?xml version='1.0' encoding='no-such-one'?><x/>",
    "too much": b" " * (MOST_BYTES + 1),
    "a kid that is none": CPIX_OF % b'<ContentKeyList><ContentKey kid="x"/></ContentKeyList>',
    "no base64": CPIX_OF
    % (
        b'<DRMSystemList><DRMSystem kid="00000000-0000-0000-0000-000000000001"'
        b' systemId="edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"><PSSH>*</PSSH></DRMSystem></DRMSystemList>'
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_document_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(BadDocument):
        read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadDocument):
        read(data)


def test_no_key_is_shown_in_a_repr() -> None:
    assert "secret" not in repr(DOCUMENT)
    assert "secret" not in repr(Sealer(SecretBytes(b"secret"), SecretBytes(b"secret")))
