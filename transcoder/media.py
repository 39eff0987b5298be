"""What is known of a source film: typed values, times in exact seconds (`Fraction`)."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The one video stream that is encoded.

    `width`/`height` are display pixels: sample aspect ratio squared, rotation applied. `start` is the
    presentation time of the first frame on the container's clock, `start_pts` the same in `time_base`.
    `frame_rate` is the constant rate of the grid (the real rate, or the average of a variable one), `frames`
    the number of frames of that grid from the first to the last picture.
    """

    index: int
    codec: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation: int
    frame_rate: Fraction
    frames: int
    time_base: Fraction
    start_pts: int
    interlaced: bool
    pixel_format: str
    colour_matrix: str
    colour_primaries: str
    colour_transfer: str

    @property
    def start(self) -> Fraction:
        """Seconds on the container's clock at which the film begins."""
        return self.start_pts * self.time_base


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """The one audio stream that is encoded; `start_pts` in `time_base` on the container's clock."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    time_base: Fraction
    start_pts: int
    language: str


@dataclass(frozen=True, slots=True)
class TextTrack:
    """One embedded text subtitle stream; `language` is the container's tag or "und"."""

    index: int
    codec: str
    language: str
    title: str
    forced: bool


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A film that can be encoded: `container` is ffmpeg's demuxer name, `size` in bytes."""

    container: str
    size: int
    video: VideoTrack
    audio: AudioTrack | None
    texts: tuple[TextTrack, ...] = ()

    @property
    def duration(self) -> Fraction:
        """Seconds of film, from the first frame to the end of the last."""
        return self.video.frames / self.video.frame_rate
