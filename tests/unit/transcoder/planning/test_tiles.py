"""A storyboard has enough pictures to find a scene by, and never more than a seek bar can use."""

from fractions import Fraction

import pytest

from transcoder.planning.tiles import MOST_TILES, PER_SHEET, Storyboard, make_storyboard


@pytest.mark.parametrize(
    ("seconds", "apart", "sheets"),
    [(3, 2, 1), (60, 2, 2), (1800, 2, 36), (7200, 8, 36), (5 * 3600, 20, 36), (12 * 3600, 48, 36)],
)
def test_pictures_are_at_least_two_seconds_apart_and_bounded_in_number(
    seconds: int, apart: int, sheets: int
) -> None:
    board = make_storyboard(1920, 1080, seconds * 24, Fraction(24))
    assert (board.frames, board.sheets) == (apart * 24, sheets)
    assert board.tiles <= MOST_TILES
    assert (board.sheets - 1) * PER_SHEET < board.tiles <= board.sheets * PER_SHEET


def test_pictures_have_the_shape_of_the_film_and_even_sides() -> None:
    assert [(b.width, b.height) for b in map(board_of, [(1920, 800), (1080, 1920), (2, 4000)])] == [
        (160, 66),
        (90, 160),
        (2, 160),
    ]


def board_of(size: tuple[int, int]) -> Storyboard:
    return make_storyboard(*size, 240, Fraction(24))


def test_rates_that_are_no_whole_number_keep_whole_frames() -> None:
    board = make_storyboard(1280, 720, 1000, Fraction(24_000, 1001))
    assert (board.frames, board.tiles) == (48, 21)
