"""From plan to argv. The only module that knows ffmpeg-python; every option has its reason beside it."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.graph_copy import copied_end, copied_picture, copied_sound
from transcoder.graph_sound import encoded_sounds, sound_output
from transcoder.graph_words import plain, ratio, seconds
from transcoder.ladder import VideoRendition
from transcoder.plan import Chunk, Plan, TextRendition
from transcoder.sandbox import TEXT_DECODERS, Limits, input_options

HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}
_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr")

_MARGIN = {"mov,mp4,m4a,3gp,3g2,mj2": Fraction(1, 2), "matroska,webm": Fraction(1)}
_OTHER_MARGIN = Fraction(12)
"""Seconds to seek before a chunk. Where there is no index a seek may land after the key frame it needs."""

PROGRESS = "progress"

_CARE = "rc-lookahead=40:trellis=1:b-adapt=2"
"""What `veryfast` leaves out and costs least for what it saves: an eighth fewer bits at equal quality."""


def encode_argv(
    binary: str,
    source: Path,
    plan: Plan,
    chunk: Chunk,
    names: Collection[str],
    pipes: Mapping[str, int],
    limits: Limits,
) -> list[str]:
    """Build the command that encodes renditions `names` of a chunk to `pipes` (rendition -> descriptor).

    Every video pipe gets fragmented MP4 with one fragment per segment, times from 0; a sound pipe gets
    what `graph_sound` says, and a copied rendition's what `graph_copy` does.
    """
    options = _input(plan, chunk, limits)
    if not plan.copied_names.isdisjoint(names):
        options |= copied_end(plan, chunk)
    film = ffmpeg.input(f"file:{source}", **options)
    video = [rung for rung in plan.video if rung.name in names and not rung.copied]
    outputs = _copies(film, plan, names, pipes)
    if video:
        split = _grid(film, plan, chunk).filter_multi_output("split", len(video))
        for number, rung in enumerate(video):
            picture = _picture(split.stream(number), plan, rung)
            outputs.append(picture.output(f"pipe:{pipes[rung.name]}", **_video_output(plan, chunk, rung)))
    wanted = [audio for audio in plan.audios if audio.name in names and not audio.copied]
    for audio, sound in encoded_sounds(film, plan, wanted, chunk):
        outputs.append(sound.output(f"pipe:{pipes[audio.name]}", **sound_output(audio)))
    command = ffmpeg.merge_outputs(*outputs).global_args(*global_words(pipes))
    return [str(word) for word in ffmpeg.compile(command, cmd=binary)]


def _copies(film: Any, plan: Plan, names: Collection[str], pipes: Mapping[str, int]) -> list[Any]:
    outputs = []
    for rung in plan.video:
        if rung.copied and rung.name in names:
            source = film[str(plan.info.video.index)]
            outputs.append(source.output(f"pipe:{pipes[rung.name]}", **copied_picture(plan)))
    for audio in plan.audios:
        if audio.copied and audio.name in names:
            source = film[str(audio.stream)]
            outputs.append(source.output(f"pipe:{pipes[audio.name]}", **copied_sound(plan)))
    return outputs


def subtitle_argv(
    binary: str, source: Path, plan: Plan, text: TextRendition, pipe: int, limits: Limits
) -> list[str]:
    """Build the command that writes one subtitle track as WebVTT, times from the film's first frame."""
    text_alone: dict[str, Any] = {**input_options(limits, TEXT_DECODERS), "vn": None, "an": None, "dn": None}
    film = ffmpeg.input(f"file:{source}", **text_alone, itsoffset=seconds(-plan.info.video.start))
    options = {"f": "webvtt", "c:s": "webvtt", "avoid_negative_ts": "disabled"}
    command = film[str(text.stream)].output(f"pipe:{pipe}", **options).global_args(*global_words({}))
    return [str(word) for word in ffmpeg.compile(command, cmd=binary)]


def global_words(pipes: Mapping[str, int]) -> list[str]:
    """Words of every command; progress is told to the pipe of that name."""
    words = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-copyts"]
    if PROGRESS in pipes:
        words += ["-progress", f"pipe:{pipes[PROGRESS]}", "-stats_period", "0.5"]
    return words


def _input(plan: Plan, chunk: Chunk, limits: Limits) -> dict[str, Any]:
    margin = _MARGIN.get(plan.info.container, _OTHER_MARGIN)
    return input_from(plan, chunk.first_frame / plan.frame_rate - margin, limits)


def input_from(plan: Plan, after: Fraction, limits: Limits) -> dict[str, Any]:
    """Options that read the film from the key frame at or before `after` seconds of it."""
    options: dict[str, Any] = dict(input_options(limits))
    options |= {"threads": limits.threads or "auto", "dn": None, "sn": None}
    if not (plan.info.video.interlaced or plan.info.video.rotation):
        # A picture may change its size on the way. Filters made anew would count from the chunk's start
        # again; these take any size, but for the deinterlacer and the one that turns.
        options |= {"reinit_filter:v": 0}
    if plan.info.container in _MARGIN:
        # These say in their head what they hold; ffmpeg needs only enough to open the decoders.
        options |= {"probesize": 1_000_000, "analyzeduration": 1_000_000}
    if after > 0:
        # The key frame before this time; the graph cuts to the frame. Times are the container's own.
        start = plan.info.video.start + after
        options |= {"ss": seconds(start), "seek_timestamp": 1, "noaccurate_seek": None}
    return options


def _grid(film: Any, plan: Plan, chunk: Chunk) -> Any:
    track, rate = plan.info.video, plan.frame_rate
    first, end = chunk.first_frame, chunk.end_frame
    return normal(
        woven(film[str(track.index)], plan)
        # One clock for every chunk, in which a frame is a whole number of ticks and the film begins at 0.
        .filter("settb", f"1/{plan.timescale}")
        .filter("setpts", f"PTS-{round(track.start * plan.timescale)}")
        .filter("fps", fps=ratio(rate), start_time=seconds(first / rate), round="near")
        # A track may end before its container says so: its last picture stays.
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", start_pts=first, end_pts=end)
        .filter("setpts", f"PTS-{first}"),
        plan,
    )


def woven(stream: Any, plan: Plan) -> Any:
    """Make whole pictures of interlaced ones."""
    if not plan.info.video.interlaced:
        return stream
    return stream.filter("bwdif", mode="send_frame", deint="interlaced")


def normal(stream: Any, plan: Plan) -> Any:
    """Bring every kind of colour to what players expect: YUV, said aloud, and no brighter than a screen."""
    track, colours, top = plan.info.video, _colours(plan), plan.video[0]
    if track.pixel_format.startswith(_RGB):
        yuv = stream.filter("scale", out_color_matrix=colours["colorspace"], out_range="tv")
        return yuv.filter("format", "yuv420p").filter("setparams", **colours)
    stream = stream.filter("setparams", **colours)
    if track.colour_transfer not in HDR_TRANSFERS:
        return stream
    screen = {"out_transfer": "bt709", "out_primaries": "bt709", "out_color_matrix": "bt709"}
    small = {"flags": "bicubic", "out_range": "tv", "intent": "perceptual"}
    return stream.filter("scale", top.width, top.height, **small, **screen).filter("format", "yuv420p")


def _colours(plan: Plan) -> dict[str, str]:
    # Said aloud on every rung: players guess from the size, and would guess differently per rung.
    track = plan.info.video
    guess = "bt709" if track.height > 576 else "smpte170m"
    if track.colour_transfer in HDR_TRANSFERS:
        hdr = {"colorspace": "bt2020nc", "color_primaries": "bt2020", "color_trc": track.colour_transfer}
        known = {"colorspace": track.colour_matrix, "color_primaries": track.colour_primaries}
        return hdr | {name: value for name, value in known.items() if value}
    return {
        "colorspace": track.colour_matrix or guess,
        "color_primaries": track.colour_primaries or guess,
        "color_trc": track.colour_transfer or guess,
    }


def _picture(stream: Any, plan: Plan, rung: VideoRendition) -> Any:
    return resized(stream, rung.width, rung.height)


def resized(stream: Any, width: int, height: int) -> Any:
    """Scale a picture as every rung is scaled."""
    scaled = stream.filter("scale", width, height, flags="bicubic", out_range="tv")
    return scaled.filter("setsar", 1).filter("format", "yuv420p")


def _video_output(plan: Plan, chunk: Chunk, rung: VideoRendition) -> dict[str, Any]:
    return {
        **x264(plan.policy.preset, rung.crf, careful=rung.careful),
        "level:v": rung.level,
        "maxrate": rung.maxrate,
        "bufsize": rung.bufsize,
        # Key frames at segment borders and nowhere else, each closed: one fragment is one segment.
        "force_key_frames": _key_frames(plan, chunk),
        "forced-idr": 1,
        "g": 100_000,
        "keyint_min": 1,
        "sc_threshold": 0,
        "fps_mode": "passthrough",
        "f": "mp4",
        "movflags": "+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer",
        "video_track_timescale": plan.timescale,
        "use_editlist": 0,
        "avoid_negative_ts": "disabled",
        "write_btrt": 0,
        "flush_packets": 1,
        **plain(),
    }


def x264(preset: str, crf: int, *, careful: bool) -> dict[str, Any]:
    """Options of the H.264 encoder."""
    # The same in every preset, and `stitchable`, so that every chunk has the same init segment.
    same = "stitchable=1:open-gop=0:weightp=1:b-pyramid=normal"
    return {
        "c:v": "libx264",
        "preset": preset,
        "profile:v": "high",
        "crf": crf,
        "bf": 3,
        "refs": 2,
        "x264-params": f"{same}:{_CARE}" if careful else same,
    }


def _key_frames(plan: Plan, chunk: Chunk) -> str:
    # Half a frame early: the first frame not before that time is the one that is meant.
    starts = [segment.first_frame - chunk.first_frame for segment in plan.chunk_segments(chunk)]
    return ",".join(seconds(max(Fraction(0), start - Fraction(1, 2)) / plan.frame_rate) for start in starts)
