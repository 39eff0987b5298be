"""The plan cuts a film without a gap, for any rate and length."""

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.facts import picture, sound
from transcoder.planning.grid import AAC_SAMPLES, AUDIO_RATE
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.source.media import MediaInfo, TextTrack

TEXT = TextTrack(2, "subrip", "eng", "English", False)


def info(rate: Fraction = Fraction(24), frames: int = 720) -> MediaInfo:
    return MediaInfo("matroska,webm", 1, picture(frame_rate=rate, frames=frames), (sound(),), (TEXT,))


rates = st.one_of(
    st.sampled_from([Fraction(24_000, 1001), Fraction(30_000, 1001), Fraction(60_000, 1001), Fraction(25)]),
    st.fractions(min_value=8, max_value=60, max_denominator=1001),
)
films = st.builds(info, rates, st.integers(1, 12_000))
policies = st.builds(Policy, crypto_period_seconds=st.integers(4, 90), segment_seconds=st.integers(2, 6))


@given(films, policies)
def test_segments_tile_the_film_and_stay_in_their_period(film: MediaInfo, policy: Policy) -> None:
    plan = make_plan(film, policy)
    at = 0
    for number, segment in enumerate(plan.segments):
        assert segment.sequence == number
        assert segment.first_frame == at
        assert segment.frames > 0
        assert segment.period == segment.first_frame // plan.period_frames
        assert segment.period == (segment.end_frame - 1) // plan.period_frames
        at = segment.end_frame
    assert at == film.video.frames == plan.frames
    assert plan.periods == plan.segments[-1].period + 1


@given(films, policies)
def test_chunks_tile_the_segments_and_stay_in_one_period(film: MediaInfo, policy: Policy) -> None:
    plan = make_plan(film, policy)
    covered = [s for chunk in plan.chunks for s in plan.chunk_segments(chunk)]
    assert covered == list(plan.segments)
    for chunk in plan.chunks:
        segments = plan.chunk_segments(chunk)
        assert chunk.first_frame == segments[0].first_frame
        assert chunk.end_frame == segments[-1].end_frame
        assert len({s.period for s in segments}) == 1


@given(films, policies)
def test_no_segment_rounds_above_the_target_duration(film: MediaInfo, policy: Policy) -> None:
    plan = make_plan(film, policy)
    for name in ("a0", plan.video[0].name):
        for segment in plan.segments:
            seconds = plan.segment_duration(name, segment.sequence)
            assert int(seconds + Fraction(1, 2)) <= plan.target_duration <= policy.segment_seconds + 1


@given(films)
def test_sound_follows_the_picture_within_half_a_frame_of_sound(film: MediaInfo) -> None:
    plan = make_plan(film)
    borders = plan.audio_borders("a0")
    assert borders[0] == 0
    assert all(a < b for a, b in itertools.pairwise(borders))
    for video, audio in zip(plan.segment_borders[:-1], borders[:-1], strict=True):
        apart = video / plan.frame_rate - Fraction(audio * AAC_SAMPLES, AUDIO_RATE)
        assert abs(apart) <= Fraction(512, AUDIO_RATE)
    total = Fraction(borders[-1] * AAC_SAMPLES, AUDIO_RATE)
    assert 0 <= total - plan.duration < Fraction(AAC_SAMPLES, AUDIO_RATE)


@given(films, policies)
def test_a_plan_survives_json_and_is_the_same_every_time(film: MediaInfo, policy: Policy) -> None:
    plan = make_plan(film, policy)
    again = Plan.from_json(plan.to_json())
    assert again == plan == make_plan(film, policy)
    assert again.to_json() == plan.to_json()


def test_segments_begin_short() -> None:
    plan = make_plan(info(Fraction(24), 24 * 150))
    seconds = [float(s.frames / plan.frame_rate) for s in plan.segments]
    assert seconds[:7] == [1, 1, 2, 2, 2, 4, 4]
    assert set(seconds[7:]) == {4, 2}  # two more seconds at the film's end
    assert plan.target_duration == 4


@pytest.mark.parametrize(
    ("seconds", "chunks"),
    [
        (9, [2, 7]),  # a last second is not worth a process
        (30, [2, 6, 12, 10]),
        (60, [2, 6, 16, 12, 12, 12]),
        (150, [2, 6, 16, 36, 20, 20, 12, 8, 12, 12, 6]),
    ],
)
def test_chunks_grow_and_become_shorter_again_towards_the_end(seconds: int, chunks: list[int]) -> None:
    plan = make_plan(info(Fraction(24), 24 * seconds))
    assert [float(c.frames / plan.frame_rate) for c in plan.chunks] == chunks


@given(films)
def test_the_last_chunks_are_short_so_that_all_hands_end_together(film: MediaInfo) -> None:
    plan = make_plan(film)
    for chunk in plan.chunks[2:]:
        share = max(10 * plan.frame_rate, Fraction(plan.frames - chunk.first_frame, 4))
        assert chunk.frames <= share * Fraction(3, 2) + 5 * plan.frame_rate


def test_a_sliver_at_the_end_joins_the_segment_before() -> None:
    plan = make_plan(info(Fraction(25), 25 * 12 + 3))
    assert plan.segments[-1].frames == 103
    assert plan.target_duration == 4


def test_ticks_are_whole_and_fine() -> None:
    assert (make_plan(info()).timescale, make_plan(info()).frame_ticks) == (24_000, 1000)
    ntsc = make_plan(info(Fraction(30_000, 1001)))
    assert (ntsc.timescale, ntsc.frame_ticks) == (30_000, 1001)


def test_the_starter_is_the_lowest_rung_and_the_sound() -> None:
    plan = make_plan(info())
    assert plan.renditions == ("v720", "v480", "v360", "v240", "a0")
    assert plan.starter == ("v240", "a0")
    assert [text.name for text in plan.texts] == ["t0"]
    assert plan.rendition("t0") is plan.texts[0]
    assert sum(plan.text_duration(period) for period in range(plan.periods)) == plan.duration


def test_every_sound_track_is_offered_and_the_first_by_default() -> None:
    tracks = (sound(language="eng"), sound(index=2, language="eng", title="Director", role="commentary"))
    plan = make_plan(replace(info(), audios=tracks))
    assert plan.renditions[-2:] == plan.starter[-2:] == ("a0", "a1")
    assert [(one.stream, one.role, one.default) for one in plan.audios] == [
        (1, "main", True),
        (2, "commentary", False),
    ]
    assert Plan.from_json(plan.to_json()) == plan


@given(st.integers(-600, 600), st.sampled_from([1024, 960]), st.sampled_from([44_100, 48_000]))
def test_sound_of_any_phase_follows_the_picture(phase: int, samples: int, rate: int) -> None:
    plan = make_plan(info())
    plan = replace(plan, audios=(replace(plan.audios[0], phase=phase, samples=samples, rate=rate),))
    borders = plan.audio_borders("a0")
    for frame, border in zip(plan.segment_borders[1:-1], borders[1:-1], strict=True):
        apart = frame / plan.frame_rate - Fraction(phase + border * samples, rate)
        assert abs(apart) <= Fraction(samples, 2 * rate)


def test_an_unknown_rendition_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        make_plan(info()).rendition("v9")


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"info": 3}'])
def test_json_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Plan.from_json(text)
