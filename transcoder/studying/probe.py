"""Read what a film is with ffprobe, and refuse what cannot be one with a reason its creator understands."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from transcoder.errors import EncodeFailed, Refused
from transcoder.programs import binaries, process
from transcoder.programs.sandbox import (
    DEFAULT_LIMITS,
    PROBE_DECODERS,
    Bounds,
    Limits,
    Sandbox,
    input_name,
    input_options,
)
from transcoder.source import tracks
from transcoder.source.media import MediaInfo, VideoTrack
from transcoder.studying.clock import check_clock

_MOST_JSON = 4 << 20
_TAIL_SECONDS = 4
_FIRST_PACKETS = (1, 1000)
"""Packets among which the first picture is looked for: nearly always it is in the very first one."""
_LISTS = (b"#EXTM3U", b"ffconcat", b"<MPD", b"<?xml", b"[playlist]", b"v=0")
_SHOW = (
    "stream=index,codec_name,codec_type,profile,level,channel_layout,codec_tag_string,has_b_frames,width,height,sample_aspect_ratio,pix_fmt,field_order,"
    "r_frame_rate,avg_frame_rate,time_base,start_pts,start_time,duration,nb_frames,sample_rate,channels,"
    "color_space,color_primaries,color_transfer:stream_disposition:stream_tags=language,title:"
    "stream_side_data=rotation:format=format_name,start_time,duration:"
    "chapter=start_time,end_time:chapter_tags=title"
)

_SHOW_LIGHT = (
    "frame=pts:frame_side_data=red_x,red_y,green_x,green_y,blue_x,blue_y,white_point_x,white_point_y,"
    "min_luminance,max_luminance,max_content,max_average"
)


def probe(path: Path, limits: Limits = DEFAULT_LIMITS, cancel: threading.Event | None = None) -> MediaInfo:
    """Describe the film at `path`; raises Refused or Cancelled.

    Three short looks: the streams, the last packets, since what a file says of its length is often wrong,
    and the first picture, since a recording may begin between two key frames. At a broadcast a longer one:
    the times of all its pictures.
    """
    size = _look(path)
    reader = _Reader(path, limits, cancel)
    raw, stream = _film(reader, limits)
    last = _find_last(reader, raw, stream)
    stream = {**stream, **_first_picture(reader, stream)}
    video = tracks.video_track(stream, _frames(last, stream))
    check_clock(path, str(raw["format"]["format_name"]), video, limits, cancel)
    if video.hdr:
        video = replace(video, light=tracks.light(reader.lit_frames(video)))
    info = _info(raw, size, video)
    if info.duration > limits.max_duration:
        hours = limits.max_duration // 3600
        raise Refused("too_long", f"This film is longer than {hours} hours.", "Upload it in parts.")
    return info


def probe_arriving(path: Path, limits: Limits, cancel: threading.Event | None = None) -> MediaInfo:
    """Describe the film whose first `limits.arrived` bytes are here; raises Refused or Cancelled.

    It is as long as its head promises, and where that says nothing as long as a film may be. What its light
    is, is not looked for.
    """
    size = _look(path)
    reader = _Reader(path, limits, cancel)
    raw, stream = _film(reader, limits)
    stream = {**stream, **_first_picture(reader, stream)}
    promised = Fraction(0) if _is_fragmented(raw, stream) else _promised(raw)
    length = min(promised or Fraction(limits.max_duration), Fraction(limits.max_duration))
    return _info(raw, size, tracks.video_track(stream, max(1, round(length * tracks.frame_rate(stream)))))


def _film(reader: "_Reader", limits: Limits) -> tuple[dict[str, Any], tracks.Raw]:
    raw = reader.streams()
    stream = tracks.video_stream(raw["streams"])
    _check_picture(stream, limits)
    return raw, stream


def _info(raw: dict[str, Any], size: int, video: VideoTrack) -> MediaInfo:
    return MediaInfo(
        container=str(raw["format"]["format_name"]),
        size=size,
        video=video,
        audios=tracks.audio_tracks(raw["streams"]),
        texts=tracks.text_tracks(raw["streams"]),
        cover=tracks.cover(raw["streams"]),
        chapters=tracks.chapters(raw.get("chapters", ()), video.start, video.frames / video.frame_rate),
    )


def _look(path: Path) -> int:
    """Refuse what a glance tells is no film; gives the size in bytes."""
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        raise Refused("bad_name", "The name of this file is not in UTF-8.", "Rename it and try again.")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            size = path.stat().st_size
    except OSError as fault:
        raise Refused("not_found", "The uploaded file is not there any more.", "Upload it again.") from fault
    if not size:
        raise Refused("empty_file", "This file is empty.", "Choose the film itself and upload it again.")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_LISTS):
        raise Refused(
            "playlist_file",
            "This file is a playlist: it names films but holds none.",
            "Upload the film it points to.",
        )
    return size


def _begins_as_mp4(path: Path) -> bool:
    # By its name alone ffprobe takes any .mp4 for one, and then misses the index in a text too.
    with path.open("rb") as file:
        return file.read(8)[4:] in {b"ftyp", b"mdat", b"moov", b"free", b"wide", b"skip"}


def _check_picture(stream: tracks.Raw, limits: Limits) -> None:
    pixels = int(stream.get("width", 0)) * int(stream.get("height", 0))
    if pixels > limits.max_pixels:
        raise _too_many_pixels(limits)
    tracks.display_size(stream)
    if stream.get("codec_tag_string") in {"encv", "drmi"}:
        raise Refused("unusable_video", "This film is copy-protected.", "Upload it without copy protection.")
    if stream.get("codec_name", "unknown") in {"unknown", "none"}:
        raise _unknown_format()


def _unknown_format() -> Refused:
    sentence = "The picture of this film is in a format that cannot be read here."
    return Refused("unusable_video", sentence, "Export it as H.264 in MP4.")


def _too_many_pixels(limits: Limits) -> Refused:
    most = limits.max_pixels // 1_000_000
    return Refused(
        "too_many_pixels",
        f"The picture is larger than {most} million pixels.",
        "Export the film in 4K or smaller.",
    )


def _too_many_tracks(limits: Limits) -> Refused:
    most = limits.max_streams
    return Refused("too_many_tracks", f"This film has more than {most} tracks.", "Export it with fewer.")


def _names_a_codec(line: str) -> bool:
    return line.rpartition("] ")[2].startswith("Codec ")


def _first_picture(reader: "_Reader", stream: tracks.Raw) -> tracks.Raw:
    """When the first picture that can be decoded is shown, and whether it has fields; raises Refused."""
    for packets in _FIRST_PACKETS:
        picture = reader.picture(int(stream["index"]), packets)
        if picture is not None:
            start = picture.get("best_effort_timestamp", stream.get("start_pts", 0))
            return {"start_pts": start, "interlaced_frame": picture.get("interlaced_frame", 0)}
    raise _unknown_format()


def _find_last(reader: "_Reader", raw: dict[str, Any], stream: tracks.Raw) -> "_Last":
    """Look for the end of the film; raises Refused where there is no picture or the file is cut off."""
    form = raw["format"]
    promised = _promised(raw)
    fragmented = _is_fragmented(raw, stream)
    last = _Last.of(stream)
    if promised and not fragmented:
        begin = tracks.ratio(str(form.get("start_time", ""))) + promised - _TAIL_SECONDS
        reader.packets(last, begin if begin > 0 else None)
    if last.video_pts is None:
        last = _Last.of(stream)
        reader.packets(last, None)
    if last.video_pts is None:
        raise Refused("no_frames", "There is not one picture in this film.", "Export the film again.")
    start = tracks.ratio(str(form.get("start_time", "")))
    slack = max(min(Fraction(3), promised / 4), promised / 50)
    if promised and not fragmented and last.end - start < promised - slack:
        raise Refused(
            "truncated",
            f"This film should last {_clock(promised)} but ends after {_clock(last.end - start)}.",
            "The file is cut off: copy or export it again, then upload it.",
        )
    return last


def _frames(last: "_Last", stream: tracks.Raw) -> int:
    """Frames of the constant grid from the first picture to the end of the last."""
    base, rate = Fraction(stream["time_base"]), tracks.frame_rate(stream)
    shown = ((last.video_pts or 0) - int(stream.get("start_pts", 0))) * base
    frames = max(0, round(shown * rate)) + 1
    if tracks.is_variable(stream):
        frames = max(frames, round((shown + last.video_duration * base) * rate))
    return frames


def _is_fragmented(raw: dict[str, Any], stream: tracks.Raw) -> bool:
    return str(raw["format"]["format_name"]).startswith("mov") and "nb_frames" not in stream


def _promised(raw: dict[str, Any]) -> Fraction:
    return tracks.ratio(str(raw["format"].get("duration", "")))


def _clock(seconds: Fraction) -> str:
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@dataclass
class _Last:
    """The latest packets seen: `end` in seconds over all streams, the rest in ticks of stream `index`.

    Program streams leave out some presentation times; `delay` ticks after its decoding time is then when
    the last picture is shown.
    """

    index: int
    delay: int
    video_pts: int | None = None
    video_duration: int = 0
    end: Fraction = Fraction(0)

    @classmethod
    def of(cls, stream: tracks.Raw) -> "_Last":
        """Begin for the chosen video stream."""
        delay = int(stream.get("has_b_frames", 0)) / tracks.frame_rate(stream) / Fraction(stream["time_base"])
        return cls(int(stream["index"]), round(delay))

    def take(self, line: str) -> None:
        """Read "stream|pts|pts_time|dts|dts_time|duration|duration_time|flags"; the order ffprobe writes."""
        index, pts, pts_time, dts, dts_time, ticks, length, flags = (line.strip().split("|") + [""] * 8)[:8]
        if "D" in flags or not (_is_number(pts) or _is_number(dts)):
            return
        seconds = Fraction(pts_time if _is_number(pts) else dts_time)
        self.end = max(self.end, seconds + tracks.ratio(length))
        shown = int(pts) if _is_number(pts) else int(dts) + self.delay
        if int(index) == self.index and (self.video_pts is None or shown > self.video_pts):
            self.video_pts = shown
            self.video_duration = int(ticks) if ticks.isdigit() else 0


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


class _Enough(Exception):
    """What was looked for has been found: the rest need not be read."""


def _collect(stream: Iterator[bytes], out: bytearray) -> None:
    for data in stream:
        out.extend(data)
        if len(out) > _MOST_JSON:
            raise Refused("not_a_film", "This file describes more than a film can hold.")


class _Reader:
    """Runs ffprobe on one file within the limits."""

    def __init__(self, path: Path, limits: Limits, cancel: threading.Event | None) -> None:
        self._path = path
        self._limits = limits
        self._cancel = cancel

    def streams(self) -> dict[str, Any]:
        """Streams and container; raises Refused where there are none."""
        out = bytearray()

        finished = self._run(["-show_entries", _SHOW, "-of", "json"], lambda stream: _collect(stream, out))
        raw: dict[str, Any] = json.loads(out) if out and finished.code == 0 else {}
        if not raw.get("streams") or "format_name" not in raw.get("format", {}):
            self._refuse(finished.lines)
        if any("max pixel" in line for line in finished.lines):
            raise _too_many_pixels(self._limits)
        if any("max_streams" in line for line in finished.lines):
            raise _too_many_tracks(self._limits)
        return raw

    def lit_frames(self, track: VideoTrack) -> list[tracks.Raw]:
        """Show what the first frame and one in the middle say of their light."""
        middle = float(track.start + track.frames / track.frame_rate / 2)
        words = ["-select_streams", str(track.index), "-show_frames", "-of", "json"]
        words += ["-read_intervals", f"%+#1,{middle:.3f}%+#1", "-show_entries", _SHOW_LIGHT]
        out = bytearray()
        finished = self._run(words, lambda stream: _collect(stream, out))
        raw = json.loads(out) if out and finished.code == 0 else {}
        found: list[tracks.Raw] = raw.get("frames", [])
        return found

    def packets(self, last: _Last, begin: Fraction | None) -> None:
        """Show every packet from `begin` (the container's clock) to the end to `last`."""

        def read(stream: Iterator[bytes]) -> None:
            pending = b""
            for data in stream:
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    last.take(line.decode("ascii", "replace"))

        entries = "packet=stream_index,pts,pts_time,dts,dts_time,duration,duration_time,flags"
        words = ["-show_entries", entries, "-of", "compact=p=0:nk=1"]
        self._run([*words, *(["-read_intervals", f"{float(begin):.3f}%"] if begin else [])], read)

    def picture(self, index: int, packets: int) -> tracks.Raw | None:
        """Decode the first picture of a stream, if one of its first packets gives any."""
        lines: list[bytes] = []

        def read(stream: Iterator[bytes]) -> None:
            pending = b""
            for data in stream:
                pending += data
                if b"\n" in pending:
                    lines.append(pending.split(b"\n")[0])
                    raise _Enough

        words = ["-select_streams", str(index), "-threads", "1", "-read_intervals", f"%+#{packets}"]
        words += ["-show_entries", "frame=best_effort_timestamp,interlaced_frame", "-of", "compact=p=0"]
        with suppress(_Enough):
            self._run(words, read)
        pairs = (item.partition("=") for item in lines[0].decode().split("|")) if lines else ()
        found = {name: int(value) for name, _, value in pairs if _is_number(value.strip())}
        return found if lines else None

    def _run(self, words: Sequence[str], consumer: process.Consumer) -> process.Finished:
        options = [
            word
            for name, value in input_options(self._limits, PROBE_DECODERS).items()
            for word in (f"-{name}", value)
        ]
        argv = [binaries.ffprobe(), "-hide_banner", "-v", "error", *options, *words]
        argv.append(input_name(self._path, self._limits))
        bounds = Bounds(
            self._limits.probe_seconds,
            self._limits.probe_memory,
            self._limits.open_files,
            self._limits.niceness,
        )
        try:
            return process.run(
                lambda _: argv, {"stdout": consumer}, bounds, Sandbox((self._path,)), self._cancel
            )
        except EncodeFailed as fault:
            raise Refused(
                "too_slow", "This file takes too long to read.", "It may be damaged: export the film again."
            ) from fault

    def _refuse(self, lines: Sequence[str]) -> NoReturn:
        said = "\n".join(lines)
        if "max pixel" in said:
            raise _too_many_pixels(self._limits)
        if "max_streams" in said:
            raise _too_many_tracks(self._limits)
        if any(_names_a_codec(line) and "not on whitelist" in line for line in lines):
            raise Refused(
                "unusable_track",
                "A track of this film is in a format that is not read here.",
                "Export it as H.264 and AAC in MP4.",
            )
        if "moov atom not found" in said and _begins_as_mp4(self._path):
            raise Refused(
                "truncated",
                "This film is not complete: its index is missing.",
                "The recording or the copy was cut off. Export or copy it again, then upload it.",
            )
        raise Refused(
            "not_a_film",
            "This file is not a film, or it is damaged.",
            "Upload a film such as MP4, MKV or MOV.",
        )
