"""Which streams, size, rate and clock are chosen from what ffprobe says."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import Refused
from transcoder.source.media import Chapter
from transcoder.source.tracks import (
    audio_tracks,
    chapters,
    display_size,
    frame_rate,
    is_variable,
    rotation,
    text_tracks,
    video_stream,
    video_track,
)


def video(**changes: Any) -> dict[str, Any]:
    base = {"index": 0, "codec_type": "video", "codec_name": "h264", "width": 640, "height": 360}
    return base | {"r_frame_rate": "25/1", "avg_frame_rate": "25/1", "time_base": "1/1000"} | changes


@pytest.mark.parametrize(
    ("real", "average", "wanted"),
    [
        ("24000/1001", "24000/1001", Fraction(24_000, 1001)),
        ("24/1", "24/1", Fraction(24)),
        ("19001/317", "19001/317", Fraction(60_000, 1001)),  # as Matroska's milliseconds give it
        ("90000/1", "2997/100", Fraction(30_000, 1001)),  # a phone's variable rate
        ("1000/1", "25/1", Fraction(25)),
        ("120/1", "120/1", Fraction(60)),
        ("60/1", "37/1", Fraction(60)),  # a screen recording
        ("1/1", "1/1", Fraction(8)),  # a slide show
        ("0/0", "25/1", Fraction(25)),
        ("25/1", "0/0", Fraction(25)),
    ],
)
def test_the_rate_is_one_that_films_have(real: str, average: str, wanted: Fraction) -> None:
    assert frame_rate(video(r_frame_rate=real, avg_frame_rate=average)) == wanted


def test_fields_are_not_counted_as_frames() -> None:
    assert frame_rate(video(r_frame_rate="50/1", avg_frame_rate="25/1", field_order="tt")) == 25
    assert frame_rate(video(r_frame_rate="50/1", avg_frame_rate="25/1")) == 25  # progressive MPEG-1


def test_fields_are_seen_in_the_first_picture_where_the_container_does_not_tell() -> None:
    assert not video_track(video(), 1).interlaced
    assert video_track(video(interlaced_frame=1), 1).interlaced


@pytest.mark.parametrize(
    "cover",
    [
        {"codec_name": "mjpeg"},
        {"codec_name": "h264", "nb_frames": "1"},
        {"codec_name": "h264", "disposition": {"timed_thumbnails": 1}},
    ],
)
def test_a_cover_that_nobody_marked_is_not_the_film(cover: dict[str, Any]) -> None:
    large = video(index=1, width=3000, height=3000) | {"disposition": {"default": 1}} | cover
    assert video_stream([large, video()])["index"] == 0


def test_a_film_of_pictures_is_a_film() -> None:
    assert video_stream([video(codec_name="mjpeg")])["codec_name"] == "mjpeg"


@given(st.fractions(min_value=Fraction(1, 100), max_value=2000), st.fractions(min_value=0, max_value=2000))
def test_any_rate_ends_between_the_bounds(real: Fraction, average: Fraction) -> None:
    rate = frame_rate(video(r_frame_rate=str(real), avg_frame_rate=str(average)))
    assert 8 <= rate <= 60
    assert rate.denominator <= 1001


def test_a_film_without_a_rate_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        frame_rate(video(r_frame_rate="0/0", avg_frame_rate="0/0"))
    assert caught.value.code == "unusable_rate"


def test_uneven_rates_are_noticed() -> None:
    assert is_variable(video(r_frame_rate="60/1", avg_frame_rate="37/1"))
    assert not is_variable(video())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, (640, 360)),
        ({"sample_aspect_ratio": "16:15", "width": 720, "height": 576}, (768, 576)),
        ({"sample_aspect_ratio": "0:1"}, (640, 360)),
        ({"sample_aspect_ratio": "N/A"}, (640, 360)),
        ({"side_data_list": [{"rotation": -90}]}, (360, 640)),
        ({"side_data_list": [{"rotation": 180}]}, (640, 360)),
        (
            {"sample_aspect_ratio": "3:4", "side_data_list": [{"rotation": 90}], "width": 108, "height": 144},
            (192, 108),
        ),
    ],
)
def test_the_size_is_the_one_that_is_seen(changes: dict[str, Any], wanted: tuple[int, int]) -> None:
    assert display_size(video(**changes)) == wanted


def test_turns_are_whole_quarters() -> None:
    assert rotation(video(side_data_list=[{"other": 1}, {"rotation": -90}])) == 270


def test_the_default_film_and_sound_are_chosen() -> None:
    cover = video(index=1, disposition={"attached_pic": 1}, width=4000, height=4000)
    small, main = video(index=2), video(index=3, disposition={"default": 1})
    assert video_stream([cover, small, main])["index"] == 3
    assert video_stream([cover, small, video(index=4, width=1280)])["index"] == 4
    sound = {
        "codec_type": "audio",
        "codec_name": "aac",
        "sample_rate": "48000",
        "channels": 2,
        "time_base": "1/48000",
    }
    comment = sound | {"index": 5, "disposition": {"comment": 1}}
    broken = sound | {"index": 6, "channels": 0}
    described = sound | {"index": 8, "tags": {"title": "Audio Description"}}
    found = audio_tracks([comment, broken, described, sound | {"index": 7, "tags": {"language": "deu"}}])
    assert [(track.index, track.role) for track in found] == [
        (7, "main"),
        (5, "commentary"),
        (8, "description"),
    ]
    assert found[0].language == "deu"
    assert audio_tracks([broken]) == ()


def test_the_default_sound_comes_first() -> None:
    base = {"codec_type": "audio", "codec_name": "aac", "sample_rate": "48000", "channels": 2}
    base |= {"time_base": "1/48000"}
    tracks = [base | {"index": 1}, base | {"index": 2, "disposition": {"default": 1}}]
    assert [track.index for track in audio_tracks(tracks)] == [2, 1]


def test_chapters_are_told_from_the_first_picture_on() -> None:
    raw: list[dict[str, Any]] = [
        {"start_time": "3.0", "end_time": "9.5", "tags": {"title": "Two\u202e"}},
        {"start_time": "0.0", "end_time": "3.0", "tags": {"title": "One"}},
        {"start_time": "9.5", "end_time": "9.5"},
    ]
    assert chapters(raw, Fraction(1, 2), Fraction(6)) == (
        Chapter(Fraction(0), Fraction(5, 2), "One"),
        Chapter(Fraction(5, 2), Fraction(6), "Two"),
    )


@pytest.mark.parametrize(
    ("pixel_format", "bits"),
    [("yuv420p", 8), ("yuv420p10le", 10), ("p010le", 10), ("yuv444p12le", 12), ("nv12", 8)],
)
def test_the_depth_of_a_picture_is_read_from_its_format(pixel_format: str, bits: int) -> None:
    stream = video(pix_fmt=pixel_format)
    assert video_track(stream, 10).bit_depth == bits


def test_only_text_subtitles_count_and_their_names_are_plain() -> None:
    base = {"codec_type": "subtitle", "codec_name": "subrip"}
    names = {"language": "eng", "title": "A\x00\n\u202eB" + "x" * 200}
    found = text_tracks(
        [base | {"index": 2, "tags": names}, base | {"index": 3, "codec_name": "hdmv_pgs_subtitle"}]
    )
    assert [text.index for text in found] == [2]
    assert found[0].title.startswith("ABx")
    assert len(found[0].title) == 80


def test_a_film_has_only_so_many_subtitle_tracks() -> None:
    base = {"codec_type": "subtitle", "codec_name": "subrip"}
    assert len(text_tracks([base | {"index": number} for number in range(2_000)])) == 32
