"""Check a title's objects against its manifest and its plan: hashes, keys, boxes, times, frame counts.

Under `cbcs` the beginning of every crypto period is decoded, too (`trial`): a wrong key is no fault there.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from transcoder.encoding.opening import Opener
from transcoder.encoding.trial import Trial
from transcoder.errors import BadMedia
from transcoder.formats.fmp4 import boxes, find, read_fragment
from transcoder.keys.keyschedule import CommonKeySource, KeySource
from transcoder.keys.manifest import Kind, Manifest, ManifestObject
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import IFrameRendition, Plan

Reader = Callable[[str], bytes | None]
"""Gives an object's bytes; None, LookupError or OSError says that it is missing."""


_PLACELESS = (Kind.POSTER, Kind.PLAN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the object `name`.

    `code`: missing, size, hash, key, boxes, time, frames, duration, place, absent, extra.
    """

    code: str
    name: str
    sentence: str


def verify_title(
    manifest: Manifest, plan: Plan, get: Reader, keys: KeySource, common: CommonKeySource | None = None
) -> tuple[Finding, ...]:
    """Read and check every object, one at a time; no findings means the title plays to its end.

    Pictures and sound of a `cbcs` title are decrypted with the keys of `common`, all else with those of
    `keys`. Raises ValueError where they are missing.
    """
    findings = list(_check_places(manifest, plan))
    if manifest.protection != plan.policy.protection:
        findings.append(
            Finding("place", "", "The manifest says other than the plan how the title is protected.")
        )
    opener = Opener(plan, keys, common)
    trial = Trial(plan, lambda item: opener.opened(item, get(item.name) or b""))
    for item in sorted(manifest.objects, key=lambda item: item.kind is not Kind.INIT):
        findings.extend(_check_object(item, plan, get, opener, trial))
    findings.extend(
        Finding("key", item.name, f"What its key makes of it does not decode: {said}.")
        for item, said in trial.failed()
    )
    return tuple(findings)


def scrub(manifest: Manifest, get: Reader) -> tuple[Finding, ...]:
    """Check sizes and hashes only: needs no key, so that anyone may do it."""
    return tuple(finding for item in manifest.objects for finding in _check_bytes(item, get)[1])


def _check_places(manifest: Manifest, plan: Plan) -> Iterator[Finding]:
    """Every rendition has its init segments and every sequence once, with the planned period and duration."""
    names = (*plan.renditions, plan.iframes.name)
    # The last crypto period may be shorter than a segment that began in the one before.
    periods = {s.period for s in plan.segments} if plan.policy.protection == "cbcs" else {-1}
    wanted = {(Kind.INIT, name, period) for name in names for period in periods}
    wanted |= {(Kind.SEGMENT, name, s.sequence) for name in names for s in plan.segments}
    wanted |= {(Kind.TEXT, text.name, period) for text in plan.texts for period in range(plan.periods)}
    board = plan.storyboard
    wanted |= {(Kind.IMAGE, board.name, number) for number in range(board.sheets) if _has_board(manifest)}
    for item in manifest.objects:
        number = item.period if item.kind is Kind.INIT else item.sequence
        place = (item.kind, item.rendition, number)
        if item.kind in _PLACELESS:
            continue
        if place not in wanted:
            yield Finding("extra", item.name, f"{item.rendition} {number} is twice here or was not planned.")
            continue
        wanted.discard(place)
        if (item.period, item.duration, item.tier) != _planned(item, plan):
            yield Finding("place", item.name, "Its period, duration or tier is not as planned.")
    for kind, rendition, sequence in sorted(wanted):
        yield Finding("absent", "", f"The {kind} of {rendition}, number {sequence}, is not in the manifest.")


def _has_board(manifest: Manifest) -> bool:
    """A film without a storyboard is whole; one with a part of it is not."""
    return any(item.kind is Kind.IMAGE for item in manifest.objects)


def _planned(item: ManifestObject, plan: Plan) -> tuple[int, Fraction, str]:
    tier = plan.rendition(item.rendition).tier
    if item.kind is Kind.INIT:
        return item.period, Fraction(0), tier
    if item.kind is Kind.IMAGE:
        return 0, plan.sheet_duration(item.sequence), tier
    if item.kind is Kind.TEXT:
        return item.sequence, plan.text_duration(item.sequence), tier
    duration = plan.segment_duration(item.rendition, item.sequence)
    return plan.segments[item.sequence].period, duration, tier


def _check_bytes(item: ManifestObject, get: Reader) -> tuple[bytes, list[Finding]]:
    try:
        stored = get(item.name)
    except (LookupError, OSError):
        stored = None
    if stored is None:
        return b"", [Finding("missing", item.name, "The object is not in the store.")]
    if len(stored) != item.size:
        return b"", [Finding("size", item.name, f"It has {len(stored)} bytes instead of {item.size}.")]
    if hashlib.sha256(stored).digest() != item.sha256:
        return b"", [Finding("hash", item.name, "Its bytes were changed.")]
    return stored, []


def _check_object(
    item: ManifestObject, plan: Plan, get: Reader, opener: Opener, trial: Trial
) -> list[Finding]:
    stored, findings = _check_bytes(item, get)
    if findings or item.kind in _PLACELESS:
        return findings
    try:
        clear = opener.opened(item, stored)
    except BadMedia as fault:
        return [Finding("key", item.name, f"It cannot be decrypted: {fault}.")]
    try:
        findings = list(_check_clear(item, plan, clear))
        if not findings:
            trial.put(item, clear)
        return findings
    except BadMedia as fault:
        return [Finding("boxes", item.name, f"It is damaged: {fault}.")]
    except (KeyError, IndexError):
        return []  # a place that was not planned is told by `_check_places`


def _check_clear(item: ManifestObject, plan: Plan, clear: bytes) -> Iterator[Finding]:
    if item.kind is Kind.TEXT:
        if not clear.startswith(b"WEBVTT"):
            yield Finding("boxes", item.name, "It is not WebVTT.")
    elif item.kind is Kind.IMAGE:
        if not (clear.startswith(b"\xff\xd8") and clear.endswith(b"\xff\xd9")):
            yield Finding("boxes", item.name, "It is not a JPEG picture.")
    elif item.kind is Kind.INIT:
        find(clear, "moov/trak/mdia/minf/stbl/stsd")
    else:
        yield from _check_segment(item, plan, clear)


def _check_segment(item: ManifestObject, plan: Plan, clear: bytes) -> Iterator[Finding]:
    if [box.kind for box in boxes(clear)] != [b"moof", b"mdat"]:
        raise BadMedia("not one moof and one mdat")
    fragment = read_fragment(clear)
    start, frames, scale, delay = _expected(item, plan)
    if fragment.start != start or fragment.number != item.sequence + 1:
        yield Finding("time", item.name, f"It begins at {fragment.start} instead of {start}.")
    if len(fragment.durations) != frames:
        yield Finding("frames", item.name, f"It has {len(fragment.durations)} frames instead of {frames}.")
    if Fraction(fragment.duration, scale) != item.duration:
        yield Finding("duration", item.name, "It does not last as long as the playlist says.")
    if min(fragment.shown) != delay:
        yield Finding("time", item.name, "Its first picture is not shown when it should be.")


def _expected(item: ManifestObject, plan: Plan) -> tuple[int, int, int, int]:
    """Start in ticks, frames, ticks a second, and ticks by which the first picture is delayed."""
    rendition = plan.rendition(item.rendition)
    if isinstance(rendition, AudioRendition):
        first, end = plan.audio_borders(rendition.name)[item.sequence : item.sequence + 2]
        return rendition.phase + first * rendition.samples, end - first, rendition.rate, 0
    if not isinstance(rendition, VideoRendition | IFrameRendition):
        raise KeyError(item.rendition)
    segment = plan.segments[item.sequence]
    start = segment.first_frame * plan.frame_ticks
    frames = 1 if isinstance(rendition, IFrameRendition) else segment.frames
    return start, frames, plan.timescale, plan.reorder_ticks(rendition)
