"""The title manifest: every object of a title with its hash and place, signed. Pure.

Segments prove nothing of themselves: CBC is malleable, and no cipher binds a segment to its position. The
signed list does. Canonical CBOR (RFC 8949 §4.2.1), Ed25519 (RFC 8032):

    blob = {"v": 1, "manifest": body, "signature": Ed25519("matinee/v1/title-manifest" ‖ 0x00 ‖ body)}
    body = {"v": 1, "title", "version", "protection", "rate": [n, d], "frames", "objects": [[name, kind,
            rendition, tier, period, sequence, size, sha256, duration n, duration d], …]}
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from sys import intern
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from transcoder.errors import BadManifest

VERSION = 1
_CONTEXT = b"matinee/v1/title-manifest\0"
_HASH_BYTES = 32


class Kind(StrEnum):
    """What an object is."""

    INIT = "init"
    SEGMENT = "segment"
    TEXT = "text"
    IMAGE = "image"
    POSTER = "poster"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class ManifestObject:
    """One stored object; `size` and `sha256` (32 raw bytes) are of what is stored.

    `period` and `sequence` are -1 and `duration` 0 where they do not apply.
    """

    name: str
    kind: Kind
    rendition: str
    tier: str
    period: int
    sequence: int
    size: int
    sha256: bytes
    duration: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every object of one version of a title; `protection` as written in DESIGN: "aes-128", …"""

    title: str
    version: int
    protection: str
    frame_rate: Fraction
    frames: int
    objects: tuple[ManifestObject, ...]


def encode_manifest(manifest: Manifest) -> bytes:
    """Write the body as canonical CBOR: equal manifests give equal bytes."""
    rate = manifest.frame_rate
    body = {
        "v": VERSION,
        "title": manifest.title,
        "version": manifest.version,
        "protection": manifest.protection,
        "rate": [rate.numerator, rate.denominator],
        "frames": manifest.frames,
        "objects": [_row(item) for item in sorted(manifest.objects, key=lambda item: item.name)],
    }
    return cbor2.dumps(body, canonical=True)


def decode_manifest(body: bytes) -> Manifest:
    """Read a body; raises BadManifest unless it is exactly what `encode_manifest` writes."""
    try:
        raw = cbor2.loads(body)
        manifest = Manifest(
            title=_text(raw["title"]),
            version=_number(raw["version"]),
            protection=_text(raw["protection"]),
            frame_rate=Fraction(*map(_number, raw["rate"])),
            frames=_number(raw["frames"]),
            objects=_objects(raw["objects"]),
        )
        version = raw["v"]
    except (cbor2.CBORDecodeError, ValueError, TypeError, KeyError, ArithmeticError) as fault:
        raise BadManifest("this is not a title manifest") from fault
    if version != VERSION:
        raise BadManifest("this manifest is of a version not known here")
    if len({item.name for item in manifest.objects}) != len(manifest.objects):
        raise BadManifest("this manifest names an object twice")
    if encode_manifest(manifest) != body:
        raise BadManifest("this manifest is not in its canonical form")
    return manifest


def sign_manifest(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """Write and sign a manifest."""
    body = encode_manifest(manifest)
    signature = key.sign(_CONTEXT + body)
    return cbor2.dumps({"v": VERSION, "manifest": body, "signature": signature}, canonical=True)


def verify_manifest(blob: bytes, key: Ed25519PublicKey) -> Manifest:
    """Check the signature, then read; raises BadManifest."""
    try:
        raw: Any = cbor2.loads(blob)
        body, signature = raw["manifest"], raw["signature"]
        key.verify(signature, _CONTEXT + body)
    except InvalidSignature as fault:
        raise BadManifest("this manifest was not signed by the expected key") from fault
    except (cbor2.CBORDecodeError, ValueError, TypeError, KeyError) as fault:
        raise BadManifest("this is not a signed manifest") from fault
    if cbor2.dumps({"v": VERSION, "manifest": body, "signature": signature}, canonical=True) != blob:
        raise BadManifest("this signed manifest is not in its canonical form")
    return decode_manifest(body)


def _row(item: ManifestObject) -> list[Any]:
    place = [item.name, item.kind.value, item.rendition, item.tier, item.period, item.sequence]
    return [*place, item.size, item.sha256, item.duration.numerator, item.duration.denominator]


def _objects(rows: Any) -> tuple[ManifestObject, ...]:
    """Read rows and let go of each: of a long film there are many thousands."""
    if not isinstance(rows, list):
        raise TypeError("a list expected")
    rows.reverse()
    found = []
    while rows:
        found.append(_object(rows.pop()))
    return tuple(found)


@lru_cache(maxsize=256)
def _duration(top: int, bottom: int) -> Fraction:
    """Most segments of a film are equally long: one value for all of them."""
    return Fraction(top, bottom)


def _object(row: Any) -> ManifestObject:
    name, kind, rendition, tier, period, sequence, size, digest, top, bottom = row
    if not isinstance(digest, bytes) or len(digest) != _HASH_BYTES:
        raise ValueError("a hash is 32 bytes")
    return ManifestObject(
        _text(name), Kind(kind), intern(_text(rendition)), intern(_text(tier)), _number(period),
        _number(sequence), _number(size), digest, _duration(_number(top), _number(bottom)),
    )  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("number expected")
    return value
