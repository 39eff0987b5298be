"""The ladder never makes a picture larger and keeps its shape."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.planning.ladder import make_ladder

sides = st.integers(32, 8192)


def names(width: int, height: int) -> list[str]:
    return [rung.name for rung in make_ladder(width, height, Fraction(24), 22)]


def test_full_hd_has_every_rung() -> None:
    ladder = make_ladder(1920, 1080, Fraction(24), 22)
    assert [(r.name, r.width, r.height, r.tier) for r in ladder] == [
        ("v1080", 1920, 1080, "hd"),
        ("v720", 1280, 720, "hd"),
        ("v480", 854, 480, "sd"),
        ("v360", 640, 360, "sd"),
        ("v240", 426, 240, "sd"),
    ]
    assert [r.level for r in ladder] == ["4.0", "3.1", "3.0", "3.0", "2.1"]


def test_a_picture_of_2160_lines_keeps_them_and_is_uhd() -> None:
    ladder = make_ladder(3840, 2160, Fraction(60), 22)
    assert [(r.name, r.width, r.height, r.tier, r.level) for r in ladder][:4] == [
        ("v2160", 3840, 2160, "uhd", "5.2"),
        ("v1440", 2560, 1440, "uhd", "5.1"),
        ("v1080", 1920, 1080, "hd", "4.2"),
        ("v720", 1280, 720, "hd", "3.2"),
    ]


@pytest.mark.parametrize("size", [(1920, 1200), (2048, 1080)])
def test_a_picture_barely_larger_than_hd_is_hd(size: tuple[int, int]) -> None:
    (top, *_) = make_ladder(*size, Fraction(24), 22)
    assert (top.name, top.tier) == ("v1080", "hd")


def test_an_upright_film_stays_upright() -> None:
    assert [(r.width, r.height) for r in make_ladder(1080, 1920, Fraction(30), 22)][:2] == [
        (1080, 1920),
        (720, 1280),
    ]


def test_a_wide_film_keeps_its_shape() -> None:
    assert [(r.name, r.width, r.height) for r in make_ladder(1920, 800, Fraction(24), 22)][:2] == [
        ("v1080", 1920, 800),
        ("v720", 1280, 534),
    ]


def test_pal_is_sd_and_named_after_the_box_that_holds_it() -> None:
    (top, *_) = make_ladder(1024, 576, Fraction(25), 22)
    assert (top.name, top.tier, top.width, top.height) == ("v720", "sd", 1024, 576)


@pytest.mark.parametrize(("size", "wanted"), [((160, 90), ["v240"]), ((640, 360), ["v360", "v240"])])
def test_small_films_have_few_rungs(size: tuple[int, int], wanted: list[str]) -> None:
    assert names(*size) == wanted


@given(sides, sides, st.sampled_from([Fraction(24), Fraction(60)]))
def test_rungs_are_even_smaller_each_and_never_larger_than_the_film(
    width: int, height: int, rate: Fraction
) -> None:
    ladder = make_ladder(width, height, rate, 22)
    assert 1 <= len(ladder) <= 7
    for rung in ladder:
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width <= width + 1
        assert rung.height <= height + 1
        assert max(rung.width, rung.height) <= 3840
        assert min(rung.width, rung.height) <= 2160
        pixels = rung.width * rung.height
        assert rung.tier == ("sd" if pixels <= 1024 * 576 else "hd" if pixels <= 1920 * 1088 else "uhd")
        assert rung.maxrate <= rung.bandwidth
    assert len({rung.name for rung in ladder}) == len(ladder)
    assert ladder[-1].tier == "sd"
    assert [r.width * r.height for r in ladder] == sorted((r.width * r.height for r in ladder), reverse=True)
