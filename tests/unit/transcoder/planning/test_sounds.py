"""Every track is heard in stereo; what has 5.1 keeps it; other codecs stand beside AAC."""

from tests.media.facts import sound
from transcoder.planning.sounds import make_sounds


def names(channels: int, *codecs: str) -> list[str]:
    return [one.name for one in make_sounds([sound(channels=channels)], codecs)]


def test_stereo_and_mono_become_stereo() -> None:
    assert names(1, "aac") == names(2, "aac") == ["a0"]


def test_surround_stands_beside_stereo() -> None:
    assert names(6, "aac") == names(8, "aac") == ["a0", "a0s"]
    assert names(6, "aac", "opus") == ["a0", "a0s", "a0o", "a0os"]


def test_every_sound_of_a_track_says_what_the_track_says() -> None:
    tracks = [
        sound(channels=6, language="eng", title="Feature", default=True),
        sound(index=2, language="eng", role="commentary"),
    ]
    made = make_sounds(tracks, ("aac", "opus"))
    assert [one.name for one in made] == ["a0", "a0s", "a0o", "a0os", "a1", "a1o"]
    assert {(one.stream, one.language, one.role, one.title, one.default) for one in made} == {
        (1, "eng", "main", "Feature", True),
        (2, "eng", "commentary", "", False),
    }


def test_opus_frames_are_20_ms_and_aac_frames_1024_samples() -> None:
    made = make_sounds([sound()], ("aac", "opus"))
    assert [(one.codec, one.rate, one.samples) for one in made] == [
        ("aac", 48_000, 1024),
        ("opus", 48_000, 960),
    ]
