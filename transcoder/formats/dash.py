"""An MPD (ISO/IEC 23009-1) of the segments that the HLS playlists list, from plain values. Pure.

One Period for each crypto period, because that is where keys change: `ContentProtection` stands in the
AdaptationSets of a Period. Segments have names that no template can make, so they are listed (`SegmentList`),
with a `SegmentTimeline` in the ticks of the media. Renditions with different keys are in AdaptationSets of
their own (DASH-IF IOP, "Content protection and security") that name each other for switching.

What players do: dash.js takes the times of WebVTT for times of the film, Shaka Player for times from
`presentationTimeOffset` on; with the Period's start as that offset both are right. And dash.js takes the
n-th `SegmentURL` for the n-th `S`, so that no `S` repeats itself (`@r`).

Several hosts of the same segments are named in each AdaptationSet of media (`BaseURL@serviceLocation`) and
not once for all in `MPD`: addresses of words, licences and steering are relative to where the MPD came from,
and players would look for them at a host.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise
from xml.etree import ElementTree as ET  # writes only, and nothing from outside

from transcoder.formats.hls import Rendition, Segment
from transcoder.source.languages import language_tag, track_name

MPD = "urn:mpeg:dash:schema:mpd:2011"
CENC = "urn:mpeg:cenc:2013"
DASHIF = "https://dashif.org/CPS"
CLEARKEY = "http://dashif.org/guidelines/clearKey"
MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_ROLE = "urn:mpeg:dash:role:2011"
_PURPOSE = "urn:tva:metadata:cs:AudioPurposeCS:2007"
_PROFILE = "urn:mpeg:dash:profile:isoff-main:2011"
_TRANSFER = {"pq": "16", "hlg": "18"}
"""Transfer characteristics by number (ISO/IEC 23091-2 table 3)."""
_MOST_OFF = Fraction(1, 10)
"""Seconds, above any frame of sound: so far from a Period's border a segment still counts as ending there."""
_NANO = Decimal(1).scaleb(-9)
_MIME = {"video": "video/mp4", "audio": "audio/mp4", "text": "text/vtt"}

for _prefix, _space in (("", MPD), ("cenc", CENC), ("dashif", DASHIF), ("clearkey", CLEARKEY)):
    ET.register_namespace(_prefix, _space)

Protect = Callable[[str, int], Iterable[ET.Element]]
"""(tier, crypto period) -> the ContentProtection elements of media under that key."""


@dataclass(frozen=True, slots=True)
class Track:
    """A rendition with its segments from the film's beginning on, without a gap.

    `base` is the address that names are relative to; `init` gives the name of a crypto period's init segment,
    or "" where there is none (text).
    """

    rendition: Rendition
    segments: Sequence[Segment]
    base: str
    init: Callable[[int], str] = field(default=lambda _: "")
    hosted: bool = False
    """Whether `base` is relative to that of each host (`Steering`)."""


@dataclass(frozen=True, slots=True)
class Steering:
    """Hosts of the same segments (ISO/IEC 23009-1 §5.6) and who says their order (ETSI TS 103 998 §5).

    `bases` are by service location, the preferred one first.
    """

    uri: str
    bases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A crypto period of film: seconds from its start up to its end."""

    period: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class _Part:
    """What a track has in one crypto period: its segments, and start and length of each in ticks."""

    track: Track
    segments: Sequence[Segment]
    places: Sequence[tuple[int, int]]


def mpd(tracks: Sequence[Track], *, protect: Protect, steering: Steering | None = None) -> str:
    """Write the MPD of a film that is complete. Raises ValueError where there is no picture in it.

    With `steering`, tracks that are `hosted` are named once for every host.
    """
    stretches = crypto_periods(tracks)
    if not stretches:
        raise ValueError("an MPD needs a picture")
    longest = max(
        segment.duration for track in tracks if track.rendition.kind != "text" for segment in track.segments
    )
    root = _element(
        f"{{{MPD}}}MPD",
        profiles=_PROFILE,
        type="static",
        mediaPresentationDuration=_span(Fraction(0), stretches[-1].end),
        minBufferTime=_span(Fraction(0), longest),
        maxSegmentDuration=_span(Fraction(0), longest),
    )
    if steering:
        root.append(_content_steering(steering))
    bases = steering.bases if steering else {}
    groups = _groups(tracks)
    parts = {id(track): _parts(track) for track in tracks}
    for stretch in stretches:
        root.append(_period(stretch, groups, parts, protect, bases))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def crypto_periods(tracks: Iterable[Track]) -> list[Stretch]:
    """Cut the film where the picture's keys change; every rung changes them at the same frame."""
    picture = next((one for one in tracks if one.rendition.kind == "video" and one.segments), None)
    stretches, at = list[Stretch](), Fraction(0)
    for period, some in groupby(picture.segments if picture else (), key=lambda segment: segment.period):
        end = at + sum((segment.duration for segment in some), Fraction(0))
        stretches.append(Stretch(period, at, end))
        at = end
    return stretches


def content_protection(scheme: str, value: str = "") -> ET.Element:
    """Make a ContentProtection element for a scheme's URI; a key system puts its children in."""
    return _element(f"{{{MPD}}}ContentProtection", schemeIdUri=scheme, value=value)


def named_key(kid: str) -> ET.Element:
    """Name the key of an AdaptationSet, whatever the key system (ISO/IEC 23001-7 §11.2)."""
    element = content_protection(MP4_PROTECTION, "cbcs")
    element.set(f"{{{CENC}}}default_KID", kid)
    return element


def _period(
    stretch: Stretch,
    groups: Mapping[tuple[str, ...], list[Track]],
    parts: Mapping[int, Mapping[int, _Part]],
    protect: Protect,
    bases: Mapping[str, str],
) -> ET.Element:
    period = _element(
        f"{{{MPD}}}Period",
        id=f"p{stretch.period}",
        start=_span(Fraction(0), stretch.start),
        duration=_span(stretch.start, stretch.end),
    )
    switches = _switches(list(groups))
    for number, (key, members) in enumerate(groups.items()):
        here = [parts[id(one)][stretch.period] for one in members if stretch.period in parts[id(one)]]
        if here:
            made = _set(number, switches.get(key, ""), here, stretch, protect)
            made.extend(_base_urls(bases) if here[0].track.hosted else ())
            made.extend(_representation(part, stretch) for part in here)
            period.append(made)
    return period


def _content_steering(steering: Steering) -> ET.Element:
    """Say who is asked for the order of hosts; playing need not wait for the answer."""
    first = next(iter(steering.bases), "")
    element = _element(f"{{{MPD}}}ContentSteering", defaultServiceLocation=first, queryBeforeStart="false")
    element.text = steering.uri
    return element


def _base_urls(bases: Mapping[str, str]) -> Iterator[ET.Element]:
    for name, base in bases.items():
        element = _element(f"{{{MPD}}}BaseURL", serviceLocation=name)
        element.text = base
        yield element


def _groups(tracks: Iterable[Track]) -> dict[tuple[str, ...], list[Track]]:
    """Put together what a player may change between within one set: picture of one codec and one key."""
    groups: dict[tuple[str, ...], list[Track]] = {}
    for track in tracks:
        one = track.rendition
        if one.kind == "video":
            key: tuple[str, ...] = ("video", one.codecs.partition(".")[0], one.hdr, one.tier)
        elif one.kind in _MIME:
            key = (one.kind, one.name)
        else:
            continue
        groups.setdefault(key, []).append(track)
    return groups


def _switches(keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """For each set of pictures the ids of the others of its codec, by commas."""
    pictures = [(number, key) for number, key in enumerate(keys) if key[0] == "video"]
    return {
        key: ",".join(str(n) for n, other in pictures if other[:3] == key[:3] and other != key)
        for _, key in pictures
    }


def _set(number: int, switches: str, here: Sequence[_Part], stretch: Stretch, protect: Protect) -> ET.Element:
    """One AdaptationSet without its addresses; its children stand in the order of the schema."""
    one = here[0].track.rendition
    attributes = {"id": str(number), "contentType": one.kind, "mimeType": _MIME[one.kind]}
    if language := language_tag(one.language):
        attributes["lang"] = language
    if one.kind != "text":
        attributes |= {"segmentAlignment": "true", "startWithSAP": "1"}
    element = _element(f"{{{MPD}}}AdaptationSet", **attributes)
    if one.kind != "text":
        element.extend(protect(one.tier, stretch.period))
    element.extend(_descriptors(one, switches))
    return element


def _descriptors(one: Rendition, switches: str) -> Iterator[ET.Element]:
    """Light, switching, label, accessibility and role of a set, in the order of the MPD's schema."""
    if one.hdr in _TRANSFER:
        for what, value in (("ColourPrimaries", "9"), ("TransferCharacteristics", _TRANSFER[one.hdr])):
            yield _descriptor("EssentialProperty", f"urn:mpeg:mpegB:cicp:{what}", value)
    if switches:
        yield _descriptor("SupplementalProperty", SWITCHING, switches)
    if one.kind != "video" and (name := track_name(one.language, one.label, one.role, forced=one.forced)):
        label = ET.Element(f"{{{MPD}}}Label")
        label.text = "".join(letter for letter in name if letter.isprintable())
        yield label
    if one.role == "description":
        yield _descriptor("Accessibility", _PURPOSE, "1")
    if one.role == "sdh":
        yield _descriptor("Accessibility", _PURPOSE, "2")
    yield _descriptor("Role", _ROLE, _role(one))


def _role(one: Rendition) -> str:
    if one.kind == "video":
        return "main"
    if one.kind == "text":
        return "forced-subtitle" if one.forced else "caption" if one.role == "sdh" else "subtitle"
    if one.role in ("commentary", "description"):
        return one.role
    return "main" if one.default else "alternate"


def _representation(part: _Part, stretch: Stretch) -> ET.Element:
    one, track = part.track.rendition, part.track
    attributes = {"id": one.name, "bandwidth": str(max(1, one.bandwidth))}
    if one.codecs:
        attributes["codecs"] = one.codecs
    if one.kind == "video" and one.width and one.height:
        attributes |= {"width": str(one.width), "height": str(one.height)}
    if one.kind == "video" and one.frame_rate:
        attributes["frameRate"] = str(one.frame_rate)
    if one.kind == "audio":
        attributes["audioSamplingRate"] = str(track.rendition.timescale)
    element = _element(f"{{{MPD}}}Representation", **attributes)
    if one.kind == "audio" and one.channels:
        element.append(_descriptor("AudioChannelConfiguration", _CHANNELS, str(one.channels)))
    ET.SubElement(element, f"{{{MPD}}}BaseURL").text = track.base
    element.append(_segments(part, stretch))
    return element


def _segments(part: _Part, stretch: Stretch) -> ET.Element:
    track = part.track
    element = _element(
        f"{{{MPD}}}SegmentList",
        timescale=str(track.rendition.timescale),
        presentationTimeOffset=str(round(stretch.start * track.rendition.timescale)),
    )
    if init := track.init(stretch.period):
        element.append(_element(f"{{{MPD}}}Initialization", sourceURL=init))
    timeline = ET.SubElement(element, f"{{{MPD}}}SegmentTimeline")
    for start, length in _covering(part, stretch):
        timeline.append(_element(f"{{{MPD}}}S", t=str(start), d=str(length)))
    for segment in part.segments:
        element.append(_element(f"{{{MPD}}}SegmentURL", media=segment.name))
    return element


def _covering(part: _Part, stretch: Stretch) -> list[tuple[int, int]]:
    """Give the places of a part's segments so that they cover their Period.

    Frames of sound do not end where pictures do. Where a Period's first one begins a little after the Period,
    dash.js would seek over that gap, and forget what it has of the Period before; so the list says that the
    segment begins with the Period, and in the same way that the last one ends with it. The media's own times
    stay true, and players go by those.
    """
    places, scale = list(part.places), part.track.rendition.timescale
    most = round(_MOST_OFF * scale)
    (first, length), begin = places[0], round(stretch.start * scale)
    if 0 < first - begin <= most:
        places[0] = (begin, length + first - begin)
    (last, length), end = places[-1], round(stretch.end * scale)
    if 0 < end - last - length <= most:
        places[-1] = (last, end - last)
    return places


def _parts(track: Track) -> dict[int, _Part]:
    """Cut a track into its crypto periods."""
    parts, placed = dict[int, _Part](), zip(track.segments, _places(track), strict=True)
    for period, some in groupby(placed, key=lambda pair: pair[0].period):
        segments, places = zip(*some, strict=True)
        parts[period] = _Part(track, segments, places)
    return parts


def _places(track: Track) -> list[tuple[int, int]]:
    """Start and length of every segment in ticks; each lasts until the next begins.

    Sound that was copied from its source may begin within a frame: then the first segment is shown for less
    than its samples say. Raises ValueError where the track's ticks do not hold its segments.
    """
    starts, at = list[int](), Fraction(0)
    for segment in track.segments:
        at = at if segment.start is None else segment.start
        starts.append(_ticks(at, track))
        at += segment.duration
    starts.append(_ticks(at, track))
    return [(start, end - start) for start, end in pairwise(starts)]


def _ticks(instant: Fraction, track: Track) -> int:
    ticks = instant * track.rendition.timescale
    if ticks.denominator != 1:
        raise ValueError(f"a segment of {track.rendition.name} does not begin at a tick of its timescale")
    return ticks.numerator


def _span(start: Fraction, end: Fraction) -> str:
    """Write the time between two instants of film; both are rounded, so that spans add up without error."""
    return f"PT{_decimal(end) - _decimal(start):f}S"


def _decimal(instant: Fraction) -> Decimal:
    exact = Decimal(instant.numerator) / Decimal(instant.denominator)
    rounded = exact.quantize(_NANO).normalize()
    return rounded if rounded else Decimal(0)


def _descriptor(kind: str, scheme: str, value: str) -> ET.Element:
    return _element(f"{{{MPD}}}{kind}", schemeIdUri=scheme, value=value)


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: value for name, value in attributes.items() if value})
