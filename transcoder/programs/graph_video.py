"""From a video rendition to its filters and its encoder; every option has its reason beside it.

Takes and gives streams of ffmpeg-python, which `graph` puts together.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from transcoder.planning.ladder import CARE_STEPS, VideoRendition
from transcoder.planning.plan import Chunk, Plan
from transcoder.programs.graph_words import plain, ratio, seconds
from transcoder.source.media import Light

_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr")

_CARE = "rc-lookahead=40:trellis=1:b-adapt=2:subme=6:mixed-refs=1"
"""What `veryfast` leaves out, and saves most for what it costs. Bits at equal quality (XPSNR and SSIM of a
real film) and processor time, against `veryfast`: the first three 11 % for 1.3 times the time; with
`subme=6` 18 % for 1.8; with the frames of `_CAREFUL` and `mixed-refs`, too, 21 to 24 % for 2.3. `subme=7`
gives half a percent for 2.5; `subme=9`, `trellis=2` and `me=umh` 3 % for 3.3. From `subme=6` on the encoder
weighs what eyes see (psy-rd)."""

_QUICK = {"bf": 3, "refs": 2}
_CAREFUL = {"bf": 5, "refs": 3}
"""B-frames in a row, reference frames. With `b-pyramid` both are reordered by two frames and keep four."""

_AT_ONCE = {"bf": 3, "refs": 3}
_NO_LOOK = "rc-lookahead=0:sync-lookahead=0:mbtree=0:b-adapt=0"
"""For the first frames out of the encoder: it looks at no others before it decides."""

_ALIKE = "chroma-qp-offset=-2"
"""What psy-rd does to the headers (x264, `validate_parameters`), for chunks that go without it."""

_START_SECONDS = 3
"""The start of a film, at most so long, is encoded quickly in its lowest rung: somebody waits for it."""


def encoded_pictures(
    film: Any, plan: Plan, rungs: Sequence[VideoRendition], chunk: Chunk
) -> list[tuple[VideoRendition, Any]]:
    """Filter the film's pictures to exactly the frames of a chunk, in every size that is wanted."""
    if not rungs:
        return []
    grid = _grid(film, plan, chunk)
    bright, screen = [r for r in rungs if r.hdr], [r for r in rungs if not r.hdr]
    if not bright:
        return _sizes(normal(grid, plan), screen)
    if not screen:
        return _sizes(_as_bright(grid, plan), bright)
    both = grid.filter_multi_output("split", 2)
    mapped, kept = normal(both.stream(0), plan), _as_bright(both.stream(1), plan)
    return _sizes(mapped, screen) + _sizes(kept, bright)


def _sizes(stream: Any, rungs: Sequence[VideoRendition]) -> list[tuple[VideoRendition, Any]]:
    split = stream.filter_multi_output("split", len(rungs))
    pixels = {True: "yuv420p10le", False: "yuv420p"}
    return [
        (rung, resized(split.stream(number), rung.width, rung.height, pixels[bool(rung.hdr)]))
        for number, rung in enumerate(rungs)
    ]


def _grid(film: Any, plan: Plan, chunk: Chunk) -> Any:
    track, rate = plan.info.video, plan.frame_rate
    first, end = chunk.first_frame, chunk.end_frame
    return (
        woven(film[str(track.index)], plan)
        # One clock for every chunk, in which a frame is a whole number of ticks and the film begins at 0.
        .filter("settb", f"1/{plan.timescale}")
        .filter("setpts", f"PTS-{round(track.start * plan.timescale)}")
        .filter("fps", fps=ratio(rate), start_time=seconds(first / rate), round="near")
        # A track may end before its container says so: its last picture stays.
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", start_pts=first, end_pts=end)
        .filter("setpts", f"PTS-{first}")
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
    if not track.hdr:
        return stream
    # "Perceptual" bends what is brighter than the screen below its white, and leaves mid-tones in place.
    screen = {"out_transfer": "bt709", "out_primaries": "bt709", "out_color_matrix": "bt709"}
    small = {"flags": "bicubic", "out_range": "tv", "intent": "perceptual"}
    # Some decoders tell of the source's display with key frames alone. The mapping would change with it from
    # frame to frame, and each change costs seconds; so it knows nothing of it, and takes all that PQ can say.
    unlit = stream.filter("sidedata", mode="delete")
    return unlit.filter("scale", top.width, top.height, **small, **screen).filter("format", "yuv420p")


def _as_bright(stream: Any, plan: Plan) -> Any:
    # Of several encoders ffmpeg tells one alone what the frames say of light, so it is said to the encoder.
    return stream.filter("setparams", **_colours(plan)).filter("sidedata", mode="delete")


def _colours(plan: Plan) -> dict[str, str]:
    # Said aloud on every rung: players guess from the size, and would guess differently per rung.
    track = plan.info.video
    guess = "bt709" if track.height > 576 else "smpte170m"
    if track.hdr:
        hdr = {"colorspace": "bt2020nc", "color_primaries": "bt2020", "color_trc": track.colour_transfer}
        known = {"colorspace": track.colour_matrix, "color_primaries": track.colour_primaries}
        return hdr | {name: value for name, value in known.items() if value}
    return {
        "colorspace": track.colour_matrix or guess,
        "color_primaries": track.colour_primaries or guess,
        "color_trc": track.colour_transfer or guess,
    }


def resized(stream: Any, width: int, height: int, pixels: str = "yuv420p") -> Any:
    """Scale a picture as every rung is scaled; where bits of a sample get lost they are dithered."""
    scaled = stream.filter("scale", width, height, flags="bicubic", out_range="tv")
    return scaled.filter("setsar", 1).filter("format", pixels)


def video_output(plan: Plan, chunk: Chunk, rung: VideoRendition, threads: int = 0) -> dict[str, Any]:
    """Give the options of a rung's encoder: key frames at segment borders and nowhere else, each closed, so
    that one fragment is one segment; and the same headers in every chunk.

    `threads` is for H.264, 0: as many as the encoder thinks right; others spread their work by themselves.
    """
    return {
        **{"h264": _h264, "hevc": _hevc, "av1": _av1}[rung.codec](plan, chunk, rung),
        **({"threads": threads} if threads and rung.codec == "h264" else {}),
        "maxrate": rung.maxrate,
        "bufsize": rung.bufsize,
        "force_key_frames": _key_frames(plan, chunk),
        "g": 100_000,
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


def _h264(plan: Plan, chunk: Chunk, rung: VideoRendition) -> dict[str, Any]:
    preset, start = plan.policy.preset, chunk.end_frame <= _START_SECONDS * plan.frame_rate
    is_awaited = start and rung.careful and rung == plan.lowest
    return {
        **(_quickly(preset, rung.crf) if is_awaited else x264(preset, rung.crf, careful=rung.careful)),
        "level:v": rung.level,
        "forced-idr": 1,
        "keyint_min": 1,
        "sc_threshold": 0,
    }


def _quickly(preset: str, crf: int) -> dict[str, Any]:
    """A careful encoder's chunk made quickly: as fine as its others, for more bits, with their headers."""
    quick = x264(preset, crf - CARE_STEPS, careful=False)
    return {**quick, **_AT_ONCE, "x264-params": f"{quick['x264-params']}:{_NO_LOOK}:{_ALIKE}"}


def x264(preset: str, crf: int, *, careful: bool) -> dict[str, Any]:
    """Options of the H.264 encoder."""
    # The same in every preset, and `stitchable`, so that every chunk has the same init segment.
    same = "stitchable=1:open-gop=0:weightp=1:b-pyramid=normal"
    return {
        "c:v": "libx264",
        "preset": preset,
        "profile:v": "high",
        "crf": crf,
        **(_CAREFUL if careful else _QUICK),
        "x264-params": f"{same}:{_CARE}" if careful else same,
    }


def _hevc(plan: Plan, _chunk: Chunk, rung: VideoRendition) -> dict[str, Any]:
    level = round(float(rung.level) * 10)
    params = (
        f"level-idc={level}:high-tier=0:open-gop=0:keyint=100000:min-keyint=1:scenecut=0"
        # Fixed, so that pictures are reordered as far in every chunk as the rung says.
        ":bframes=3:b-pyramid=1:ref=2"
        # Headers stand in the init segment alone, without the encoder's story of itself.
        ":repeat-headers=0:info=0:log-level=error"
    )
    return {
        "c:v": "libx265",
        "preset": plan.policy.hevc_preset,
        "crf": rung.crf,
        "tag:v": "hvc1",  # what Apple's players ask for: headers in the init segment
        "forced-idr": 1,
        "x265-params": params,
    }


def _av1(plan: Plan, _chunk: Chunk, rung: VideoRendition) -> dict[str, Any]:
    # Temporal units are shown in the order in which they stand: nothing to reorder. Scene cuts make no key
    # frames in this encoder.
    options = {"c:v": "libsvtav1", "preset": plan.policy.av1_preset, "crf": rung.crf}
    light = plan.info.video.light
    return options | {"svtav1-params": _light(light)} if rung.hdr and light else options


def _light(light: Light) -> str:
    params = []
    if light.display:
        points, (most, least) = [value / 50_000 for value in light.display[:8]], light.display[8:]
        places = zip(("G", "B", "R", "WP"), points[::2], points[1::2], strict=True)
        words = [f"{name}({x},{y})" for name, x, y in places]
        params.append(f"mastering-display={''.join(words)}L({most / 10_000},{least / 10_000})")
    if light.brightest or light.average:
        params.append(f"content-light={light.brightest},{light.average}")
    return ":".join(params)


def _key_frames(plan: Plan, chunk: Chunk) -> str:
    # Half a frame early: the first frame not before that time is the one that is meant.
    starts = [segment.first_frame - chunk.first_frame for segment in plan.chunk_segments(chunk)]
    return ",".join(seconds(max(Fraction(0), start - Fraction(1, 2)) / plan.frame_rate) for start in starts)
