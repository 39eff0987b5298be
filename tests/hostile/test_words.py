"""Words in a film are only words: they reach plans, playlists and terminals as text, or not at all."""

import io
import re
from pathlib import Path

import m3u8
import pytest
from rich.console import Console

from tests.hostile.words import WORDS, film_of_words
from transcoder.formats import hls
from transcoder.source.media import MediaInfo
from transcoder.standalone import output
from transcoder.studying.probe import probe

pytestmark = pytest.mark.e2e

_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(params=WORDS)
def info(request: pytest.FixtureRequest, tmp_path: Path) -> MediaInfo:
    film = tmp_path / "film.mkv"
    film.write_bytes(film_of_words(tmp_path, WORDS[request.param]))
    return probe(film)


def words_of(info: MediaInfo) -> list[str]:
    """All that its maker could write into a film."""
    tracks = [word for track in info.audios for word in (track.title, track.language)]
    tracks += [word for track in info.texts for word in (track.title, track.language)]
    return [*tracks, *(chapter.title for chapter in info.chapters)]


def renditions(info: MediaInfo) -> list[hls.Rendition]:
    sounds = [
        hls.Rendition("a0", "audio", "sd", "mp4a.40.2", 1, language=one.language, label=one.title)
        for one in info.audios
    ]
    texts = [
        hls.Rendition("t0", "text", "sd", language=one.language, label=one.title, forced=one.forced)
        for one in info.texts
    ]
    return [hls.Rendition("v240", "video", "sd", "avc1.640015", 1, width=160, height=90), *sounds, *texts]


def test_no_word_of_a_film_can_be_obeyed(info: MediaInfo) -> None:
    words = words_of(info)
    assert len(words) == 5
    assert not any(_OBEYED.search(word) for word in words)
    assert all(len(word) <= 80 for word in words)


def test_a_playlist_with_these_words_has_no_other_line_or_address(info: MediaInfo) -> None:
    text = hls.multivariant(renditions(info), complete=True, media_uri=lambda one: f"{one.name}.m3u8")
    read = m3u8.loads(text)
    assert [one.uri for one in read.media] == ["a0.m3u8", "t0.m3u8"]
    assert [one.uri for one in read.playlists] == ["v240.m3u8"]
    lines = [line for line in text.splitlines() if not line.startswith("#EXT")]
    assert lines == ["v240.m3u8"]
    assert len(text.splitlines()) == 7


def test_a_terminal_shows_these_words_as_they_are(info: MediaInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(output, "out", Console(file=screen, force_terminal=True, width=300, highlight=False))
    output.print_table(("Track", "Words"), [("a", word) for word in words_of(info)], "")
    output.print_pairs([("Word", word) for word in words_of(info)])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert "\x1b[31m" not in screen.getvalue()
    assert "\x1b]8" not in screen.getvalue()
    for word in words_of(info):
        assert word.strip() in shown
