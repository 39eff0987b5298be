"""Painted landscapes that stand in for stills in the gallery: a sky, a sun, hills. Standard library only."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 640, 360
#: For each picture: sky above and at the horizon, sun, hills in front; where the sun stands; a seed.
SCENES: tuple[tuple[Colour, Colour, Colour, Colour, float, float], ...] = (
    ((34, 48, 84), (236, 150, 98), (255, 226, 170), (18, 22, 36), 0.66, 0.3),
    ((18, 44, 52), (150, 186, 170), (240, 240, 214), (10, 26, 30), 0.30, 1.7),
    ((60, 24, 40), (222, 110, 78), (255, 204, 140), (26, 10, 18), 0.48, 2.9),
    ((96, 128, 158), (226, 222, 208), (255, 250, 236), (44, 58, 62), 0.76, 4.1),
    ((10, 12, 26), (58, 64, 112), (226, 230, 246), (6, 7, 14), 0.38, 5.3),
    ((70, 82, 58), (214, 192, 120), (255, 240, 184), (28, 34, 22), 0.58, 6.6),
)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    share = min(1.0, max(0.0, share))
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def _ridge(x: float, layer: int, seed: float) -> float:
    """The height of a line of hills at `x` (both 0–1, from the top)."""
    wave = (
        math.sin(x * (3.1 + layer) + seed * (layer + 1)) * 0.06 + math.sin(x * (9 + 3 * layer) + seed) * 0.02
    )
    return 0.62 + 0.11 * layer + wave


def _paint(scene: int) -> bytes:
    """The raw RGB rows of one picture, each with PNG's filter byte 0 before it."""
    high, low, sun, hill, sun_x, seed = SCENES[scene]
    hills = [_mix(low, hill, 0.45 + 0.28 * layer) for layer in range(3)]
    ridges = [[_ridge(x / WIDTH, layer, seed) * HEIGHT for layer in range(3)] for x in range(WIDTH)]
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        sky = _mix(high, low, (y / HEIGHT / 0.68) ** 1.4)
        for x in range(WIDTH):
            far = math.hypot(x / WIDTH - sun_x, (y / HEIGHT - 0.5) * HEIGHT / WIDTH)
            colour = _mix(sun, _mix(sun, sky, 0.45 + far * 2.6), (far - 0.055) * WIDTH)
            for layer in range(3):
                colour = _mix(colour, hills[layer], y - ridges[x][layer])
            rows.extend(colour)
    return bytes(rows)


def _png(raw: bytes) -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(raw)) + part(b"IEND", b"")
    )


def paint_all(folder: Path) -> None:
    """Write `0.png` … `5.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in range(len(SCENES)):
        (folder / f"{scene}.png").write_bytes(_png(_paint(scene)))
