"""The best rungs are there in further codecs, in fewer bits; what every player knows stays."""

from fractions import Fraction

from tests.media.facts import picture
from transcoder.planning.codec_rungs import add_codecs
from transcoder.planning.ladder import make_ladder
from transcoder.planning.plan import Policy, make_plan
from transcoder.source.media import MediaInfo

LADDER = make_ladder(1920, 1080, Fraction(24), 22)
ALL = ("h264", "hevc", "av1")


def test_h264_alone_changes_nothing() -> None:
    assert add_codecs(LADDER, ("h264",), picture()) == LADDER


def test_the_two_best_sizes_are_made_in_every_codec() -> None:
    made = add_codecs(LADDER, ALL, picture())
    assert [rung.name for rung in made] == [
        *("v1080", "v1080hevc", "v1080av1", "v720", "v720hevc", "v720av1", "v480", "v360", "v240")
    ]
    assert [(rung.level, rung.reorder) for rung in made[:3]] == [("4.0", 2), ("4.0", 2), ("4.0", 0)]
    assert made[2].maxrate < made[1].maxrate < made[0].maxrate
    assert all(rung.reason for rung in made if rung.codec != "h264")


def test_a_fast_large_picture_needs_a_high_level() -> None:
    ladder = make_ladder(3840, 2160, Fraction(60), 22)
    made = add_codecs(ladder, ALL, picture(frame_rate=Fraction(60)))
    assert [(rung.name, rung.level) for rung in made[:3]] == [
        ("v2160", "5.2"),
        ("v2160hevc", "5.1"),
        ("v2160av1", "5.1"),
    ]


def test_brightness_is_kept_in_av1_only() -> None:
    made = add_codecs(LADDER, ALL, picture(colour_transfer="smpte2084"))
    assert {rung.name: rung.hdr for rung in made if rung.hdr} == {"v1080av1": "pq", "v720av1": "pq"}


def test_a_small_film_begins_with_h264_all_the_same() -> None:
    plan = make_plan(MediaInfo("mp4", 1, picture(width=160, height=90)), Policy(codecs=ALL))
    assert [rung.name for rung in plan.video] == ["v240", "v240hevc", "v240av1"]
    assert plan.lowest.name == "v240"
    assert plan.starter == ("v240",)
    assert plan.iframes.source == "v240"
