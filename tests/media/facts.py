"""What probing would say of films that nobody made: plain tracks, changed as a test needs them."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from transcoder.source.media import AudioTrack, VideoTrack

_VIDEO = VideoTrack(
    index=0,
    codec="h264",
    width=1280,
    height=720,
    coded_width=1280,
    coded_height=720,
    rotation=0,
    profile="High",
    level=31,
    bit_depth=8,
    frame_rate=Fraction(24),
    frames=720,
    time_base=Fraction(1, 12_288),
    start_pts=0,
    interlaced=False,
    pixel_format="yuv420p",
    colour_matrix="",
    colour_primaries="",
    colour_transfer="",
)
_AUDIO = AudioTrack(
    index=1,
    codec="aac",
    profile="LC",
    channels=2,
    layout="stereo",
    sample_rate=48_000,
    time_base=Fraction(1, 48_000),
    start_pts=0,
    language="und",
)


def picture(**changes: Any) -> VideoTrack:
    """A picture of 1280 × 720, 30 s at 24 frames a second, with `changes`."""
    return replace(_VIDEO, **changes)


def sound(**changes: Any) -> AudioTrack:
    """A stereo track in AAC at 48 kHz, with `changes`."""
    return replace(_AUDIO, **changes)
