"""The rungs of quality made from one picture size. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from transcoder.planning.grid import AAC_SAMPLES, AUDIO_RATE

SD_PIXELS = 1024 * 576
"""A rung of at most this many pixels is tier `sd`: 576 lines of a 16:9 picture, in any shape."""

HD_PIXELS = 1920 * 1088
"""A rung of at most this many pixels is tier `hd`: 1080 lines, and what coding in blocks adds to them."""

REORDER_FRAMES = 2
"""Frames by which B-pyramids make decoding run ahead of showing; the same in every encode (see `graph`)."""

CARE_STEPS = 4
"""Steps of CRF by which a careful H.264 encoder may be coarser for the same picture (see `graph_video`)."""

CARE_SAVES = 0.2
"""The share of bits that it needs less for that picture."""


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """One rung. `maxrate` and `bufsize` in bits and bits a second, `level` as in "4.0".

    `codec` is "h264", "hevc" or "av1". `copied`: the source's own packets, not encoded again. `hdr`: ""
    (SDR), "pq" or "hlg". `reorder`: frames by which a picture is shown later than it could be decoded.
    `careful`: the encoder thinks longer, for fewer bits. `reason` is a sentence: why this rung is there and
    why at this rate.
    """

    name: str
    tier: str
    width: int
    height: int
    crf: int
    maxrate: int
    bufsize: int
    level: str
    codec: str = "h264"
    copied: bool = False
    hdr: str = ""
    reorder: int = REORDER_FRAMES
    careful: bool = False
    reason: str = ""

    @property
    def bandwidth(self) -> int:
        """Peak bits a second for `EXT-X-STREAM-INF`, containers included."""
        return self.maxrate * 11 // 10


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """One sound of one track. `stream` is its index in the source, `bitrate` in bits a second.

    `codec` is "aac" or "opus", `rate` its samples a second, `samples` those of one frame of the codec. Frame
    `n` begins `phase + n * samples` samples after the first picture. `copied`, `language`, `title`, `role`
    and `default` as in `VideoRendition` and `media.AudioTrack`.
    """

    name: str
    stream: int
    tier: str = "sd"
    codec: str = "aac"
    bitrate: int = 128_000
    channels: int = 2
    language: str = "und"
    title: str = ""
    role: str = "main"
    default: bool = False
    copied: bool = False
    rate: int = AUDIO_RATE
    samples: int = AAC_SAMPLES
    phase: int = 0

    @property
    def bandwidth(self) -> int:
        """Peak bits a second, containers included."""
        return self.bitrate * 5 // 4


@dataclass(frozen=True, slots=True)
class _Rung:
    name: str
    width: int
    height: int
    maxrate: int


# Boxes a picture must fit into, and the ceiling of bits a second at 16:9 and up to 30 frames a second.
RUNGS = (
    _Rung("v2160", 3840, 2160, 20_000_000),
    _Rung("v1440", 2560, 1440, 11_000_000),
    _Rung("v1080", 1920, 1080, 6_000_000),
    _Rung("v720", 1280, 720, 3_200_000),
    _Rung("v480", 854, 480, 1_600_000),
    _Rung("v360", 640, 360, 900_000),
    _Rung("v240", 426, 240, 450_000),
)

# H.264 Table A-1: level, macroblocks a second, macroblocks a frame, bits a second for High profile.
_LEVELS = (
    ("1.3", 11_880, 396, 960_000),
    ("2.0", 11_880, 396, 2_500_000),
    ("2.1", 19_800, 792, 5_000_000),
    ("3.0", 40_500, 1_620, 12_500_000),
    ("3.1", 108_000, 3_600, 17_500_000),
    ("3.2", 216_000, 5_120, 25_000_000),
    ("4.0", 245_760, 8_192, 25_000_000),
    ("4.2", 522_240, 8_704, 62_500_000),
    ("5.0", 589_824, 22_080, 168_750_000),
    ("5.1", 983_040, 36_864, 300_000_000),
    ("5.2", 2_073_600, 36_864, 300_000_000),
)


def make_ladder(width: int, height: int, frame_rate: Fraction, crf: int) -> tuple[VideoRendition, ...]:
    """Choose the rungs for a picture of `width` × `height` square pixels, best first.

    Never larger than the picture, at most 2160 lines, even sizes, the picture's own shape. The best
    rung is the picture itself where it fits a box; a rung less than a fifth smaller than the one above
    would cost work and change nothing to the eye, so it is left out. Where the one above is `uhd` it is that
    one which is left out: the best picture that a licence for `hd` opens should not be a small one.
    """
    rungs: list[VideoRendition] = []
    for rung in RUNGS:
        size = _fit(width, height, rung)
        below = _below(width, height, rung)
        if below and (size == below or (_tier(size) != _tier(below) == "hd" and _is_near(size, below))):
            continue  # a smaller box holds the whole picture, or nearly: it takes the smaller name
        if rungs and _is_near((rungs[-1].width, rungs[-1].height), size):
            continue
        rungs.append(_rendition(rung, size, frame_rate, crf))
    return tuple(rungs)


def _box(width: int, height: int, rung: _Rung) -> tuple[int, int]:
    return (rung.width, rung.height) if width >= height else (rung.height, rung.width)


def _below(width: int, height: int, rung: _Rung) -> tuple[int, int] | None:
    """The picture in the next smaller box."""
    return None if rung is RUNGS[-1] else _fit(width, height, RUNGS[RUNGS.index(rung) + 1])


def _is_near(size: tuple[int, int], smaller: tuple[int, int]) -> bool:
    return smaller[0] * 5 > size[0] * 4


def _tier(size: tuple[int, int]) -> str:
    pixels = size[0] * size[1]
    return "sd" if pixels <= SD_PIXELS else "hd" if pixels <= HD_PIXELS else "uhd"


def _fit(width: int, height: int, rung: _Rung) -> tuple[int, int]:
    box = _box(width, height, rung)
    scale = min(Fraction(1), Fraction(box[0], width), Fraction(box[1], height))
    return _even(width * scale, box[0]), _even(height * scale, box[1])


def _even(length: Fraction, most: int) -> int:
    return max(16, min(most // 2, round(length / 2)) * 2)


def _rendition(rung: _Rung, size: tuple[int, int], frame_rate: Fraction, crf: int) -> VideoRendition:
    width, height = size
    share = Fraction(width * height, rung.width * rung.height)
    speed = Fraction(3, 2) if frame_rate > 30 else Fraction(1)
    maxrate = max(200_000, int(rung.maxrate * share * speed) // 1000 * 1000)
    level = level_of(width, height, frame_rate, maxrate)
    return VideoRendition(rung.name, _tier(size), width, height, crf, maxrate, maxrate * 2, level)


def level_of(width: int, height: int, frame_rate: Fraction, maxrate: int) -> str:
    """Give the lowest level of H.264 (High profile) that holds a rung."""
    blocks = -(-width // 16) * -(-height // 16)
    for level, speed, frame, bits in _LEVELS:
        if blocks <= frame and blocks * frame_rate <= speed and maxrate <= bits:
            return level
    return _LEVELS[-1][0]
