"""The films that are measured with."""

from dataclasses import dataclass
from pathlib import Path

from tests.media.films import picture_film
from tests.support.cinema import REAL_FILM


@dataclass(frozen=True, slots=True)
class Film:
    """A source, and what to call it."""

    path: Path
    story: str


def small_film(folder: Path) -> Film:
    """The real film of 30 s in 480p where it is at hand, else a made one of the same size."""
    if REAL_FILM.is_file():
        return Film(REAL_FILM, "a real film (Big Buck Bunny, 30 s, 480p)")
    return Film(picture_film(folder, 30, "854x480"), "a generated film (30 s, 480p)")


def large_film(folder: Path, seconds: int) -> Film:
    """A generated film in 720p."""
    return Film(picture_film(folder, seconds, "1280x720"), f"a generated film ({seconds} s, 720p)")
