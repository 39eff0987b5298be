"""HLS playlists (RFC 8216 and its successor draft) as text, from plain values.

Facts that cost time to learn: `CLOSED-CAPTIONS=NONE` keeps Shaka from fetching the last segment (and its
key) at load; `EXT-X-START:TIME-OFFSET=0` keeps clients from beginning at the live edge of a film that is
still being encoded; `EXT-X-MAP` stands before the first `EXT-X-KEY` of `AES-128`, because the init segment is
clear. Of `SAMPLE-AES` it stands after it, since there the key belongs to what the init segment says: hls.js
gives an init segment the keys that were named before it. Where keys change no `EXT-X-DISCONTINUITY` is
needed: times go on, and so do formats.

`EXT-X-DATERANGE` names chapters in the pictures' playlists of a film that is complete, beside
`EXT-X-SESSION-DATA`, which only Apple's players and Shaka read. It stands on `EXT-X-PROGRAM-DATE-TIME`, which
ties places in the film to hours of the day; the film is said to begin at a fixed one (`Dated.epoch`), so that
every playlist of a version says the same at any time. A licence's end is no place in the film and no date
range: it comes at its hour wherever the viewer is, and is told with each renewal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from transcoder.source.languages import language_tag, track_name
from transcoder.source.media import Chapter

VERSION = 7
MIN_TARGET = 4
_CHARACTERISTICS = {
    "description": "public.accessibility.describes-video",
    "sdh": "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",
}
"""Media characteristics by role (HLS authoring specification, Apple)."""
TILES = "5x5"
"""Columns and rows of a storyboard's sheet; `frame_rate` of its rendition is in tiles."""
_ONLY = {"iframe": ("#EXT-X-I-FRAMES-ONLY",), "image": ("#EXT-X-IMAGES-ONLY",)}
_START = "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"


@dataclass(frozen=True, slots=True)
class Segment:
    """One encrypted segment: `sequence` is its media sequence number, `duration` true seconds."""

    sequence: int
    period: int
    duration: Fraction
    name: str
    """The last part of its object name: what a media playlist says."""
    start: Fraction | None = None
    """Where in the film it begins, in seconds; None: where the one before it ends."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One stream of a title as a playlist describes it; bandwidths in bits a second."""

    name: str
    kind: str
    tier: str
    codecs: str = ""
    bandwidth: int = 0
    average_bandwidth: int = 0
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    channels: int | None = None
    language: str = "und"
    label: str = ""
    forced: bool = False
    role: str = "main"
    default: bool = False
    hdr: str = ""
    """Brightness beyond a screen's white: "pq" or "hlg"; "" for a picture of plain screens."""
    init_name: str | None = None
    """Its init segment; of `cbcs`, where each crypto period has one, the first of them."""
    inits: tuple[tuple[int, str], ...] = ()
    """Of `cbcs`: crypto periods and their init segments, as far as they are made."""
    timescale: int = 1
    """Ticks a second in which its segments have whole lengths."""


@dataclass(frozen=True, slots=True)
class Steering:
    """Several hosts of the same segments (EXT-X-CONTENT-STEERING), the preferred one first."""

    uri: str
    pathways: tuple[str, ...]
    via: Callable[[str, str], str]
    """(a media playlist's address, pathway) -> the address of the same playlist by that pathway."""


CHAPTER_CLASS = "com.matinee.chapter"
"""The CLASS of a chapter's date range: Apple documents one for interstitials alone."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Chapters as date ranges, and the instant (aware) at which the film's first picture is said to be."""

    epoch: datetime
    chapters: tuple[Chapter, ...]


AES_128, SAMPLE_AES = "AES-128", "SAMPLE-AES"
CLEAR_KEY, IDENTITY = "org.w3.clearkey", "identity"
"""Key formats: a licence of W3C EME Clear Key; 16 raw bytes (RFC 8216 §5)."""


@dataclass(frozen=True, slots=True)
class Key:
    """What an `EXT-X-KEY` says (RFC 8216bis §4.4.4.4): its method, and its other attributes as written."""

    method: str
    attributes: str

    def __str__(self) -> str:
        return f"METHOD={self.method},{self.attributes}"


def whole_key(uri: str) -> Key:
    """The key of whole segments: an address, at which there are 16 bytes."""
    return Key(AES_128, f'URI="{uri}"')


def sample_key(uri: str, key_format: str, kid: UUID) -> Key:
    """The key of samples for one key system."""
    about = f'KEYFORMAT="{key_format}",KEYFORMATVERSIONS="1",KEYID=0x{kid.hex.upper()}'
    return Key(SAMPLE_AES, f'URI="{uri}",{about}')


KeysOf = Callable[[Segment, Fraction], Sequence[Key]]
"""(segment, where in the film it starts, in seconds) -> its keys, one for each key system."""


def target_duration(segments: Iterable[Segment], planned: int = 0) -> int:
    """EXT-X-TARGETDURATION: what was planned, at least the grid's 4 s, at least the longest (rounded)."""
    longest = max((segment.duration for segment in segments), default=0)
    return max(MIN_TARGET, planned, int(longest + 1) if longest % 1 >= 0.5 else int(longest))


def media(
    rendition: Rendition,
    segments: Sequence[Segment],
    *,
    complete: bool,
    target: int,
    keys: KeysOf,
    place: Callable[[str], str] = str,
    dated: Dated | None = None,
) -> str:
    """Render a media playlist: EVENT while the film grows, VOD with its end tag once `complete`.

    Segments are named by their last part, or by what `place` makes of it where they lie elsewhere.

    A key is named where its address changes. The IV is left out: of whole segments it is the media sequence
    number (RFC 8216 §5.2), and every rendition and period has a key of its own; of samples the init segment
    says it.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", f"#EXT-X-TARGETDURATION:{target}"]
    lines += ["#EXT-X-MEDIA-SEQUENCE:0", f"#EXT-X-PLAYLIST-TYPE:{'VOD' if complete else 'EVENT'}"]
    lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += _ONLY.get(rendition.kind, ())
    if not complete:
        lines.append(_START)
    lines += _date_ranges(dated) if dated else []
    tiles = _tiles(rendition)
    inits = dict(rendition.inits)
    if rendition.init_name is not None and not inits:
        lines.append(f'#EXT-X-MAP:URI="{place(rendition.init_name)}"')
    start, named, init = Fraction(0), tuple[Key, ...](), ""
    for segment in segments:
        if named != (named := tuple(keys(segment, start))):
            lines += [f"#EXT-X-KEY:{key}" for key in named]
        if init != (init := inits.get(segment.period, "")):
            lines.append(f'#EXT-X-MAP:URI="{place(init)}"')
        lines += tiles
        if dated and not start:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(dated, segment.start or start)}")
        lines += [f"#EXTINF:{float(segment.duration):.6f},", place(segment.name)]
        start += segment.duration
    if complete:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _date_ranges(dated: Dated) -> list[str]:
    """EXT-X-DATERANGE (RFC 8216bis §4.4.5.1) for each chapter; no title breaks out of its quotes."""
    tags = []
    for number, one in enumerate(dated.chapters, 1):
        title = "".join(letter for letter in one.title if letter.isprintable() and letter != '"')
        about = f'ID="chapter-{number}",CLASS="{CHAPTER_CLASS}",START-DATE="{_date(dated, one.start)}"'
        length = f"DURATION={float(one.end - one.start):.3f}"
        tags.append(f'#EXT-X-DATERANGE:{about},{length},X-TITLE="{title or f"Chapter {number}"}"')
    return tags


def _date(dated: Dated, place: Fraction) -> str:
    """Write when a place in the film (seconds) is said to be (ISO 8601, UTC, milliseconds)."""
    instant = dated.epoch.astimezone(UTC) + timedelta(milliseconds=round(place * 1000))
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tiles(rendition: Rendition) -> list[str]:
    """How the pictures of a storyboard lie on each sheet, and how long each stands for."""
    if rendition.kind != "image" or not rendition.frame_rate:
        return []
    tile = f"RESOLUTION={rendition.width}x{rendition.height},LAYOUT={TILES}"
    return [f"#EXT-X-TILES:{tile},DURATION={float(1 / rendition.frame_rate):.6f}"]


def multivariant(
    renditions: Sequence[Rendition],
    *,
    complete: bool,
    media_uri: Callable[[Rendition], str],
    chapters_uri: str = "",
    steering: Steering | None = None,
    session_keys: Sequence[Key] = (),
) -> str:
    """Render the multivariant playlist of the given renditions, lowest bandwidth first.

    Every rung stands once with every group of sound. All its codecs are named, so that a player leaves out
    what it cannot decode. With `steering`, all stands once for every pathway, with groups of its own.
    `session_keys` let a player prepare its decryption before it reads a media playlist.
    """
    audio = [one for one in renditions if one.kind == "audio"]
    texts = [one for one in renditions if one.kind == "text"]
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if not complete:
        lines.append(_START)
    lines += [f"#EXT-X-SESSION-KEY:{key}" for key in session_keys]
    if steering:
        lines.append(
            f'#EXT-X-CONTENT-STEERING:SERVER-URI="{steering.uri}",PATHWAY-ID="{steering.pathways[0]}"'
        )
    ways = [(way, _by(media_uri, steering.via, way)) for way in steering.pathways] if steering else []
    for way, uri_of in ways or [("", media_uri)]:
        for group, members in sound_groups(audio).items():
            lines += _group("AUDIO", _of(group, way), members, uri_of)
        lines += _group("SUBTITLES", _of("text", way), texts, uri_of)
    for way, uri_of in ways or [("", media_uri)]:
        lines += _streams(renditions, audio, _of("text", way) if texts else "", way, uri_of)
    lines += [_winding_tag(one, media_uri(one)) for one in renditions if one.kind == "iframe"]
    lines += [_storyboard_tag(one, media_uri(one)) for one in renditions if one.kind == "image"]
    if chapters_uri:
        lines.append(f'#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="{chapters_uri}"')
    return "\n".join(lines) + "\n"


def _streams(
    renditions: Sequence[Rendition],
    audio: Sequence[Rendition],
    texts: str,
    way: str,
    media_uri: Callable[[Rendition], str],
) -> list[str]:
    """The variant streams of one pathway; of a film without picture, its sound."""
    groups = sound_groups(audio) or {"": []}
    pictures = sorted((one for one in renditions if one.kind == "video"), key=lambda v: v.bandwidth)
    pairs = [(one, group) for one in pictures for group in groups] or [(one, "") for one in audio]
    lines: list[str] = []
    for one, group in pairs:
        tag = _stream_tag(one, _of(group, way), groups[group] if group else [], texts)
        lines += [tag + (f',PATHWAY-ID="{way}"' if way else ""), media_uri(one)]
    return lines


def _of(group: str, way: str) -> str:
    """A group's name in one pathway: pathways share no group, for a group's addresses belong to one."""
    return f"{group}.{way}" if group and way else group


def _by(
    media_uri: Callable[[Rendition], str], via: Callable[[str, str], str], way: str
) -> Callable[[Rendition], str]:
    return lambda one: via(media_uri(one), way)


def chapter_list(chapters: Sequence[Chapter]) -> list[dict[str, object]]:
    """Give the chapters as `com.apple.hls.chapters` wants them (HLS authoring, "Providing JSON chapters")."""
    return [
        {
            "chapter": number,
            "start-time": float(one.start),
            "duration": float(one.end - one.start),
            "titles": [{"language": "und", "title": one.title or f"Chapter {number}"}],
        }
        for number, one in enumerate(chapters, 1)
    ]


def _winding_tag(one: Rendition, uri: str) -> str:
    """EXT-X-I-FRAME-STREAM-INF (RFC 8216 §4.3.4.3): pictures to wind by, each a fragment of its own."""
    return f'#EXT-X-I-FRAME-STREAM-INF:{_picture_items(one, one.codecs)},URI="{uri}"'


def _storyboard_tag(one: Rendition, uri: str) -> str:
    """EXT-X-IMAGE-STREAM-INF (Roku's "HLS image media playlists"); RESOLUTION is that of one tile."""
    return f'#EXT-X-IMAGE-STREAM-INF:{_picture_items(one, "jpeg")},URI="{uri}"'


def _picture_items(one: Rendition, codecs: str) -> str:
    items = [f"BANDWIDTH={max(1, one.bandwidth)}"]
    if codecs:
        items.append(f'CODECS="{codecs}"')
    if one.width and one.height:
        items.append(f"RESOLUTION={one.width}x{one.height}")
    return ",".join(items)


def sound_groups(audio: Iterable[Rendition]) -> dict[str, list[Rendition]]:
    """Group sound by codec and channels: "aac-2", "aac-6", "opus-2"…

    Every group holds every track, so that choosing a group never loses a language: a track that has nothing
    of the kind is there with what is nearest to it, first by codec.
    """
    tracks: dict[str, list[Rendition]] = {}
    for one in audio:
        tracks.setdefault(_track(one), []).append(one)
    kinds = sorted({_kind(one) for track in tracks.values() for one in track}, key=lambda kind: kind[::-1])

    def nearest(kind: tuple[str, int], track: list[Rendition]) -> Rendition:
        return min(track, key=lambda one: (_kind(one)[0] != kind[0], abs(_kind(one)[1] - kind[1])))

    return {
        f"{codec}-{channels}": [nearest((codec, channels), track) for track in tracks.values()]
        for codec, channels in kinds
    }


def _track(sound: Rendition) -> str:
    """What all sounds of one track of the source begin their names with: `a0` of `a0`, `a0s`, `a0o`."""
    return sound.name.rstrip("so")


def _kind(sound: Rendition) -> tuple[str, int]:
    return "opus" if sound.codecs == "opus" else "aac", 6 if (sound.channels or 2) > 2 else 2


def _stream_tag(one: Rendition, group: str, audio: Sequence[Rendition], texts: str) -> str:
    peak = one.bandwidth + max((a.bandwidth for a in audio), default=0)
    average = (one.average_bandwidth or one.bandwidth) + max(
        (a.average_bandwidth or a.bandwidth for a in audio), default=0
    )
    codecs = list(dict.fromkeys(r.codecs for r in (one, *audio) if r.codecs))
    items = [f"BANDWIDTH={max(1, peak)}", f"AVERAGE-BANDWIDTH={max(1, min(average, peak))}"]
    if codecs and one.codecs:
        items.append(f'CODECS="{",".join(codecs)}"')
    if one.width and one.height:
        items.append(f"RESOLUTION={one.width}x{one.height}")
    if one.frame_rate:
        items.append(f"FRAME-RATE={float(one.frame_rate):.3f}")
    if one.kind == "video":
        items.append(f"VIDEO-RANGE={one.hdr.upper() or 'SDR'}")
    if group:
        items.append(f'AUDIO="{group}"')
    if texts:
        items.append(f'SUBTITLES="{texts}"')
    items.append("CLOSED-CAPTIONS=NONE")
    return "#EXT-X-STREAM-INF:" + ",".join(items)


def _group(
    kind: str, group: str, members: Sequence[Rendition], media_uri: Callable[[Rendition], str]
) -> list[str]:
    """Tags of one rendition group; names are unique in it (RFC 8216 §4.3.4.1.1), the first is default."""
    lines, taken = [], set[str]()
    for number, one in enumerate(members):
        name = quoted(track_name(one.language, one.label, one.role, forced=one.forced)) or _track(one)
        if name in taken:
            name = f"{name} ({_track(one)})"
        taken.add(name)
        default = one.default and not one.forced
        default = default or (number == 0 and kind == "AUDIO" and not any(m.default for m in members))
        lines.append(_media_tag(kind, group, name, one, media_uri(one), default=default))
    return lines


def _media_tag(kind: str, group: str, name: str, one: Rendition, uri: str, *, default: bool) -> str:
    items = [f"TYPE={kind}", f'GROUP-ID="{group}"', f'NAME="{name}"']
    language = language_tag(one.language)
    if language:
        items.append(f'LANGUAGE="{quoted(language)}"')
    items.append(f"DEFAULT={'YES' if default else 'NO'}")
    # Nobody is given a commentary for their language alone; a description only who asks for accessibility.
    items.append(f"AUTOSELECT={'NO' if one.role == 'commentary' and not default else 'YES'}")
    if kind == "SUBTITLES":
        items.append(f"FORCED={'YES' if one.forced else 'NO'}")
    elif one.channels:
        items.append(f'CHANNELS="{one.channels}"')
    if one.role in _CHARACTERISTICS:
        items.append(f'CHARACTERISTICS="{_CHARACTERISTICS[one.role]}"')
    return "#EXT-X-MEDIA:" + ",".join([*items, f'URI="{uri}"'])


def quoted(text: str) -> str:
    """Make text safe for a quoted-string: no quote, no control character (RFC 8216 §4.2)."""
    return "".join(c for c in text.replace('"', "'") if c.isprintable())
