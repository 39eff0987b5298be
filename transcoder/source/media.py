"""What is known of a source film: typed values, times in exact seconds (`Fraction`)."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Light:
    """The display an HDR film was made on, and its brightest pixels (SMPTE ST 2086, CTA-861.3).

    `display`: x and y of green, blue, red and white in 0.00002, then the most and the least light in 0.0001
    candelas a square metre; empty if unknown. `brightest` and `average`: of any pixel and any frame, in whole
    candelas; 0 if unknown.
    """

    display: tuple[int, ...] = ()
    brightest: int = 0
    average: int = 0


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The one video stream that is encoded.

    `width`/`height` are display pixels: sample aspect ratio squared, rotation applied. `start` is the
    presentation time of the first frame on the container's clock, `start_pts` the same in `time_base`.
    `profile` and `level` are as ffprobe names them ("High", 41; "" and 0 where it does not know).
    `light` is known of HDR films that say the same throughout.
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
    profile: str
    level: int
    bit_depth: int
    frame_rate: Fraction
    frames: int
    time_base: Fraction
    start_pts: int
    interlaced: bool
    pixel_format: str
    colour_matrix: str
    colour_primaries: str
    colour_transfer: str
    light: Light | None = None

    @property
    def hdr(self) -> str:
        """How brightness beyond a screen's white is written: "pq" (HDR10), "hlg", or "" for SDR."""
        return {"smpte2084": "pq", "arib-std-b67": "hlg"}.get(self.colour_transfer, "")

    @property
    def start(self) -> Fraction:
        """Seconds on the container's clock at which the film begins."""
        return self.start_pts * self.time_base


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio stream; `start_pts` in `time_base` on the container's clock.

    `profile` and `layout` are ffprobe's words ("LC", "5.1(side)"; "" where it does not know), `language` the
    container's tag or "und", `role` "main", "commentary" or "description" (for the blind).
    """

    index: int
    codec: str
    profile: str
    channels: int
    layout: str
    sample_rate: int
    time_base: Fraction
    start_pts: int
    language: str
    title: str = ""
    role: str = "main"
    default: bool = False


@dataclass(frozen=True, slots=True)
class TextTrack:
    """One embedded text subtitle stream; `language` is the container's tag or "und".

    `sdh`: for the deaf and hard of hearing, sounds described.
    """

    index: int
    codec: str
    language: str
    title: str
    forced: bool
    sdh: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named stretch of film; times in seconds from the first picture."""

    start: Fraction
    end: Fraction
    title: str


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A film that can be encoded: `container` is ffmpeg's demuxer name, `size` in bytes.

    `audios` stand in the order in which they are offered: what most people want to hear comes first.
    """

    container: str
    size: int
    video: VideoTrack
    audios: tuple[AudioTrack, ...] = ()
    texts: tuple[TextTrack, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    cover: int | None = None
    """The stream that is cover art, if there is one."""

    @property
    def duration(self) -> Fraction:
        """Seconds of film, from the first frame to the end of the last."""
        return self.video.frames / self.video.frame_rate

    def audio(self, index: int) -> AudioTrack:
        """Find an audio track by its stream's index; raises KeyError."""
        return {track.index: track for track in self.audios}[index]
