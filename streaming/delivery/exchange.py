"""What of a film goes into a CPIX document, and what of one may come in. Pure."""

import uuid
from collections.abc import Collection, Sequence

from streaming.delivery.keysystems import Signal
from streaming.delivery.signals import as_systems
from streaming.delivery.values import Keys, Version
from streaming.errors import Code, Fault
from streaming.keys.cpix import ContentKey, Document, DrmSystem, UsageRule, pixel_bounds
from transcoder.formats.pssh import COMMON_SYSTEM, common_pssh


def document_of(
    version: Version,
    keys: Keys,
    periods: int,
    signals: dict[uuid.UUID, list[Signal]],
    asked: Sequence[uuid.UUID] = (),
) -> Document:
    """Describe a version's first `periods` crypto periods: keys, their ids, what each is for, what is said.

    `asked` are DRM systems for which a vendor shall add what players need. Raises `Fault` CONFLICT for a film
    without common encryption.
    """
    require_common_encryption(version)
    tiers = _tiers(version)
    named = {(tier, period): keys.kid(tier, period) for period in range(periods) for tier in tiers}
    said = as_systems(signals)
    known = {(one.kid, one.system) for one in said}
    wanted = [
        DrmSystem(kid, system) for kid in named.values() for system in asked if (kid, system) not in known
    ]
    common = [DrmSystem(kid, COMMON_SYSTEM, common_pssh([kid])) for kid in named.values()]
    return Document(
        content_id=version.title_id,
        keys=tuple(ContentKey(kid, keys.tier_key(*place)) for place, kid in named.items()),
        systems=(*common, *said, *wanted),
        periods=tuple(range(periods)),
        rules=tuple(_rules(version, named)),
    )


def taken_over(document: Document, version: Version, keys: Keys, periods: int) -> list[DrmSystem]:
    """Choose what is imported: what is said of this version's keys under systems that are not our own.

    Raises `Fault` INVALID for a document that says nothing of this film, CONFLICT for one of another film or
    for a film without common encryption.
    """
    require_common_encryption(version)
    kids = {keys.kid(tier, period) for tier in _tiers(version) for period in range(periods)}
    _require_same_keys(document, kids)
    found = [one for one in document.systems if one.system != COMMON_SYSTEM and _says_something(one)]
    if not found:
        raise Fault(
            Code.INVALID,
            "This document says nothing to players under any DRM system.",
            "Bring one in which the vendor has filled in PSSH, ContentProtectionData or HLSSignalingData.",
            name="empty_cpix",
        )
    return found


def require_common_encryption(version: Version) -> None:
    """Raise `Fault` CONFLICT unless the film's keys have names."""
    if version.protection != "cbcs":
        raise Fault(
            Code.CONFLICT,
            "This film is protected with AES-128, and its keys have no names that CPIX could carry.",
            "Make it anew with the protection “cbcs”.",
            name="not_common_encryption",
        )


def _require_same_keys(document: Document, kids: Collection[uuid.UUID]) -> None:
    named = {one.kid for one in document.keys} | {one.kid for one in document.systems}
    strange = named - set(kids)
    if strange:
        raise Fault(
            Code.CONFLICT,
            f"This document is about {len(strange)} keys that this film does not have.",
            "Export this film's document first and let the DRM vendor fill that in. A film that is encrypted "
            "already takes no keys from outside.",
            name="foreign_keys",
        )


def _rules(version: Version, named: dict[tuple[str, int], uuid.UUID]) -> list[UsageRule]:
    pictures = [
        (one.tier, (one.width or 0) * (one.height or 0)) for one in version.renditions if one.kind == "video"
    ]
    bounds = pixel_bounds(pictures)
    sounds = dict.fromkeys(one.tier for one in version.renditions if one.kind == "audio")
    rules = []
    for (tier, period), kid in named.items():
        if tier in bounds:
            rules.append(UsageRule(kid, period, tier.upper(), True, *bounds[tier]))
        if tier in sounds:
            rules.append(UsageRule(kid, period, "AUDIO", False))
    return rules


def _tiers(version: Version) -> list[str]:
    kinds = ("video", "audio")
    return list(dict.fromkeys(one.tier for one in version.renditions if one.kind in kinds))


def _says_something(one: DrmSystem) -> bool:
    return bool(one.pssh or one.content_protection or one.hls_media or one.hls_master)
