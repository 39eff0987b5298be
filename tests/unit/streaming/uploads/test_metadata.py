"""Upload-Metadata and the names in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.uploads.metadata import MAX_NAME, display_name, format_metadata, parse_metadata
from streaming.uploads.refusals import Refusal

KEYS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1, max_size=20
)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.dictionaries(KEYS, VALUES, max_size=10))
def test_what_is_written_is_read_back(pairs: dict[str, str]) -> None:
    assert parse_metadata(format_metadata(pairs)) == pairs


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        pairs = parse_metadata(text)
    except Refusal:
        return
    assert parse_metadata(format_metadata(pairs)) == pairs


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        (None, {}),
        ("", {}),
        ("filename d29ybGQ=", {"filename": "world"}),
        ("filename d29ybGQ=, is_confidential", {"filename": "world", "is_confidential": ""}),
        ("empty ,other", {"empty": "", "other": ""}),
    ],
)
def test_headers_of_the_specification(header: str | None, pairs: dict[str, str]) -> None:
    assert parse_metadata(header) == pairs


@given(st.text())
def test_a_shown_name_is_bounded_and_never_a_path(name: str) -> None:
    shown = display_name(name)
    assert 0 < len(shown) <= MAX_NAME
    assert not set("/\\\0\n\r\u202e") & set(shown)
    assert shown not in (".", "..")
    assert display_name(shown) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "film"),
        ("..", "film"),
        ("../..", "film"),
        ("../../🎬 a.mp4", "🎬 a.mp4"),
        ("C:\\x\\a.mp4", "a.mp4"),
        ("folder/", "folder"),
        ("\u202e4pm.exe", "4pm.exe"),
    ],
)
def test_shown_names(name: str, shown: str) -> None:
    assert display_name(name) == shown
