"""The geometry of a storyboard: how many small pictures, how large, how far apart. Pure."""

from dataclasses import dataclass
from fractions import Fraction

COLUMNS = ROWS = 5
PER_SHEET = COLUMNS * ROWS
TILE_PIXELS = 160
"""The longer side of one picture: what a seek bar shows, and no more of the film than that."""
MOST_TILES = 900
_LEAST_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Pictures of `width` × `height`, one every `frames` frames, `PER_SHEET` to a sheet.

    All sheets are encrypted under one key, that of the film's first crypto period. A viewer who moves along
    the seek bar would else spend in a moment what the house gives out of keys, for pictures so small.
    """

    name: str
    tier: str
    width: int
    height: int
    frames: int
    tiles: int

    @property
    def sheets(self) -> int:
        """Number of sheets."""
        return -(-self.tiles // PER_SHEET)


def make_storyboard(width: int, height: int, frames: int, rate: Fraction) -> Storyboard:
    """Lay out the storyboard of a film of `frames` frames of `width` × `height` (as shown)."""
    seconds = max(_LEAST_SECONDS, -(-frames // (rate * MOST_TILES)))
    apart = max(1, round(seconds * rate))
    scale = Fraction(TILE_PIXELS, max(width, height))
    return Storyboard(
        name="s0",
        tier="sd",
        width=max(2, round(width * scale / 2) * 2),
        height=max(2, round(height * scale / 2) * 2),
        frames=apart,
        tiles=-(-frames // apart),
    )
