"""Names from files are fit to show, whatever the files are called."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.catalogue.naming import NAME_LENGTH, shown, source_name, title_from


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("Big_Buck.Bunny-480p.mp4", "Big Buck Bunny-480p"),
        ("../../etc/passwd.mp4", "passwd"),
        ("C:\\films\\holiday 🏖.mov", "holiday 🏖"),
        (".mp4", "Untitled film"),
        ("", "Untitled film"),
        ("a\u202egpj.mp4", "agpj"),
        ("tab\tand\nline.mkv", "tab and line"),
    ],
)
def test_a_title_is_made_of_a_file_name(filename: str, title: str) -> None:
    assert title_from(filename) == title


@given(st.text(max_size=600))
def test_shown_names_are_bounded_on_one_line_and_without_control_characters(text: str) -> None:
    name = shown(text)
    assert len(name) <= NAME_LENGTH
    assert all(unicodedata.category(c) not in ("Cc", "Co", "Cs", "Cn") for c in name)
    assert "\n" not in name
    assert shown(name) == name


@given(st.text(max_size=300))
def test_a_source_name_holds_no_path_and_a_title_is_never_empty(text: str) -> None:
    assert not set("/\\") & set(source_name(text))
    assert title_from(text)
