"""Tracks are called what people call them."""

import pytest

from transcoder.source.languages import language_name, language_tag, track_name


@pytest.mark.parametrize(
    ("code", "tag", "name"),
    [
        ("eng", "en", "English"),
        ("de", "de", "German"),
        ("pt-BR", "pt-BR", "Portuguese"),
        ("tlh", "tlh", "tlh"),
        ("und", "", ""),
        ("", "", ""),
    ],
)
def test_languages_have_a_short_code_and_a_name(code: str, tag: str, name: str) -> None:
    assert (language_tag(code), language_name(code)) == (tag, name)


@pytest.mark.parametrize(
    ("language", "label", "role", "forced", "name"),
    [
        ("eng", "", "main", False, "English"),
        ("eng", "", "commentary", False, "English, commentary"),
        ("eng", "Director’s comments", "commentary", False, "Director’s comments"),
        ("deu", "Deutsch, für Hörgeschädigte", "sdh", False, "Deutsch, für Hörgeschädigte"),
        ("deu", "Deutsch", "sdh", False, "Deutsch, SDH"),
        ("fra", "", "main", True, "French, forced"),
        ("und", "", "description", False, "Audio description"),
        ("und", "", "main", False, ""),
    ],
)
def test_roles_are_said_unless_the_label_says_them(
    language: str, label: str, role: str, forced: bool, name: str
) -> None:
    assert track_name(language, label, role, forced=forced) == name
