"""Charts as geometry for inline SVG: no script, no third party. Pure; the page's styles colour them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600.0, 160.0
GAP = 0.25
LEAST = 2.0
"""Height of a bar that stands for very little: it can still be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `y` counts from the top."""

    x: float
    y: float
    width: float
    height: float


def bars(values: Sequence[float]) -> tuple[Bar, ...]:
    """One bar for each value from 0 up, the highest as high as the chart."""
    if not values:
        return ()
    top = max(values)
    step = WIDTH / len(values)
    made = []
    for number, value in enumerate(values):
        height = max(LEAST, value / top * HEIGHT) if value > 0 else 0.0
        made.append(
            Bar(
                round(number * step + step * GAP / 2, 2),
                round(HEIGHT - height, 2),
                round(step * (1 - GAP), 2),
                round(height, 2),
            )
        )
    return tuple(made)


def curve(shares: Sequence[float]) -> str:
    """The outline of an area below shares from 0 to 1, each as wide as the others: an SVG path."""
    if not shares:
        return ""
    step = WIDTH / len(shares)
    points = [f"M0 {HEIGHT:g}"]
    for number, share in enumerate(shares):
        y = HEIGHT * (1 - min(1.0, max(0.0, share)))
        points.append(f"L{number * step:.2f} {y:.2f}L{(number + 1) * step:.2f} {y:.2f}")
    return "".join([*points, f"L{WIDTH:g} {HEIGHT:g}Z"])
