"""From a copied rendition to its output's options: packets into fragments, times untouched.

Takes streams of ffmpeg-python, which `graph` puts together.
"""

from fractions import Fraction
from typing import Any

from transcoder.planning.plan import Chunk, Plan
from transcoder.programs.graph_words import plain, seconds

_HEADROOM = 60
"""Seconds by which times are moved up: a fragment cannot say a time below zero, which priming may have."""

_TAIL = 3
"""Seconds read after a chunk: the packets of its last frames lie near the next ones."""


def copied_origin(plan: Plan) -> Fraction:
    """Seconds at which copied fragments show the film's first picture."""
    return plan.info.video.start + _offset(plan)


def _offset(plan: Plan) -> int:
    # Whole seconds: no container's clock has to round them.
    return _HEADROOM - plan.info.video.start.__floor__()


def copied_picture(plan: Plan) -> dict[str, Any]:
    """Give the options of the output that copies the picture: one fragment for each of its key frames."""
    return {
        "c:v": "copy",
        "movflags": "+empty_moov+frag_keyframe+negative_cts_offsets" + _FLAGS,
        "video_track_timescale": plan.timescale,
        **_common(plan),
    }


def copied_sound(plan: Plan) -> dict[str, Any]:
    """Give the options of an output that copies sound: fragments of a second, times in samples."""
    # ADTS says with every frame what MP4 says in its head, so that waits for the first fragment.
    return {
        "c:a": "copy",
        "bsf:a": "aac_adtstoasc",
        "movflags": "+delay_moov" + _FLAGS,
        "frag_duration": 1_000_000,
        **_common(plan),
    }


_FLAGS = "+default_base_moof+skip_trailer+frag_discont"
"""With `frag_discont` a fragment says when it is, however ffmpeg came there."""


def _common(plan: Plan) -> dict[str, Any]:
    return {
        "f": "mp4",
        "use_editlist": 0,
        "avoid_negative_ts": "disabled",
        "output_ts_offset": _offset(plan),
        "write_btrt": 0,
        "flush_packets": 1,
        **plain(),
    }


def copied_end(plan: Plan, chunk: Chunk) -> dict[str, Any]:
    """Input options that end reading soon after a chunk; none for the film's last one."""
    if chunk.end_frame >= plan.frames:
        return {}
    return {"to": seconds(plan.info.video.start + chunk.end_frame / plan.frame_rate + _TAIL)}
