"""What commands say of titles and licences."""

from typing import Any

import pytest

from streaming.cli.licences import holder_words, until_words
from streaming.cli.titles import reasons_of, rendition_row, state_words


@pytest.mark.parametrize(
    ("progress", "words"),
    [(None, "encoding"), ({"percent": 12.7}, "encoding, 12 %"), ({"percent": 99.9}, "encoding, 99 %")],
)
def test_a_state_has_its_percentage_while_it_moves(progress: dict[str, Any] | None, words: str) -> None:
    assert state_words({"state": "encoding", "progress": progress}) == words


def test_a_track_says_only_what_is_known_of_it() -> None:
    picture = {"kind": "video", "width": 640, "height": 480, "bandwidth": 1_812_900, "codecs": "avc1.64001e"}
    subtitles = {"kind": "text", "language": "eng", "bandwidth": 90, "codecs": ""}
    assert rendition_row(picture) == ("480p", "640x480", "1813 kbit/s", "", "avc1.64001e")
    assert rendition_row(subtitles) == ("subtitles", "", "", "eng", "")
    assert rendition_row({"kind": "audio", "language": "und"}) == ("sound", "", "", "", "")


def test_a_licence_that_was_taken_back_ended_then() -> None:
    licence = {"revoked_at": None, "ends_at": None, "valid_until": None}
    assert until_words(licence) == "no end"
    revoked, later = "2026-11-22T10:17:00+00:00", "2026-12-01T10:17:00+00:00"
    assert until_words({**licence, "ends_at": later}) != until_words({**licence, "revoked_at": revoked})
    assert until_words({**licence, "revoked_at": revoked, "ends_at": later}).startswith("Sun 22 Nov 2026")


def test_a_link_is_named_by_its_label_in_any_script() -> None:
    assert holder_words({"holder": {"kind": "link", "name": "Presse 🎬"}}) == "link “Presse 🎬”"


def test_the_ladder_is_explained_before_each_of_its_rungs() -> None:
    rung = {"kind": "video", "height": 720, "width": 1280, "reason": "480p would lose visible detail."}
    sound = {"kind": "audio", "reason": ""}
    title = {"plan_reasons": ["The picture is calm."], "renditions": [rung, sound]}
    assert reasons_of(title) == ["The picture is calm.", "720p: 480p would lose visible detail."]
    assert reasons_of({}) == []
