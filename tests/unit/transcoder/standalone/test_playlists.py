from fractions import Fraction

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.facts import picture, sound
from transcoder.keys.manifest import Kind, ManifestObject
from transcoder.planning.plan import Plan, Policy, make_plan
from transcoder.source.media import Chapter, MediaInfo, TextTrack
from transcoder.standalone import playlists

INFO = MediaInfo(
    "mov",
    1000,
    picture(frames=24 * 150),
    (sound(language="eng", default=True), sound(index=2, language="deu", role="description")),
    (TextTrack(3, "subrip", "eng", "English", forced=False),),
    (Chapter(Fraction(0), Fraction(75), "Begin"), Chapter(Fraction(75), Fraction(150), "End")),
)
PLAN = make_plan(INFO, Policy())
CODECS = {name: "avc1.64001f" if name[0] in "vi" else "mp4a.40.2" for name in ("v720", *PLAN.renditions)}


def objects(plan: Plan) -> list[ManifestObject]:
    """What a folder would hold of a plan; sizes grow with the sequence."""
    found = []
    for name in (*plan.renditions, plan.iframes.name):
        tier = plan.rendition(name).tier
        found.append(ManifestObject(f"{name}/init.mp4", Kind.INIT, name, tier, -1, -1, 700, bytes(32)))
        for segment in plan.segments:
            found.append(
                ManifestObject(
                    f"{name}/{segment.sequence:06d}.m4s",
                    Kind.SEGMENT,
                    name,
                    tier,
                    segment.period,
                    segment.sequence,
                    1000 + segment.sequence,
                    bytes(32),
                    plan.segment_duration(name, segment.sequence),
                )
            )
    for text in plan.texts:
        for period in range(plan.periods):
            name, length = f"{text.name}/{period:06d}.vtt", plan.text_duration(period)
            found.append(
                ManifestObject(name, Kind.TEXT, text.name, "sd", period, period, 48, bytes(32), length)
            )
    return [*found, ManifestObject("poster.bin", Kind.POSTER, "", "sd", -1, -1, 9, bytes(32))]


def written(key_url: str = playlists.KEY_URL) -> dict[str, str]:
    return playlists.write(PLAN, objects(PLAN)[::-1], CODECS, key_url)


def test_there_is_a_playlist_for_every_rendition_and_the_one_to_open_comes_last() -> None:
    found = written()
    names = (*PLAN.renditions, PLAN.iframes.name, "t0")
    assert set(found) == {*(f"{name}.m3u8" for name in names), "chapters.json", "main.m3u8"}
    assert list(found)[-1] == "main.m3u8"


def test_every_segment_is_listed_in_order_with_its_length_and_the_key_of_its_period() -> None:
    parsed = m3u8.loads(written()["a0.m3u8"])
    assert [one.uri for one in parsed.segments] == [f"a0/{n:06d}.m4s" for n in range(len(PLAN.segments))]
    assert [one.key.uri for one in parsed.segments] == [f"keys/a0-{s.period}.key" for s in PLAN.segments]
    assert parsed.segment_map[0].uri == "a0/init.mp4"
    for one, segment in zip(parsed.segments, PLAN.segments, strict=True):
        assert one.duration == pytest.approx(float(PLAN.segment_duration("a0", segment.sequence)), abs=1e-6)
        assert int(one.duration + 0.5) <= parsed.target_duration
    assert parsed.is_endlist


def test_subtitles_are_cut_by_period_and_their_target_duration_says_so() -> None:
    parsed = m3u8.loads(written()["t0.m3u8"])
    assert [one.duration for one in parsed.segments] == [60, 60, 30]
    assert parsed.target_duration == 60
    assert m3u8.loads(written()["v720.m3u8"]).target_duration == 4


def test_the_playlist_to_open_names_tracks_languages_roles_and_chapters() -> None:
    text = written()["main.m3u8"]
    parsed = m3u8.loads(text)
    sounds = [one for one in parsed.media if one.type == "AUDIO"]
    assert [one.language for one in sounds] == ["en", "de"]
    assert [one.default for one in sounds] == ["YES", "NO"]
    assert sounds[1].characteristics == "public.accessibility.describes-video"
    assert all(one.stream_info.closed_captions == "NONE" for one in parsed.playlists)
    assert "#EXT-X-I-FRAME-STREAM-INF" in text
    assert 'URI="chapters.json"' in text


def test_keys_may_live_anywhere() -> None:
    text = written("https://example.org/keys/{rendition}/{period}?x=1")["v720.m3u8"]
    assert 'URI="https://example.org/keys/v720/2?x=1"' in text


@pytest.mark.parametrize(
    "key_url",
    ["", "keys/{period}", "keys/{rendition}", "{rendition}{period}{x}", "{rendition}{period}{}",
     '{rendition}"{period}', "{rendition}{period}\n#EXT", "{rendition} {period}", "{rendition.name}{period}"],
)  # fmt: skip
def test_addresses_that_tell_no_keys_apart_or_break_a_playlist_are_refused(key_url: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        playlists.check_key_url(key_url)


def test_what_was_written_is_read_back() -> None:
    listing = playlists.read_media(written()["v720.m3u8"])
    assert {entry.init for entry in listing.entries} == {"v720/init.mp4"}
    assert [one.uri for one in listing.entries] == [f"v720/{n:06d}.m4s" for n in range(len(PLAN.segments))]
    assert listing.entries[0].duration == "1.000000"
    assert (listing.target, listing.is_whole) == (4, True)
    assert set(playlists.uris(written()["main.m3u8"])) == set(written()) - {"main.m3u8"}


@given(st.text())
def test_any_text_is_a_playlist_or_refused(text: str) -> None:
    try:
        playlists.read_media(text)
    except ValueError:
        return
    assert text.startswith("#EXTM3U")


def item(sequence: int, size: int, seconds: Fraction) -> ManifestObject:
    return ManifestObject("n", Kind.SEGMENT, "v", "sd", 0, sequence, size, bytes(32), seconds)


def test_the_peak_is_that_of_the_densest_stretch_of_about_a_target_duration() -> None:
    second = Fraction(1)
    # A stretch of 1 s is too short to count beside 4 s segments; together with its neighbours it does.
    listed = [item(0, 9000, second), item(1, 1000, second), item(2, 1000, 4 * second)]
    assert playlists.rates(listed) == (8 * 10_000 // 2, -(-8 * 11_000 // 6))


@given(st.lists(st.tuples(st.integers(1, 10**6), st.fractions(Fraction(1, 10), 10)), min_size=1, max_size=30))
def test_no_average_is_above_its_peak(rows: list[tuple[int, Fraction]]) -> None:
    peak, average = playlists.rates(item(n, size, seconds) for n, (size, seconds) in enumerate(rows))
    assert 0 < average <= peak
