"""From plan to argv. The only module that knows ffmpeg-python; every option has its reason beside it."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.planning.plan import Chunk, Plan, TextRendition
from transcoder.programs.graph_copy import copied_end, copied_picture, copied_sound
from transcoder.programs.graph_sound import encoded_sounds, sound_output
from transcoder.programs.graph_steady import steadied
from transcoder.programs.graph_video import encoded_pictures, video_output
from transcoder.programs.graph_words import seconds
from transcoder.programs.sandbox import TEXT_DECODERS, Limits, input_name, input_options

_MARGIN = {"mov,mp4,m4a,3gp,3g2,mj2": Fraction(1, 2), "matroska,webm": Fraction(1)}
_OTHER_MARGIN = Fraction(12)
"""Seconds to seek before a chunk. Where there is no index a seek may land after the key frame it needs."""

PROGRESS = "progress"


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
    film = ffmpeg.input(input_name(source, limits), **options)
    video = [rung for rung in plan.video if rung.name in names and not rung.copied]
    outputs = _copies(film, plan, names, pipes)
    for rung, picture in encoded_pictures(film, plan, video, chunk):
        made = video_output(plan, chunk, rung, limits.threads)
        outputs.append(picture.output(f"pipe:{pipes[rung.name]}", **made))
    wanted = [audio for audio in plan.audios if audio.name in names and not audio.copied]
    for audio, sound in encoded_sounds(film, plan, wanted, chunk):
        outputs.append(sound.output(f"pipe:{pipes[audio.name]}", **sound_output(audio)))
    command = ffmpeg.merge_outputs(*outputs).global_args(*global_words(pipes))
    argv = [str(word) for word in ffmpeg.compile(command, cmd=binary)]
    return steadied(argv, plan, wanted)


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
    binary: str,
    source: Path,
    plan: Plan,
    text: TextRendition,
    pipe: int,
    limits: Limits,
    *,
    styled: bool = False,
) -> list[str]:
    """Build the command that writes one subtitle track as WebVTT, times from the film's first frame.

    With `styled`, an ASS track stays as it is: ffmpeg's own WebVTT knows no places.
    """
    text_alone: dict[str, Any] = {**input_options(limits, TEXT_DECODERS), "vn": None, "an": None, "dn": None}
    film = ffmpeg.input(f"file:{source}", **text_alone, itsoffset=seconds(-plan.info.video.start))
    form = {"f": "ass", "c:s": "copy"} if styled else {"f": "webvtt", "c:s": "webvtt"}
    options = {**form, "avoid_negative_ts": "disabled"}
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
