"""From ffprobe's JSON to typed tracks: which streams count, their size, rate and clock. Pure."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from transcoder.errors import Refused
from transcoder.source.media import AudioTrack, Chapter, Light, TextTrack, VideoTrack

Raw = Mapping[str, Any]

MOST_RATE = 60
LEAST_RATE = 8
MOST_AUDIOS = 16
"""Sound tracks of one film: more are no film's, and each is encoded."""
MOST_CHAPTERS = 1000
MOST_TEXTS = 32
"""Subtitle tracks of one film: each is a read of the whole file."""
_STANDARD = (
    *(Fraction(whole) for whole in (24, 25, 30, 48, 50, 60)),
    *(Fraction(thousands, 1001) for thousands in (24_000, 30_000, 60_000)),
)
_NOT_FILMS = ("attached_pic", "still_image", "timed_thumbnails")
_PICTURE_CODECS = {"mjpeg", "png", "bmp", "gif", "webp", "tiff"}
_TEXT_CODECS = {"subrip", "ass", "ssa", "mov_text", "webvtt", "text"}
_SDH = {
    "sdh",
    "cc",
    "hoh",
    "hearing",
    "hörgeschädigte",
    "hörgeschädigter",
    "malentendants",
    "sordos",
    "sordi",
}
_POINTS = ("green", "blue", "red", "white_point")
_DESCRIPTIONS = ("audio description", "described", "descriptive")
_MATRICES = {"bt709", "smpte170m", "bt470bg", "smpte240m", "bt2020nc", "fcc"}
_PRIMARIES = {
    "bt709",
    "bt470m",
    "bt470bg",
    "smpte170m",
    "smpte240m",
    "film",
    "bt2020",
    "smpte431",
    "smpte432",
}
_TRANSFERS = {"bt709", "smpte170m", "smpte240m", "bt2020-10", "bt2020-12", "iec61966-2-1", "linear"}
_TRANSFERS |= {"smpte2084", "arib-std-b67"}


def video_stream(streams: Sequence[Raw]) -> Raw:
    """Choose the stream that is the film; raises Refused("no_video")."""
    films = [s for s in streams if s.get("codec_type") == "video" and not _flag(s, *_NOT_FILMS)]
    if not films:
        heard = any(s.get("codec_type") == "audio" for s in streams)
        what = "only sound and no picture" if heard else "no picture"
        raise Refused("no_video", f"This file has {what}.", "Upload a film, with its video track.")
    return max(films, key=lambda s: (not _is_picture(s), _flag(s, "default"), _pixels(s)))


def _is_picture(stream: Raw) -> bool:
    """Tell whether a stream is likely a cover that nobody marked as one; only told where there is another."""
    return stream.get("nb_frames") == "1" or stream.get("codec_name") in _PICTURE_CODECS


def audio_tracks(streams: Sequence[Raw]) -> tuple[AudioTrack, ...]:
    """List the first `MOST_AUDIOS` streams that can be heard: the default one first, commentaries last."""
    heard = [
        s for s in streams if s.get("codec_type") == "audio" and s.get("codec_name", "unknown") != "unknown"
    ]
    heard = [s for s in heard if int(s.get("sample_rate", 0)) > 0 and int(s.get("channels", 0)) > 0]
    heard.sort(key=lambda s: (not _flag(s, "default"), audio_role(s) != "main"))
    return tuple(_audio_track(s) for s in heard[:MOST_AUDIOS])


def _audio_track(stream: Raw) -> AudioTrack:
    return AudioTrack(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        profile=str(stream.get("profile", "")),
        channels=int(stream["channels"]),
        layout=str(stream.get("channel_layout", "")),
        sample_rate=int(stream["sample_rate"]),
        time_base=Fraction(stream["time_base"]),
        start_pts=int(stream.get("start_pts", 0)),
        language=_tag(stream, "language") or "und",
        title=_tag(stream, "title"),
        role=audio_role(stream),
        default=_flag(stream, "default"),
    )


def audio_role(stream: Raw) -> str:
    """Tell what a sound track is for: by its flags, or by its title where it has none."""
    title = _tag(stream, "title").casefold()
    if _flag(stream, "visual_impaired", "descriptions") or any(word in title for word in _DESCRIPTIONS):
        return "description"
    return "commentary" if _flag(stream, "comment") or "comment" in title else "main"


def text_tracks(streams: Sequence[Raw]) -> tuple[TextTrack, ...]:
    """List the first `MOST_TEXTS` subtitle streams that are text; pictures of letters are left out."""
    found = (
        TextTrack(
            int(s["index"]),
            str(s["codec_name"]),
            _tag(s, "language") or "und",
            _tag(s, "title"),
            _flag(s, "forced") or "forced" in _tag(s, "title").casefold(),
            is_sdh(s),
            _flag(s, "default"),
        )
        for s in streams
        if s.get("codec_type") == "subtitle" and s.get("codec_name") in _TEXT_CODECS
    )
    return tuple(islice(found, MOST_TEXTS))


def is_sdh(stream: Raw) -> bool:
    """Tell whether subtitles are for the deaf and hard of hearing: by their flags, or by their title."""
    words = set(re.split(r"\W+", _tag(stream, "title").casefold()))
    return _flag(stream, "hearing_impaired", "captions") or bool(words & _SDH)


def video_track(stream: Raw, frames: int) -> VideoTrack:
    """Describe the chosen stream; `frames` are those of its grid. Raises Refused."""
    width, height = display_size(stream)
    return VideoTrack(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "unknown")),
        width=width,
        height=height,
        coded_width=int(stream["width"]),
        coded_height=int(stream["height"]),
        rotation=rotation(stream),
        profile=str(stream.get("profile", "")),
        level=max(0, int(stream.get("level", 0))),
        bit_depth=_bit_depth(str(stream.get("pix_fmt", ""))),
        frame_rate=frame_rate(stream),
        frames=frames,
        time_base=Fraction(stream["time_base"]),
        start_pts=int(stream.get("start_pts", 0)),
        interlaced=interlaced(stream),
        pixel_format=str(stream.get("pix_fmt", "unknown")),
        colour_matrix=_known(stream, "color_space", _MATRICES),
        colour_primaries=_known(stream, "color_primaries", _PRIMARIES),
        colour_transfer=_known(stream, "color_transfer", _TRANSFERS),
    )


def display_size(stream: Raw) -> tuple[int, int]:
    """Width and height as shown: square pixels, upright."""
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    if width <= 0 or height <= 0:
        raise Refused("unusable_video", "The picture of this film has no size.", "Export the film again.")
    shape = ratio(str(stream.get("sample_aspect_ratio", "1:1")).replace(":", "/"))
    if rotation(stream) % 180 == 90:
        width, height, shape = height, width, 1 / shape if shape else shape
    if Fraction(1, 8) <= shape <= 8:
        width = max(1, round(width * shape))
    return width, height


def rotation(stream: Raw) -> int:
    """Degrees by which a player turns the picture: 0, 90, 180 or 270."""
    for data in stream.get("side_data_list", ()):
        if "rotation" in data:
            return round(float(data["rotation"]) / 90) * 90 % 360
    return 0


def interlaced(stream: Raw) -> bool:
    """Tell whether frames are two fields: by what the container says, or the first picture."""
    return stream.get("field_order") in {"tt", "bb", "tb", "bt"} or bool(stream.get("interlaced_frame"))


def frame_rate(stream: Raw) -> Fraction:
    """Choose the rate of the constant grid: the real rate, or the average where that is no film's rate."""
    real, average = ratio(stream.get("r_frame_rate", "")), ratio(stream.get("avg_frame_rate", ""))
    if average and (not real or real > MOST_RATE + Fraction(1, 10) or _counts_fields(stream, real, average)):
        real = average
    if not real:
        raise Refused("unusable_rate", "This film does not say how many frames it shows a second.", "")
    real = nearest_standard(real)
    while real > MOST_RATE:
        real /= 2
    while real < LEAST_RATE:
        real *= 2
    return real.limit_denominator(1001)


def _counts_fields(stream: Raw, real: Fraction, average: Fraction) -> bool:
    """Tell whether the real rate is that of fields: of progressive MPEG-1 it is told, too."""
    return abs(real / average - 2) < Fraction(1, 200) or (interlaced(stream) and real >= 2 * average)


def is_variable(stream: Raw) -> bool:
    """Tell whether frames come at uneven times."""
    real, average = ratio(stream.get("r_frame_rate", "")), ratio(stream.get("avg_frame_rate", ""))
    return not average or abs(real / average - 1) > Fraction(1, 200)


def nearest_standard(rate: Fraction) -> Fraction:
    """Round a rate to a usual one when it is within 0.03 %: 23.976 and 24 are 0.1 % apart."""
    best = min(_STANDARD, key=lambda known: abs(known - rate))
    return best if abs(best / rate - 1) < Fraction(3, 10_000) else rate


def ratio(text: str) -> Fraction:
    """Read "24000/1001"; 0 for what ffprobe does not know."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def cover(streams: Sequence[Raw]) -> int | None:
    """Find the stream that is cover art: a JPEG beside the film."""
    found = (int(s["index"]) for s in streams if _flag(s, "attached_pic") and s.get("codec_name") == "mjpeg")
    return next(found, None)


def chapters(raw: Sequence[Raw], start: Fraction, duration: Fraction) -> tuple[Chapter, ...]:
    """Read the first `MOST_CHAPTERS` chapters; `start` and `duration` are the film's, in seconds."""
    found = (
        Chapter(
            max(Fraction(0), ratio(str(one.get("start_time", ""))) - start),
            min(duration, ratio(str(one.get("end_time", ""))) - start),
            _tag(one, "title"),
        )
        for one in raw[:MOST_CHAPTERS]
    )
    return tuple(sorted((one for one in found if one.start < one.end), key=lambda one: one.start))


def light(frames: Sequence[Raw]) -> Light | None:
    """Read what frames say of their light; None unless all say the same."""
    found = {_light(frame) for frame in frames}
    one = found.pop() if len(found) == 1 else Light()
    return one if one != Light() else None


def _light(frame: Raw) -> Light:
    data = {name: value for one in frame.get("side_data_list", ()) for name, value in one.items()}
    points = [ratio(str(data.get(f"{name}_{axis}", ""))) * 50_000 for name in _POINTS for axis in "xy"]
    nits = [ratio(str(data.get(f"{name}_luminance", ""))) * 10_000 for name in ("max", "min")]
    display = tuple(min(round(value), 0xFFFF) for value in points) + tuple(round(value) for value in nits)
    sound = all(points) and 0 <= nits[1] < nits[0] < 1 << 32
    brightest, average = (min(int(data.get(name, 0)), 0xFFFF) for name in ("max_content", "max_average"))
    return Light(display if sound else (), max(0, brightest), max(0, average))


def _bit_depth(pixel_format: str) -> int:
    found = re.search(r"(?:p0?|gray|x2rgb|x2bgr|rgb|bgr)(9|10|12|14|16|30|48|64)(?:le|be)?$", pixel_format)
    deep = {"30": 10, "48": 16, "64": 16}
    return deep.get(found[1], int(found[1])) if found else 8


def _pixels(stream: Raw) -> int:
    return int(stream.get("width", 0)) * int(stream.get("height", 0))


def _flag(stream: Raw, *names: str) -> bool:
    return any(stream.get("disposition", {}).get(name) for name in names)


def _tag(stream: Raw, name: str) -> str:
    value = str(stream.get("tags", {}).get(name, ""))
    return "".join(c for c in value if c.isprintable())[:80]


def _known(stream: Raw, name: str, names: set[str]) -> str:
    value = str(stream.get(name, ""))
    return value if value in names else ""
