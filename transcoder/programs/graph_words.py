"""How values are written for ffmpeg, and what all its outputs have in common. Pure."""

from fractions import Fraction
from typing import Any


def plain() -> dict[str, Any]:
    """Options of every output: nothing of the source's metadata, the same bytes every time."""
    return {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}


def ratio(value: Fraction) -> str:
    """Write a rate, e.g. "24000/1001"."""
    return f"{value.numerator}/{value.denominator}"


def seconds(value: Fraction) -> str:
    """Write a time in seconds, to the microsecond that ffmpeg reads."""
    return f"{float(value):.6f}"
