"""MPDs: one kept as it is, and what holds of every film's, read back with an XML parser of its own."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.formats.dash import CENC, Track, content_protection, crypto_periods, mpd, named_key
from transcoder.formats.hls import Rendition, Segment

KEPT = Path(__file__).parents[3] / "vectors" / "film.mpd"
NAMES = {"m": "urn:mpeg:dash:schema:mpd:2011"}

V240 = Rendition(
    "v240", "video", "sd", "avc1.64000d", 400_000, width=426, height=240, frame_rate=Fraction(24)
)
V480 = Rendition(
    "v480", "video", "sd", "avc1.64001e", 900_000, width=854, height=480, frame_rate=Fraction(24)
)
V720 = Rendition("v720", "video", "hd", "avc1.64001f", 2_500_000, width=1280, height=720)
A0 = Rendition("a0", "audio", "sd", "mp4a.40.2", 128_000, channels=2, language="eng", default=True)
A1 = Rendition("a1", "audio", "sd", "mp4a.40.2", 128_000, channels=2, language="deu", role="description")
T0 = Rendition("t0", "text", "sd", language="fra", role="sdh", label='Le "vrai" <film>')


def cut(
    rendition: Rendition, timescale: int, ticks: Sequence[int], per_period: int = 2, start: int | None = None
) -> Track:
    """A track of segments of these lengths, so many to a crypto period."""
    at, segments = start, []
    for number, length in enumerate(ticks):
        begin = None if at is None else Fraction(at, timescale)
        name = f"{number:06d}.{'vtt' if rendition.kind == 'text' else 'm4s'}"
        segments.append(Segment(number, number // per_period, Fraction(length, timescale), name, begin))
        at = None if at is None else at + length
    init = (lambda _: "") if rendition.kind == "text" else (lambda period: f"init-{period}.mp4")
    return Track(replace(rendition, timescale=timescale), segments, f"/media/x/{rendition.name}/", init)


def film() -> list[Track]:
    """Three crypto periods of four seconds, the last a short one; sound in frames of 1024 samples."""
    pictures = [cut(one, 24_000, [48_000] * 5) for one in (V240, V480, V720)]
    sounds = [cut(one, 48_000, [96_256, 95_232, 96_256, 96_256, 96_256]) for one in (A0, A1)]
    return [*pictures, *sounds, cut(T0, 24_000, [96_000, 96_000, 48_000], per_period=1)]


def protect(tier: str, period: int) -> list[ET.Element]:
    return [named_key(f"{tier}-{period}"), content_protection("urn:uuid:some", "A system")]


def read(tracks: Sequence[Track]) -> ET.Element:
    return ET.fromstring(mpd(tracks, protect=protect))


def seconds(text: str | None) -> Decimal:
    assert text is not None
    assert text.startswith("PT")
    assert text.endswith("S")
    return Decimal(text[2:-1])


def test_a_films_mpd_is_as_it_was_kept() -> None:
    ET.register_namespace("", NAMES["m"])
    tree = read(film())
    ET.indent(tree)
    assert ET.tostring(tree, encoding="unicode") + "\n" == KEPT.read_text()


def test_every_key_has_a_set_of_its_own_that_names_where_to_switch() -> None:
    sets = read(film()).findall("m:Period[1]/m:AdaptationSet[@contentType='video']", NAMES)
    kids = [one.find("m:ContentProtection", NAMES).get(f"{{{CENC}}}default_KID") for one in sets]  # type: ignore[union-attr]
    others = [one.find("m:SupplementalProperty", NAMES).get("value") for one in sets]  # type: ignore[union-attr]
    assert kids == ["sd-0", "hd-0"]
    assert others == [sets[1].get("id"), sets[0].get("id")]
    assert [len(one.findall("m:Representation", NAMES)) for one in sets] == [2, 1]


def test_the_init_segment_is_that_of_the_crypto_period() -> None:
    inits = [one.get("sourceURL") for one in read([film()[0]]).iter(f"{{{NAMES['m']}}}Initialization")]
    assert inits == ["init-0.mp4", "init-1.mp4", "init-2.mp4"]


def test_words_are_not_protected_and_keep_the_times_of_the_film() -> None:
    words = read(film()).findall(".//m:AdaptationSet[@contentType='text']", NAMES)
    offsets = [one.find(".//m:SegmentList", NAMES).get("presentationTimeOffset") for one in words]  # type: ignore[union-attr]
    assert offsets == ["0", "96000", "192000"]
    assert not any(one.findall("m:ContentProtection", NAMES) for one in words)


def test_letters_of_markup_in_a_label_stay_letters() -> None:
    label = read(film()).find(".//m:AdaptationSet[@contentType='text']/m:Label", NAMES)
    assert label is not None
    assert label.text == 'Le "vrai" <film>, SDH'


def test_sound_that_begins_within_a_frame_is_listed_without_a_gap() -> None:
    sound = cut(A0, 48_000, [96_256, 95_232])
    late = [Segment(0, 0, Fraction(96_256, 48_000), "0.m4s", Fraction(0))]
    late.append(Segment(1, 0, Fraction(95_232, 48_000), "1.m4s", Fraction(96_000, 48_000)))
    picture = cut(V240, 24_000, [48_000] * 2)
    tree = read([picture, Track(sound.rendition, late, sound.base, sound.init)])
    places = [(one.get("t"), one.get("d")) for one in tree.findall(".//m:SegmentTimeline/m:S", NAMES)]
    assert places[2:] == [("0", "96000"), ("96000", "96000")]


def test_sound_is_listed_from_the_start_of_its_period_to_its_end() -> None:
    picture = cut(V240, 24_000, [48_000] * 4)
    for lengths in ([96_256, 96_256, 95_232, 95_232], [95_232, 96_256, 96_256, 96_256]):
        tree = read([picture, cut(A0, 48_000, lengths)])
        for number, period in enumerate(tree.findall("m:Period", NAMES)):
            places = period.findall(".//m:Representation[@id='a0']//m:S", NAMES)
            assert int(places[0].get("t", "")) <= number * 192_000
            assert int(places[-1].get("t", "")) + int(places[-1].get("d", "")) >= (number + 1) * 192_000


def test_sound_that_is_missing_for_longer_is_not_listed_as_if_it_were_there() -> None:
    picture, sound = cut(V240, 24_000, [48_000] * 2), cut(A0, 48_000, [96_000], start=48_000)
    places = read([picture, sound]).findall(".//m:Representation[@id='a0']//m:S", NAMES)
    assert [(one.get("t"), one.get("d")) for one in places] == [("48000", "96000")]


def test_a_segment_between_two_ticks_is_no_segment_of_that_timescale() -> None:
    with pytest.raises(ValueError, match="does not begin at a tick"):
        mpd(
            [Track(replace(V240, timescale=1000), [Segment(0, 0, Fraction(1, 3), "x.m4s")], "/", str)],
            protect=protect,
        )


def test_a_film_without_a_picture_has_no_mpd() -> None:
    with pytest.raises(ValueError, match="needs a picture"):
        mpd([cut(A0, 48_000, [1024])], protect=protect)


RATES = st.sampled_from([(24_000, 1001), (25, 1), (30_000, 1001), (60, 1)])


@settings(max_examples=40, deadline=None)
@given(RATES, st.lists(st.integers(1, 200), min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 2000))
def test_periods_and_segments_add_up_without_error(
    rate: tuple[int, int], frames: list[int], per_period: int, phase: int
) -> None:
    timescale, frame = rate[0] * 1000, rate[1] * 1000
    picture = cut(V240, timescale, [count * frame for count in frames], per_period, 0)
    sound = cut(A0, 48_000, [1024 * count for count in frames], per_period, phase)
    tree = read([picture, sound])
    periods = tree.findall("m:Period", NAMES)
    starts = [seconds(one.get("start")) for one in periods]
    ends = [start + seconds(one.get("duration")) for start, one in zip(starts, periods, strict=True)]
    assert starts == [Decimal(0), *ends[:-1]]
    assert ends[-1] == seconds(tree.get("mediaPresentationDuration"))
    exact = [stretch.start for stretch in crypto_periods([picture])]
    assert all(
        abs(Fraction(start) - want) <= Fraction(1, 10**9) for start, want in zip(starts, exact, strict=True)
    )
    assert _listed(tree, "v240") == _made(picture)
    for listed, made in zip(_listed(tree, "a0"), _made(sound), strict=True):
        assert listed[2] == made[2]
        assert listed == made or abs(listed[0] - made[0]) + abs(sum(listed[:2]) - sum(made[:2])) <= 9600


def _made(track: Track) -> list[tuple[int, int, str]]:
    at, found = int((track.segments[0].start or 0) * track.rendition.timescale), []
    for segment in track.segments:
        length = int(segment.duration * track.rendition.timescale)
        found.append((at, length, segment.name))
        at += length
    return found


def _listed(tree: ET.Element, name: str) -> list[tuple[int, int, str]]:
    """What a player reads of a rendition: start and length in ticks, and the segment's name."""
    found = []
    for one in tree.findall(f".//m:Representation[@id='{name}']/m:SegmentList", NAMES):
        places = []
        for place in one.findall("m:SegmentTimeline/m:S", NAMES):
            at, length = int(place.get("t", "")), int(place.get("d", ""))
            places += [(at + length * n, length) for n in range(int(place.get("r", "0")) + 1)]
        names = [each.get("media", "") for each in one.findall("m:SegmentURL", NAMES)]
        found += [(*place, each) for place, each in zip(places, names, strict=True)]
    return found
