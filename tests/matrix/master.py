"""The film that every source of the matrix shows, and how to read what became of it.

A picture says its own number as ten bars of black and white, has three patches of colour, a pattern that
moves, and a patch that flashes white at the start, in the middle and near the end; a tone of 60 ms begins
with each flash. So order, number, levels, colours, likeness and lip-sync are all read from one decode.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
from PIL import Image

Pictures = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]

BITS = 10
BLACK, WHITE, MIDDLE = 16, 235, 125
BEEP = 0.06
"""Seconds of one tone."""
OUT_RATE = 48_000
_PATCHES = ((65, 100, 212), (112, 72, 58), (35, 212, 114))
"""Red, green and blue at three quarters, BT.601 (Y, U, V)."""
_BARS, _COLOURS = 0.4, 0.6
"""Shares of the height at which the bars and the patches end."""
_LEAST_WIDTH = 40
_SHOTS = 30
"""Pictures compared for likeness, spread over the film; fewer of large ones."""
_MOST_PIXELS = 1_000_000
_WAVE = np.round(126 + 70 * np.sin(2 * np.pi * np.arange(256) / 256)).astype(np.uint8)
"""One turn of the pattern's wave."""


def flash_frames(rate: Fraction, frames: int) -> tuple[int, ...]:
    """Numbers of the pictures that flash: at the start, in the middle and near the end."""
    return round(rate / 5), frames // 2, frames - 1 - round(rate / 2)


def is_legible(size: tuple[int, int]) -> bool:
    """Tell whether bars of ten bits fit into a picture."""
    return size[0] >= _LEAST_WIDTH


def luma(moments: Numbers, size: tuple[int, int], flashes: tuple[int, ...]) -> Pictures:
    """Draw the brightness of the pictures at these moments (in frames): pictures × height × width."""
    width, height = size
    numbers = np.floor(moments).astype(np.int64)
    drawn = np.empty((len(moments), height, width), np.uint8)
    if not is_legible(size):
        drawn[:] = (40 + numbers % 8 * 20)[:, None, None]
        return drawn
    bars, colours = round(height * _BARS), round(height * _COLOURS)
    bit = np.minimum(np.arange(width) * BITS // width, BITS - 1)
    drawn[:, :bars] = np.where(numbers[:, None] >> bit & 1, WHITE, BLACK)[:, None]
    for patch, (left, right) in zip(_PATCHES, _thirds(width), strict=True):
        drawn[:, bars:colours, left:right] = patch[0]
    across, down = np.arange(width) / width, np.arange(height - colours)[:, None] / height
    place = np.round((across * 3 + down * 2) * 256).astype(np.int64).astype(np.uint8)
    for picture, moment in zip(drawn, moments, strict=True):
        picture[colours:] = _WAVE[place + np.uint8(round(float(moment) * 256 / 25) % 256)]
    drawn[:, colours:, width * 3 // 4 :] = np.where(np.isin(numbers, flashes), WHITE, BLACK)[:, None, None]
    return drawn


def pictures(rate: Fraction, frames: int, size: tuple[int, int], step: int = 1) -> bytes:
    """Draw a whole film as raw yuv420p, each number `step` times: the pattern alone moves on between them."""
    width, height = size
    grays = luma(np.arange(frames * step) / step, size, flash_frames(rate, frames))
    chroma = np.full((2, -(-height // 2), -(-width // 2)), 128, np.uint8)
    if is_legible(size):
        bars, colours = round(height * _BARS) // 2, round(height * _COLOURS) // 2
        for patch, (left, right) in zip(_PATCHES, _thirds(width), strict=True):
            chroma[:, bars:colours, left // 2 : right // 2] = np.array(patch[1:])[:, None, None]
    tail = chroma.tobytes()
    return b"".join(gray.tobytes() + tail for gray in grays)


def sound(rate: Fraction, frames: int, sample_rate: int, channels: int) -> bytes:
    """Make the tones of a whole film as s16le, the same in every channel."""
    wave = np.zeros(round(frames / rate * sample_rate))
    for frame in flash_frames(rate, frames):
        begin = round(frame / rate * sample_rate)
        tone = np.sin(2 * np.pi * 1000 * np.arange(round(BEEP * sample_rate)) / sample_rate)
        # Low enough for the sum of all channels.
        wave[begin : begin + len(tone)] += 0.9 / max(2, channels) * tone[: len(wave) - begin]
    return np.repeat(np.round(wave * 32767).astype("<i2"), channels).tobytes()


def _thirds(width: int) -> list[tuple[int, int]]:
    marks = [round(width * third / 3) for third in range(4)]
    return list(pairwise(marks))


@dataclass(frozen=True, slots=True)
class Looks:
    """What was read from the pictures of one rendition.

    `levels` are the mean brightness of black and of white bars, `hue` how far a colour patch is off at most.
    """

    numbers: tuple[int, ...]
    flashes: tuple[int, ...]
    levels: tuple[float, float]
    hue: float
    likeness: float


def read(raw: bytes, size: tuple[int, int], drawn: tuple[int, int], flashes: tuple[int, ...]) -> Looks:
    """Read raw yuv420p pictures of `size`, whose film was drawn at `drawn` (upright, not yet squared)."""
    width, height = size
    frames = np.frombuffer(raw, np.uint8).reshape(-1, width * height * 3 // 2)
    gray = frames[:, : width * height].reshape(-1, height, width)
    numbers, levels = _numbers(gray, size)
    colours = frames[:, width * height :].reshape(-1, 2, height // 2, width // 2)
    patch = gray[:, round(height * 0.7) : round(height * 0.9), width * 13 // 16 : width * 15 // 16]
    bright = np.flatnonzero(patch.mean(axis=(1, 2)) > MIDDLE)
    return Looks(
        tuple(int(number) for number in numbers),
        tuple(int(frame) for frame in bright),
        levels,
        _hue(colours),
        _likeness(gray, numbers, size, drawn, flashes),
    )


def read_tiny(raw: bytes, size: tuple[int, int]) -> tuple[int, ...]:
    """Read the numbers, modulo 8, of pictures too small for bars."""
    frames = np.frombuffer(raw, np.uint8).reshape(-1, size[0] * size[1] * 3 // 2)
    means = frames[:, : size[0] * size[1]].mean(axis=1)
    return tuple(int(number) for number in np.round((means - 40) / 20))


def _numbers(gray: Pictures, size: tuple[int, int]) -> tuple[Numbers, tuple[float, float]]:
    width, height = size
    reach = max(1, width // BITS // 4)
    centres = [round((bit + 0.5) * width / BITS) for bit in range(BITS)]
    rows = gray[:, round(height * 0.1) : round(height * 0.3)]
    bars = np.stack([rows[:, :, c - reach : c + reach].mean(axis=(1, 2)) for c in centres], axis=1)
    bits = bars > MIDDLE
    levels = (float(bars[~bits].mean()), float(bars[bits].mean()) if bits.any() else float(WHITE))
    return bits @ (1 << np.arange(BITS)), levels


def _hue(chroma: Pictures) -> float:
    height, width = chroma.shape[2:]
    top, bottom = round(height * (_BARS + 0.06)), round(height * (_COLOURS - 0.06))
    worst = 0.0
    for patch, (left, right) in zip(_PATCHES, _thirds(width), strict=True):
        inner = (right - left) // 4
        seen = chroma[:, :, top : max(bottom, top + 1), left + inner : right - inner].mean(axis=(0, 2, 3))
        worst = max(worst, float(np.abs(seen - np.array(patch[1:])).max()))
    return worst


def _likeness(
    gray: Pictures, numbers: Numbers, size: tuple[int, int], drawn: tuple[int, int], flashes: tuple[int, ...]
) -> float:
    shots = max(3, min(_SHOTS, _MOST_PIXELS // (size[0] * size[1])))
    chosen = np.unique(np.linspace(0, len(gray) - 1, shots).astype(int))
    wanted = luma(numbers[chosen], drawn, flashes)
    scaled = np.stack(
        [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in wanted]
    )
    return ssim(gray[chosen], scaled)


def ssim(one: Pictures, other: Pictures) -> float:
    """Mean structural similarity (Wang 2004) over windows of 8 × 8 that overlap by half."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    mean_a, mean_b, aa, bb, ab = (_windows(part) for part in (a, b, a * a, b * b, a * b))
    var_a, var_b, cov = aa - mean_a**2, bb - mean_b**2, ab - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _windows(values: Samples) -> Samples:
    count, height, width = values.shape
    whole = values[:, : height // 4 * 4, : width // 4 * 4]
    blocks = whole.reshape(count, height // 4, 4, width // 4, 4).mean(axis=(2, 4))
    joined: Samples = (blocks[:, :-1, :-1] + blocks[:, 1:, :-1] + blocks[:, :-1, 1:] + blocks[:, 1:, 1:]) / 4
    return joined


def beeps(samples: Samples, moments: tuple[float, ...]) -> tuple[float, ...]:
    """Seconds at which the tones expected at `moments` begin, each looked for within a quarter of a second.

    A tone begins where it first has half its height: codecs blur its edges. NaN where it is silent.
    """
    return tuple(_beep(samples, moment) for moment in moments)


def _beep(samples: Samples, moment: float) -> float:
    first = max(0, round((moment - 0.25) * OUT_RATE))
    heights = np.abs(samples[first : round((moment + BEEP + 0.25) * OUT_RATE)])
    if heights.size == 0 or heights.max() < 0.02:
        return float("nan")
    return float(first + np.argmax(heights > heights.max() / 2)) / OUT_RATE


@cache
def channels_of(layout: str) -> int:
    """Channels of a layout as ffmpeg names it."""
    return {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8, "quad": 4}[layout]
