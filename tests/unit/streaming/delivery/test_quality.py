from hypothesis import given
from hypothesis import strategies as st

from streaming.delivery.cmcd import Report
from streaming.delivery.quality import MAX_COUNT, MAX_GAP, SUMS, Quality, judged

LONG = 10**9
T = 1_700_000_000_000
REPORTS = st.lists(
    st.builds(
        Report,
        st.sampled_from(["", "ps", "bc", "t", "e"]),
        st.one_of(st.none(), st.integers(T, T + 10**7)),
        st.sampled_from(["", "s", "p", "k", "r", "a", "e", "f"]),
        st.one_of(st.none(), st.integers(0, 10**9)),
        st.one_of(st.none(), st.integers(0, 10**9)),
        st.booleans(),
        st.one_of(st.none(), st.integers(0, 10**9)),
    ),
    max_size=30,
)


def played(*events: tuple[int, str], bitrate: int | None = None, lasted: int = LONG) -> Quality:
    """Go through states at seconds from the start."""
    reports = [Report("ps", T + second * 1000, state, bitrate=bitrate) for second, state in events]
    return judged(Quality(), reports, lasted)


def test_time_belongs_to_the_state_before() -> None:
    seen = played((0, "s"), (2, "p"), (12, "a"), (100, "p"), (110, "e"), (200, "t"))
    assert (seen.played_ms, seen.stalled_ms, seen.stalls) == (20_000, 0, 0)


def test_waiting_in_the_middle_of_the_film_is_a_stall() -> None:
    seen = played((0, "r"), (2, "p"), (12, "r"), (15, "p"), (25, "r"), (26, "p"))
    assert (seen.played_ms, seen.stalled_ms, seen.stalls) == (20_000, 4_000, 2)


def test_waiting_for_the_start_or_after_a_jump_is_none() -> None:
    seen = played((0, "p"), (0, "r"), (3, "p"), (13, "k"), (13, "r"), (16, "p"), (20, "a"))
    assert (seen.played_ms, seen.stalled_ms) == (14_000, 0)
    assert played((0, "p"), (10, "k"), (10, "r"), (16, "p")).stalls == 0


def test_bitrate_is_weighed_by_time() -> None:
    seen = judged(
        Quality(),
        [
            Report("ps", T, "p"),
            Report("bc", T + 10_000, bitrate=1000),
            Report("bc", T + 20_000, bitrate=3000),
            Report("ps", T + 40_000, "a"),
        ],
        LONG,
    )
    assert (seen.played_ms, seen.rated_ms, seen.kilobits) == (40_000, 30_000, 10 * 1000 + 20 * 3000)


def test_the_start_counts_once() -> None:
    seen = judged(Quality(), [Report("ps", T, "p", 900), Report("ps", T + 5, "a", 7000)], LONG)
    assert (seen.startups, seen.startup_ms, seen.slow_startups) == (1, 900, 0)
    assert judged(Quality(), [Report(startup=5000)], LONG).slow_startups == 1


def test_a_player_that_slept_counts_nothing_for_its_sleep() -> None:
    seen = played((0, "p"), (10, "p"), (MAX_GAP // 1000 + 20, "p"), (MAX_GAP // 1000 + 25, "a"))
    assert seen.played_ms == 15_000


def test_nobody_played_longer_than_the_house_knows_them() -> None:
    assert played((0, "p"), (300, "a"), lasted=60_000).played_ms == 60_000


def test_a_clock_that_steps_back_counts_nothing_twice() -> None:
    assert played((0, "p"), (10, "a"), (5, "p"), (8, "p"), (12, "a")).played_ms == 12_000


def test_requests_tell_of_stalls_too() -> None:
    seen = judged(Quality(), [Report(starved=True), Report(starved=True, starved_ms=700)], LONG)
    assert (seen.stalls, seen.stalled_ms) == (2, 700)


@given(REPORTS, st.integers(0, 10**8))
def test_no_reports_break_a_sum(reports: list[Report], lasted: int) -> None:
    seen = judged(Quality(), reports, lasted)
    assert all(getattr(seen, name) >= 0 for name in SUMS)
    assert seen.played_ms + seen.stalled_ms <= lasted
    assert seen.rated_ms <= seen.played_ms
    assert max(seen.stalls, seen.errors) <= MAX_COUNT
    assert seen.startups <= 1


@given(REPORTS, st.integers(0, 30))
def test_it_does_not_matter_how_reports_are_batched(reports: list[Report], cut: int) -> None:
    parts = judged(judged(Quality(), reports[:cut], LONG), reports[cut:], LONG)
    assert parts == judged(Quality(), reports, LONG)
