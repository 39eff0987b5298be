"""The playlists of a film's folder: from its plan and its list of objects to text, and read back. Pure."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from transcoder.formats import hls
from transcoder.keys.keyschedule import NO_PERIOD
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.ladder import AudioRendition, VideoRendition
from transcoder.planning.plan import IFrameRendition, Plan
from transcoder.planning.tiles import Storyboard

MAIN, CHAPTERS = "main.m3u8", "chapters.json"
KEYS = "keys"
_KEY_NAME = "{rendition}-{period}.key"
KEY_URL = f"{KEYS}/{_KEY_NAME}"
"""Where players look for keys unless told otherwise: beside the playlists."""
Kids = Callable[[str, int], UUID]
"""(tier, crypto period) -> the name of its key."""
_URI = re.compile(r'URI="([^"]*)"')


def write(
    plan: Plan,
    objects: Sequence[ManifestObject],
    codecs: Mapping[str, str],
    key_url: str = KEY_URL,
    kids: Kids | None = None,
) -> dict[str, str]:
    """Give every file that players read by name: media playlists, chapters, last the multivariant playlist.

    `codecs` are (rendition -> RFC 6381); `key_url` is an address in which {rendition} and {period} stand.
    `kids` names the keys of pictures and sound protected by `cbcs`, of which {rendition} is the tier.
    """
    by_rendition = _by_rendition(plan, objects)
    described = [_described(plan, name, items, codecs) for name, items in by_rendition.items()]
    lengths = [item.duration for item in objects if item.kind is Kind.SEGMENT]
    found = {}
    for one in described:
        items = by_rendition[one.name]
        # Subtitles are cut by crypto period, sheets last longer: their own longest counts.
        longest = lengths if one.kind in ("video", "audio", "iframe") else [item.duration for item in items]
        found[media_name(one.name)] = hls.media(
            one,
            segments := _segments(items),
            complete=True,
            target=hls.target_duration(segments, _rounded(max(longest, default=Fraction(0)))),
            keys=_keys(key_url, one, kids if one.inits else None),
        )
    if plan.info.chapters:
        found[CHAPTERS] = chapters(plan)
    found[MAIN] = hls.multivariant(
        described,
        complete=True,
        media_uri=lambda one: media_name(one.name),
        chapters_uri=CHAPTERS if plan.info.chapters else "",
        session_keys=_session_keys(key_url, described, kids),
    )
    return found


def chapters(plan: Plan) -> str:
    """Write the film's chapters as JSON."""
    return json.dumps(hls.chapter_list(plan.info.chapters), ensure_ascii=False) + "\n"


def media_name(rendition: str) -> str:
    """Name the media playlist of a rendition."""
    return f"{rendition}.m3u8"


def key_address(key_url: str, rendition: str, period: int) -> str:
    """Fill in an address of keys."""
    return key_url.replace("{rendition}", rendition).replace("{period}", str(period))


def key_name(rendition: str, period: int) -> str:
    """Name the file of a key."""
    return key_address(_KEY_NAME, rendition, period)


def check_key_url(key_url: str) -> str:
    """Give the address back if it tells keys apart and fits into a playlist; raises ValueError."""
    rest = key_url.replace("{rendition}", "").replace("{period}", "")
    if not all(field in key_url for field in ("{rendition}", "{period}")) or set("{}") & set(rest):
        raise ValueError("an address of keys has {rendition} and {period} in it, and no other braces")
    if any(c in rest for c in '" \\') or not rest.isprintable():
        raise ValueError("an address has no quotes, spaces or control characters")
    return key_url


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment as a media playlist lists it, and its init segment; `duration` in seconds as written."""

    uri: str
    duration: str
    init: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a media playlist says."""

    entries: tuple[Entry, ...]
    target: int
    is_whole: bool


def read_media(text: str) -> Listing:
    """Read a media playlist as far as it must agree with the manifest; raises ValueError."""
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("not a playlist")
    init, duration, target = "", "", 0
    entries: list[Entry] = []
    for line in lines[1:]:
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-MAP":
            init = uris(line)[0] if uris(line) else ""
        elif tag == "#EXT-X-TARGETDURATION":
            target = int(value)
        elif tag == "#EXTINF":
            duration = value.split(",")[0]
        elif line and not line.startswith("#"):
            entries.append(Entry(line, duration, init))
            duration = ""
    return Listing(tuple(entries), target, "#EXT-X-ENDLIST" in lines)


def uris(text: str) -> tuple[str, ...]:
    """Give every address in a playlist: those in attributes and those on lines of their own."""
    bare = [line for line in text.splitlines() if line and not line.startswith("#")]
    return (*_URI.findall(text), *bare)


def listed(text: str) -> tuple[str, ...]:
    """Give every address in a playlist but those of keys."""
    return uris("\n".join(line for line in text.splitlines() if not line.startswith("#EXT-X-SESSION-KEY")))


def _described(
    plan: Plan, name: str, items: Sequence[ManifestObject], codecs: Mapping[str, str]
) -> hls.Rendition:
    """Describe a rendition; its rates are those of the segments there are."""
    planned = _planned(plan, name)
    peak, average = rates(items)
    if planned.kind == "text":
        return planned
    if planned.kind == "image":
        return replace(planned, bandwidth=peak)
    made = sorted((item.period, item.name) for item in items if item.kind is Kind.INIT)
    return replace(
        planned,
        codecs=codecs.get(name, ""),
        bandwidth=peak,
        average_bandwidth=0 if planned.kind == "iframe" else average,
        init_name=made[0][1] if made else None,
        inits=tuple(made) if made and made[0][0] != NO_PERIOD else (),
    )


def _planned(plan: Plan, name: str) -> hls.Rendition:
    """Describe a rendition as far as the plan knows it."""
    one = plan.rendition(name)
    if isinstance(one, VideoRendition):
        return _picture("video", name, one, frame_rate=plan.frame_rate, hdr=one.hdr)
    if isinstance(one, IFrameRendition):
        rung = plan.rendition(one.source)
        assert isinstance(rung, VideoRendition)  # noqa: S101  # where else would pictures come from
        return replace(_picture("iframe", name, rung), tier=one.tier)
    if isinstance(one, Storyboard):
        return _picture("image", name, one, frame_rate=plan.frame_rate / one.frames)
    told: dict[str, Any] = {"language": one.language, "label": one.title, "default": one.default}
    if isinstance(one, AudioRendition):
        return hls.Rendition(name, "audio", one.tier, channels=one.channels, role=one.role, **told)
    role = "sdh" if one.sdh else "main"
    return hls.Rendition(name, "text", one.tier, forced=one.forced, role=role, **told)


def _picture(kind: str, name: str, one: VideoRendition | Storyboard, **more: Any) -> hls.Rendition:
    return hls.Rendition(name, kind, one.tier, width=one.width, height=one.height, **more)


def rates(items: Iterable[ManifestObject]) -> tuple[int, int]:
    """Bits a second, peak and average. The peak is that of the densest stretch of segments that lasts between
    0.5 and 1.5 times the target duration (RFC 8216 §4.3.4.2)."""
    listed = sorted((item for item in items if item.duration), key=lambda item: item.sequence)
    if not listed:
        return 0, 0
    target = _rounded(max(item.duration for item in listed))
    whole = Fraction(8 * sum(item.size for item in listed)) / sum(item.duration for item in listed)
    peak = whole
    for first in range(len(listed)):
        bits, seconds = 0, Fraction(0)
        for item in listed[first:]:
            bits, seconds = bits + 8 * item.size, seconds + item.duration
            if seconds * 2 > target * 3:
                break
            if seconds * 2 >= target:
                peak = max(peak, bits / seconds)
    return -int(-peak // 1), -int(-whole // 1)


def _by_rendition(plan: Plan, objects: Sequence[ManifestObject]) -> dict[str, list[ManifestObject]]:
    """Sort objects into renditions: in the plan's order, whose first sound is what most want to hear."""
    order = {name: place for place, name in enumerate((*plan.renditions, *(t.name for t in plan.texts)))}
    found: dict[str, list[ManifestObject]] = defaultdict(list)
    for item in sorted(objects, key=lambda item: (order.get(item.rendition, len(order)), item.sequence)):
        if item.rendition:
            found[item.rendition].append(item)
    return found


def _segments(items: Sequence[ManifestObject]) -> list[hls.Segment]:
    return [
        hls.Segment(item.sequence, item.period, item.duration, item.name)
        for item in items
        if item.kind is not Kind.INIT
    ]


def _keys(key_url: str, rendition: hls.Rendition, kids: Kids | None) -> hls.KeysOf:
    if kids is None:
        return lambda segment, _: [hls.whole_key(key_address(key_url, rendition.name, segment.period))]
    return lambda segment, _: [_tier_key(key_url, rendition.tier, segment.period, kids)]


def _tier_key(key_url: str, tier: str, period: int, kids: Kids) -> hls.Key:
    """A key of `cbcs`, as 16 raw bytes: without a server there is nobody to write licences."""
    return hls.sample_key(key_address(key_url, tier, period), hls.IDENTITY, kids(tier, period))


def _session_keys(key_url: str, described: Sequence[hls.Rendition], kids: Kids | None) -> list[hls.Key]:
    tiers = dict.fromkeys(one.tier for one in described if one.inits)
    return [_tier_key(key_url, tier, 0, kids) for tier in tiers] if kids else []


def _rounded(seconds: Fraction) -> int:
    return max(1, int(seconds + Fraction(1, 2)))
