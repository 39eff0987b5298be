"""A native player's earliest clock: it never waits for what it needs, and never reads far ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery.filmclock import MOST, TRIMMED_EVERY, FilmClocks
from streaming.delivery.places import place_query, read_place

LENGTH = 4.0


def ask(clocks: FilmClocks, sequence: int, now: float, rendition: str = "v240") -> float:
    return clocks.ahead("pb_a", rendition, sequence, sequence * LENGTH, now)


def test_reading_ahead_is_told_in_seconds_of_film() -> None:
    clocks = FilmClocks()
    assert [ask(clocks, n, 100.0) for n in range(4)] == [0, 4, 8, 12]
    assert ask(clocks, 4, 110.0) == 6


def test_a_jump_may_be_shown_at_once_and_counts_from_there() -> None:
    clocks = FilmClocks()
    ask(clocks, 0, 0)
    assert ask(clocks, 50, 1) == 0
    assert ask(clocks, 51, 1) == 4
    assert ask(clocks, 10, 2) == 0
    assert ask(clocks, 11, 2) == 4


def test_a_player_that_paused_has_not_earned_the_time() -> None:
    clocks = FilmClocks()
    ask(clocks, 0, 0)
    assert ask(clocks, 1, 600) == 0
    assert ask(clocks, 2, 600) == 4


def test_sound_and_picture_do_not_disturb_each_other() -> None:
    clocks = FilmClocks()
    ask(clocks, 20, 0)
    ask(clocks, 19, 0, "a0")
    assert (ask(clocks, 21, 0), ask(clocks, 20, 0, "a0")) == (4, 4)


def test_asking_again_changes_nothing() -> None:
    clocks = FilmClocks()
    ask(clocks, 0, 0)
    assert [ask(clocks, 1, now) for now in (0, 1, 2, 9)] == [4, 3, 2, 0]
    assert ask(clocks, 2, 9) == 0


def test_clocks_do_not_pile_up() -> None:
    clocks = FilmClocks()
    for number in range(MOST + TRIMMED_EVERY):
        clocks.ahead(f"pb_{number}", "v240", 0, 0.0, 0.0)
    assert clocks.ahead("pb_0", "v240", 1, 4.0, 0.0) == 0
    assert clocks.ahead(f"pb_{MOST}", "v240", 1, 4.0, 0.0) == 4


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_who_reads_on_without_a_gap_never_gets_ahead_of_real_time(waits: list[float]) -> None:
    clocks, now = FilmClocks(), 0.0
    for sequence, wait in enumerate(waits):
        now += wait if sequence else 0
        ahead = ask(clocks, sequence, now)
        now += ahead  # it is held until then
        assert sequence * LENGTH <= now + 1e-6


def test_a_report_behind_a_place_does_not_hide_it() -> None:
    assert read_place(b"s=7&t=21.500&CMCD=bl%3D100%2Csu") == (7, 21.5)


@pytest.mark.parametrize(
    "query", [b"", b"s=1", b"s=-1&t=0.000", b"s=1&t=nan", b"s=1&t=1.000&x=1", b"t=1&s=1"]
)
def test_what_no_playlist_says_is_no_place(query: bytes) -> None:
    assert read_place(query) is None


def test_a_place_is_read_back() -> None:
    assert read_place(place_query(17, 60.5).encode()) == (17, 60.5)
