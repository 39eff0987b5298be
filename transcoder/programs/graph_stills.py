"""From plan to the argv that give pictures: posters, cover art, uploaded pictures, the storyboard."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.planning.plan import Plan
from transcoder.planning.tiles import COLUMNS, ROWS
from transcoder.programs.graph import global_words
from transcoder.programs.graph_video import normal
from transcoder.programs.graph_words import plain, ratio, seconds
from transcoder.programs.sandbox import Limits, input_options

POSTER_WIDTH = 1280
_SHORT = 4
_LOOK_SECONDS = 20
PICTURES = {"jpeg": ("jpeg_pipe", "mjpeg"), "webp": ("webp_pipe", "webp")}
"""Kinds of picture that may be uploaded: demuxer and decoder. This ffmpeg has no zlib, and so no PNG."""


def poster_argv(binary: str, source: Path, plan: Plan, pipe: int, limits: Limits) -> list[str]:
    """Build the command that writes one JPEG of a typical frame, an eighth into the film."""
    short = plan.duration < _SHORT
    film = _seek(source, plan, None if short else plan.duration / 8, limits)
    # The frame nearest to the average of about 4 s: neither black nor a flash.
    typical = (film if short else film.filter("fps", "6")).filter("thumbnail", 24)
    return _command(binary, _poster(normal(typical, plan), plan), pipe)


def candidates_argv(
    binary: str, source: Path, plan: Plan, places: Mapping[int, Fraction], limits: Limits
) -> list[str]:
    """Build the command that writes JPEGs of key frames: pipe → seconds of film soon after which it is looked
    for. One process for all: opening the film six times costs more than decoding so few frames."""
    # Key frames alone: they are a tenth of the work, and what an encoder found to be new is a good picture.
    # One thread a decoder: each has two or three pictures to decode.
    look = {"skip_frame": "nokey", "t": _LOOK_SECONDS, "threads": 1}
    pictures = []
    for pipe, at in places.items():
        film = _seek(source, plan, at, limits, **look)
        shown = _poster(normal(film.filter("thumbnail", 3), plan), plan)
        pictures.append(shown.output(f"pipe:{pipe}", **_still(1, 4)))
    command = ffmpeg.merge_outputs(*pictures).global_args(*global_words({}))
    return [str(word) for word in ffmpeg.compile(command, cmd=binary)]


def cover_argv(binary: str, source: Path, stream: int, pipe: int, limits: Limits) -> list[str]:
    """Build the command that writes the cover art in a file as one JPEG."""
    film = ffmpeg.input(f"file:{source}", **input_options(limits))
    return _command(binary, _shrunk(film[str(stream)]), pipe)


def picture_argv(binary: str, kind: str, pipe: int, limits: Limits) -> list[str]:
    """Build the command that reads an uploaded picture (`PICTURES`) from standard input and writes a JPEG."""
    demuxer, decoder = PICTURES[kind]
    options = input_options(limits, decoder) | _PIPED | {"format_whitelist": demuxer, "f": demuxer}
    return _command(binary, _shrunk(ffmpeg.input("pipe:0", **options)), pipe)


def storyboard_argv(binary: str, plan: Plan, pipe: int, limits: Limits) -> list[str]:
    """Build the command that reads `plan.iframes` from standard input and writes JPEG sheets."""
    board = plan.storyboard
    options = _PIPED | {"f": "mov"}
    sheets = (
        ffmpeg.input("pipe:0", **input_options(limits) | options)
        # The picture nearest to each place; where none is near, the one before stays.
        .filter("fps", fps=ratio(plan.frame_rate / board.frames), start_time=0, round="near")
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=board.tiles)
        .filter("scale", board.width, board.height, **_JPEG)
        .filter("format", "yuvj420p")
        .filter("setsar", 1)
        .filter("tile", f"{COLUMNS}x{ROWS}")
    )
    return _command(binary, sheets, pipe, frames=board.sheets, quality=6)


_PIPED = {"protocol_whitelist": "pipe"}
"""What comes through a pipe has no business with files."""
_JPEG = {"flags": "bicubic", "out_range": "pc", "out_color_matrix": "smpte170m"}
"""JPEG means full range and the matrix of BT.601."""


def _seek(source: Path, plan: Plan, at: Fraction | None, limits: Limits, **more: Any) -> Any:
    options: dict[str, Any] = {**input_options(limits), **more}
    if at is not None:
        begin = plan.info.video.start + at
        options |= {"ss": seconds(begin), "seek_timestamp": 1, "noaccurate_seek": None}
    return ffmpeg.input(f"file:{source}", **options)[str(plan.info.video.index)]


def _poster(stream: Any, plan: Plan) -> Any:
    track = plan.info.video
    width = min(POSTER_WIDTH, track.width) // 2 * 2
    height = max(2, round(width * track.height / track.width / 2) * 2)
    return (
        stream.filter("scale", max(2, width), height, **_JPEG)
        .filter("format", "yuvj420p")
        .filter("setsar", 1)
    )


def _shrunk(stream: Any) -> Any:
    """A picture of any size and shape, within the size of a poster; what is see-through becomes black."""
    fit = {"force_original_aspect_ratio": "decrease", "force_divisible_by": 2}
    width, height = f"max(2,min({POSTER_WIDTH},iw))", f"max(2,min({POSTER_WIDTH},ih))"
    flat = stream.filter("scale", width, height, **fit, **_JPEG)
    return flat.filter("format", "yuvj420p").filter("setsar", 1)


def _command(binary: str, picture: Any, pipe: int, *, frames: int = 1, quality: int = 4) -> list[str]:
    command = picture.output(f"pipe:{pipe}", **_still(frames, quality)).global_args(*global_words({}))
    return [str(word) for word in ffmpeg.compile(command, cmd=binary)]


def _still(frames: int, quality: int) -> dict[str, Any]:
    return {"frames:v": frames, "f": "image2pipe", "c:v": "mjpeg", "q:v": quality, **plain()}
