from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.formats import hls
from transcoder.formats.hls import Rendition, Segment
from transcoder.source.media import Chapter

VIDEO = Rendition(
    "v480",
    "video",
    "sd",
    "avc1.64001e",
    1_400_000,
    900_000,
    854,
    480,
    Fraction(24000, 1001),
    init_name="i.mp4",
)
HIGH = Rendition(
    "v720", "video", "hd", "avc1.64001f", 3_000_000, 2_000_000, 1280, 720, Fraction(25), init_name="i.mp4"
)
SOUND = Rendition(
    "a0", "audio", "sd", "mp4a.40.2", 130_000, 128_000, channels=2, language="en", init_name="i.mp4"
)
WORDS = Rendition("t0", "text", "sd", language="de", label='Deutsch "SDH"')


def keys_of(segment: Segment, start: Fraction) -> list[hls.Key]:
    return [hls.whole_key(key_uri(segment, start))]


def key_uri(segment: Segment, _start: Fraction = Fraction(0)) -> str:
    return f"/play/token/key/v480/{segment.period}"


def grid(count: int, per_period: int = 3) -> list[Segment]:
    lengths = [Fraction(1001, 1000), Fraction(1), Fraction(2), Fraction(2), Fraction(2)]
    return [
        Segment(n, n // per_period, lengths[n] if n < 5 else Fraction(4), f"v-{n:06d}-abcdefgh.m4s")
        for n in range(count)
    ]


def test_a_finished_film_is_vod_with_an_end() -> None:
    text = hls.media(VIDEO, grid(9), complete=True, target=4, keys=keys_of)
    parsed = m3u8.loads(text)
    assert parsed.playlist_type == "vod"
    assert parsed.is_endlist
    assert parsed.target_duration == 4
    assert "#EXT-X-START" not in text
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:7\n")


EPOCH = datetime(2026, 11, 22, 20, tzinfo=UTC)


def test_chapters_are_date_ranges_from_a_fixed_instant_on() -> None:
    chapters = (
        Chapter(Fraction(0), Fraction(7), 'The "first",\nof two'),
        Chapter(Fraction(7), Fraction(64, 5), ""),
    )
    dated = hls.Dated(EPOCH, chapters)
    text = hls.media(VIDEO, grid(4), complete=True, target=4, keys=keys_of, dated=dated)
    parsed = m3u8.loads(text)
    assert [one.program_date_time for one in parsed.segments] == [EPOCH, None, None, None]
    assert [one.current_program_date_time for one in parsed.segments][2] == EPOCH + timedelta(
        milliseconds=2001
    )
    ranges = parsed.segments[0].dateranges
    assert [(one.id, one.start_date, one.duration) for one in ranges] == [
        ("chapter-1", "2026-11-22T20:00:00.000Z", 7.0),
        ("chapter-2", "2026-11-22T20:00:07.000Z", 5.8),
    ]
    assert [one.class_ for one in ranges] == [hls.CHAPTER_CLASS] * 2
    assert [dict(one.x_client_attrs)["x_title"] for one in ranges] == ['"The first,of two"', '"Chapter 2"']


@given(st.text(max_size=40))
def test_no_chapters_title_breaks_out_of_its_line(title: str) -> None:
    dated = hls.Dated(EPOCH, (Chapter(Fraction(0), Fraction(1), title),))
    plain = hls.media(VIDEO, grid(2), complete=True, target=4, keys=keys_of)
    lines = hls.media(VIDEO, grid(2), complete=True, target=4, keys=keys_of, dated=dated).splitlines()
    assert len(lines) == len(plain.splitlines()) + 2
    assert sum(line.count('"') for line in lines if "DATERANGE" in line) == 8


def test_a_growing_film_is_an_event_that_begins_at_its_beginning() -> None:
    text = hls.media(VIDEO, grid(9), complete=False, target=4, keys=keys_of)
    parsed = m3u8.loads(text)
    assert parsed.playlist_type == "event"
    assert not parsed.is_endlist
    assert parsed.start.time_offset == 0


def test_the_map_is_clear_and_every_period_has_a_key() -> None:
    text = hls.media(VIDEO, grid(9), complete=True, target=4, keys=keys_of)
    assert text.index("#EXT-X-MAP") < text.index("#EXT-X-KEY")
    assert text.count("#EXT-X-MAP") == 1
    assert "IV=" not in text
    keys = [segment.key.uri for segment in m3u8.loads(text).segments]
    assert keys == [key_uri(one) for one in grid(9)]
    assert text.count("#EXT-X-KEY") == 3


@settings(deadline=None)
@given(st.lists(st.fractions(Fraction(1, 100), Fraction(12)), min_size=1, max_size=40))
def test_durations_are_true_and_within_the_target(lengths: list[Fraction]) -> None:
    segments = [Segment(n, n // 5, length, f"v-{n}.m4s") for n, length in enumerate(lengths)]
    target = hls.target_duration(segments)
    parsed = m3u8.loads(hls.media(VIDEO, segments, complete=True, target=target, keys=keys_of))
    for segment, length in zip(parsed.segments, lengths, strict=True):
        assert abs(segment.duration - float(length)) < 1e-6
        assert int(segment.duration + 0.5) <= target


def test_text_has_no_map() -> None:
    text = hls.media(WORDS, grid(2), complete=True, target=60, keys=keys_of)
    assert "EXT-X-MAP" not in text


def test_the_multivariant_playlist_says_what_there_is() -> None:
    text = hls.multivariant(
        [HIGH, VIDEO, SOUND, WORDS], complete=True, media_uri=lambda one: f"/media/x/{one.name}.m3u8"
    )
    parsed = m3u8.loads(text)
    assert parsed.is_independent_segments
    low, high = parsed.playlists
    assert (low.uri, high.uri) == ("/media/x/v480.m3u8", "/media/x/v720.m3u8")
    info = low.stream_info
    assert (info.bandwidth, info.average_bandwidth) == (1_530_000, 1_028_000)
    assert info.resolution == (854, 480)
    assert info.codecs == "avc1.64001e,mp4a.40.2"
    assert info.frame_rate == 23.976
    assert info.closed_captions == "NONE"
    assert info.video_range == "SDR"
    assert (info.audio, info.subtitles) == ("aac-2", "text")
    sound = next(one for one in parsed.media if one.type == "AUDIO")
    assert (sound.default, sound.channels, sound.language) == ("YES", "2", "en")
    words = next(one for one in parsed.media if one.type == "SUBTITLES")
    assert (words.default, words.forced, words.name) == ("NO", "NO", "Deutsch 'SDH'")


def test_every_stream_says_that_it_has_no_closed_captions() -> None:
    text = hls.multivariant([HIGH, VIDEO], complete=False, media_uri=lambda one: one.name)
    assert text.count("#EXT-X-STREAM-INF") == text.count("CLOSED-CAPTIONS=NONE") == 2
    assert "AUDIO=" not in text
    assert "#EXT-X-START:TIME-OFFSET=0" in text


def test_names_in_a_group_are_never_the_same() -> None:
    twins = [Rendition(name, "text", "sd", language="en") for name in ("t0", "t1")]
    text = hls.multivariant([VIDEO, *twins], complete=True, media_uri=lambda one: one.name)
    names = [one.name for one in m3u8.loads(text).media]
    assert len(set(names)) == 2


@settings(deadline=None)
@given(st.text())
def test_no_label_breaks_out_of_its_quotes(label: str) -> None:
    one = Rendition("t0", "text", "sd", label=label)
    text = hls.multivariant([VIDEO, one], complete=True, media_uri=lambda r: r.name)
    assert len(text.splitlines()) == 6
    assert text.split("\n")[3].count('"') == 6


def test_tracks_are_named_with_their_language_and_role_and_flagged_for_players() -> None:
    tracks = [
        Rendition("a0", "audio", "sd", language="eng", init_name="i.mp4"),
        Rendition("a1", "audio", "sd", language="eng", role="commentary", init_name="i.mp4"),
        Rendition("t0", "text", "sd", language="deu", role="sdh", default=True),
        Rendition("t1", "text", "sd", language="eng", forced=True, default=True),
    ]
    parsed = m3u8.loads(hls.multivariant([VIDEO, *tracks], complete=True, media_uri=lambda r: r.name))
    assert [(one.name, one.language, one.default, one.autoselect, one.forced) for one in parsed.media] == [
        ("English", "en", "YES", "YES", None),
        ("English, commentary", "en", "NO", "NO", None),
        ("German, SDH", "de", "YES", "YES", "NO"),
        ("English, forced", "en", "NO", "YES", "YES"),
    ]
    sdh = parsed.media[2].characteristics
    assert set(sdh.split(",")) == {
        "public.accessibility.transcribes-spoken-dialog",
        "public.accessibility.describes-music-and-sound",
    }


WINDING = Rendition("i480", "iframe", "sd", "avc1.64001e", 90_000, width=854, height=480, init_name="i.mp4")
BOARD = Rendition("s0", "image", "sd", "", 20_000, width=160, height=90, frame_rate=Fraction(1, 6))


def test_winding_and_storyboard_are_streams_of_their_own() -> None:
    text = hls.multivariant(
        [VIDEO, WINDING, BOARD],
        complete=True,
        media_uri=lambda one: f"/media/x/{one.name}.m3u8",
        chapters_uri="/play/token/chapters.json",
    )
    parsed = m3u8.loads(text)
    assert len(parsed.playlists) == 1
    winding = parsed.iframe_playlists[0]
    assert winding.uri == "/media/x/i480.m3u8"
    assert winding.iframe_stream_info.resolution == (854, 480)
    assert winding.iframe_stream_info.codecs == "avc1.64001e"
    board = parsed.image_playlists[0]
    assert board.uri == "/media/x/s0.m3u8"
    assert board.image_stream_info.resolution == (160, 90)
    assert parsed.session_data[0].uri == "/play/token/chapters.json"


def test_a_playlist_for_winding_says_so() -> None:
    text = hls.media(WINDING, grid(3), complete=True, target=4, keys=keys_of)
    assert m3u8.loads(text).is_i_frames_only
    assert "#EXT-X-MAP" in text


def test_a_storyboard_says_how_its_tiles_lie() -> None:
    sheets = [Segment(n, 0, Fraction(150), f"s-{n}.jpg") for n in range(2)]
    parsed = m3u8.loads(hls.media(BOARD, sheets, complete=True, target=150, keys=keys_of))
    assert parsed.is_images_only
    tiles = [(one["resolution"], one["layout"], float(one["duration"])) for one in parsed.data["tiles"]]
    assert tiles == [("160x90", "5x5", 6.0)] * 2
    assert {sheet.key.uri for sheet in parsed.segments} == {key_uri(sheets[0])}


def test_chapters_without_a_name_are_told_by_their_number() -> None:
    found = hls.chapter_list(
        [Chapter(Fraction(0), Fraction(123, 2), "Arrival"), Chapter(Fraction(123, 2), Fraction(90), "")]
    )
    assert [(one["start-time"], one["duration"]) for one in found] == [(0, 61.5), (61.5, 28.5)]
    assert [one["titles"] for one in found] == [
        [{"language": "und", "title": "Arrival"}],
        [{"language": "und", "title": "Chapter 2"}],
    ]


TRACKS = [
    replace(SOUND, default=True),
    replace(SOUND, name="a0s", channels=6, bandwidth=480_000, average_bandwidth=390_000, default=True),
    replace(SOUND, name="a0o", codecs="opus", bandwidth=110_000, average_bandwidth=96_000, default=True),
    replace(SOUND, name="a1", label="Director", role="commentary"),
    replace(SOUND, name="a1o", codecs="opus", label="Director", role="commentary"),
    replace(SOUND, name="a2", language="fr", role="description"),
]


def test_every_group_of_sound_has_every_track() -> None:
    groups = hls.sound_groups(TRACKS)
    assert {group: [one.name for one in members] for group, members in groups.items()} == {
        "aac-2": ["a0", "a1", "a2"],
        "opus-2": ["a0o", "a1o", "a2"],
        "aac-6": ["a0s", "a1", "a2"],
    }


def test_every_rung_stands_with_every_group_and_names_all_codecs() -> None:
    better = replace(HIGH, name="v720av1", codecs="av01.0.05M.10", bandwidth=2_000_000, hdr="pq")
    text = hls.multivariant([HIGH, better, VIDEO, *TRACKS], complete=True, media_uri=lambda one: one.name)
    parsed = m3u8.loads(text)
    found = [(one.uri, one.stream_info.audio, one.stream_info.codecs) for one in parsed.playlists]
    assert found == [
        (rung, group, f"{codec},{sounds}")
        for rung, codec in (("v480", VIDEO.codecs), ("v720av1", better.codecs), ("v720", HIGH.codecs))
        for group, sounds in (("aac-2", "mp4a.40.2"), ("opus-2", "opus,mp4a.40.2"), ("aac-6", "mp4a.40.2"))
    ]
    assert [one.stream_info.video_range for one in parsed.playlists] == ["SDR"] * 3 + ["PQ"] * 3 + ["SDR"] * 3
    assert parsed.playlists[2].stream_info.bandwidth == VIDEO.bandwidth + 480_000


def test_a_track_is_called_the_same_in_every_group() -> None:
    text = hls.multivariant([VIDEO, *TRACKS], complete=True, media_uri=lambda one: one.name)
    names: dict[str, set[str]] = {}
    for one in m3u8.loads(text).media:
        names.setdefault(one.group_id, set()).add(one.name)
    assert names["aac-2"] == names["aac-6"] == names["opus-2"]
    assert len(names["aac-2"]) == 3


def test_commentary_is_never_chosen_by_itself() -> None:
    parsed = m3u8.loads(hls.multivariant([VIDEO, *TRACKS], complete=True, media_uri=lambda one: one.name))
    main, commentary, description = (one for one in parsed.media if one.group_id == "aac-2")
    assert (main.default, main.autoselect) == ("YES", "YES")
    assert (commentary.default, commentary.autoselect) == ("NO", "NO")
    assert (description.autoselect, description.characteristics) == (
        "YES",
        "public.accessibility.describes-video",
    )


def test_with_several_hosts_all_stands_once_for_each() -> None:
    steering = hls.Steering("/steer.json", ("near", "far"), lambda uri, way: f"{uri}?via={way}")
    text = hls.multivariant(
        [HIGH, VIDEO, SOUND, WORDS], complete=True, media_uri=lambda one: one.name, steering=steering
    )
    assert '#EXT-X-CONTENT-STEERING:SERVER-URI="/steer.json",PATHWAY-ID="near"\n' in text
    parsed = m3u8.loads(text)
    assert [(one.uri, one.stream_info.audio, one.stream_info.subtitles) for one in parsed.playlists] == [
        ("v480?via=near", "aac-2.near", "text.near"),
        ("v720?via=near", "aac-2.near", "text.near"),
        ("v480?via=far", "aac-2.far", "text.far"),
        ("v720?via=far", "aac-2.far", "text.far"),
    ]
    groups = {(one.group_id, one.uri) for one in parsed.media}
    assert ("aac-2.far", "a0?via=far") in groups
    assert ("text.near", "t0?via=near") in groups


def test_segments_may_lie_elsewhere_than_their_playlist() -> None:
    def place(name: str) -> str:
        return f"https://cdn.test/x/{name}"

    text = hls.media(VIDEO, grid(3), complete=True, target=4, keys=keys_of, place=place)
    parsed = m3u8.loads(text)
    assert parsed.segments[0].uri == "https://cdn.test/x/v-000000-abcdefgh.m4s"
    assert parsed.segment_map[0].uri == "https://cdn.test/x/i.mp4"
    assert parsed.segments[0].key.uri == key_uri(grid(1)[0])


SAMPLES = replace(VIDEO, init_name="i-0.mp4", inits=tuple((period, f"i-{period}.mp4") for period in range(3)))


def licence_of(segment: Segment, _start: Fraction = Fraction(0)) -> list[hls.Key]:
    return [hls.sample_key("licence", hls.CLEAR_KEY, UUID(int=segment.period + 1))]


def test_each_crypto_period_of_samples_names_its_key_and_then_its_init_segment() -> None:
    text = hls.media(SAMPLES, grid(9), complete=True, target=4, keys=licence_of)
    lines = text.splitlines()
    keys = [place for place, line in enumerate(lines) if line.startswith("#EXT-X-KEY")]
    assert [lines[place + 1] for place in keys] == [f'#EXT-X-MAP:URI="i-{n}.mp4"' for n in range(len(keys))]
    assert len(keys) == len({one.period for one in grid(9)}) == text.count("EXT-X-MAP")
    assert lines[keys[0]] == (
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="licence",KEYFORMAT="org.w3.clearkey",'
        f'KEYFORMATVERSIONS="1",KEYID=0x{1:032X}'
    )
    assert "DISCONTINUITY" not in text
    parsed = m3u8.loads(text)
    wanted = [f"i-{one.period}.mp4" for one in grid(9)]
    assert [one.init_section.uri for one in parsed.segments] == wanted


def test_every_key_system_has_a_tag_of_its_own_in_every_period() -> None:
    def two(segment: Segment, start: Fraction) -> list[hls.Key]:
        return [*licence_of(segment, start), hls.Key(hls.SAMPLE_AES, 'URI="other",KEYFORMAT="urn:uuid:x"')]

    text = hls.media(SAMPLES, grid(9), complete=True, target=4, keys=two)
    assert text.count('URI="licence"') == text.count('URI="other"') == text.count("EXT-X-MAP")


def test_session_keys_stand_before_all_that_they_are_for() -> None:
    text = hls.multivariant(
        [SAMPLES],
        complete=True,
        media_uri=lambda one: f"{one.name}.m3u8",
        session_keys=licence_of(grid(1)[0]),
    )
    assert text.index("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES") < text.index("#EXT-X-STREAM-INF")
