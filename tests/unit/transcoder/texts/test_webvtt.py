"""Cues are read from any text and seen in every segment they touch."""

from hypothesis import given
from hypothesis import strategies as st

from transcoder.texts.cuetext import clean
from transcoder.texts.webvtt import MOST_SEGMENT, Cue, read_cues, write_segment

TEXT = """WEBVTT

NOTE a remark

intro
00:01.000 --> 00:02.500 line:10%
Good evening.
And welcome.

01:00:00.000 --> 01:00:01.000
Late

00:05.000 --> 00:04.000
Backwards
"""


def test_cues_are_read_with_their_settings() -> None:
    assert read_cues(TEXT) == [
        Cue(1000, 2500, "Good evening.\nAnd welcome.", "line:10%"),
        Cue(3_600_000, 3_601_000, "Late"),
    ]


def test_a_cue_on_a_border_is_whole_in_both_segments() -> None:
    cue = Cue(3000, 5000, "Over")
    before, after = write_segment([cue], 0, 4000), write_segment([cue], 4000, 8000)
    assert before == after
    assert before.startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n")
    assert "00:00:03.000 --> 00:00:05.000\nOver\n" in before


def test_a_cue_that_ends_at_the_border_is_not_seen_after_it() -> None:
    assert "Over" not in write_segment([Cue(3000, 4000, "Over")], 4000, 8000)


cues = st.builds(
    lambda start, length, text: Cue(start, start + length, text),
    st.integers(0, 10_000_000),
    st.integers(1, 100_000),
    st.text("abc <>&é\n", min_size=1).map(lambda text: clean(text) or "x"),
)


@given(st.lists(cues, max_size=8))
def test_what_is_written_is_read_again(written: list[Cue]) -> None:
    ordered = sorted(written, key=lambda cue: (cue.start, cue.end))
    assert read_cues(write_segment(ordered, 0, 1 << 40)) == ordered


@given(st.text())
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert all(cue.start < cue.end for cue in read_cues(text))


def test_cues_that_last_for_hours_do_not_fill_the_disk() -> None:
    hours = [Cue(0, 12 * 3_600_000, "x" * 4_000) for _ in range(1_000)]
    written = write_segment(hours, 60_000, 120_000)
    assert 0 < len(written) <= MOST_SEGMENT + 100
    assert len(read_cues(written)) > 50
