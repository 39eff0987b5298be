"""What may be a name, and when two names are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.accounts import names
from streaming.errors import Code, Fault


@pytest.mark.parametrize(
    "text", ["ada", "Ada.Lovelace", "a-b_c.1", "007", "Jürgen", "Дмитрий", "x" * 32, "हिन्दी"]
)
def test_ordinary_names_are_taken_as_they_are(text: str) -> None:
    assert names.parse(text).shown == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ab",
        "x" * 33,
        "a b c",
        "a/b",
        "../../etc",
        "ada@x",
        "-ada",
        ".ada",
        "_ada",
        "ada\n",
        "ad\x00a",
        "🎬film",
        "аdmin",
        "ada\u200b",
        "ada\u202e",
    ],
)
def test_other_names_are_refused_with_the_rule(text: str) -> None:
    with pytest.raises(Fault) as caught:
        names.parse(text)
    assert caught.value.code is Code.INVALID
    assert caught.value.name == "bad_name"
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "aDA"), ("ﬁlm", "FILM"), ("Ａｄａ", "ada"), ("Straße", "STRASSE"), ("Jürgen", "Ju\u0308rgen")],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert names.key_of(one) == names.key_of(other)


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    assert names.key_of(names.key_of(text)) == names.key_of(text)


@given(st.text())
def test_every_accepted_name_keeps_the_rules_and_every_other_is_a_fault(text: str) -> None:
    try:
        name = names.parse(text)
    except Fault:
        return
    assert 3 <= len(name.shown) <= 32
    assert names.parse(name.shown) == name
    assert name.key == names.key_of(text)
    assert not set(name.shown) & set(" /\\@:?#%&=+\n\t\x00<>\"'")


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{2,31}", fullmatch=True))
def test_all_plain_names_are_accepted_in_any_case(text: str) -> None:
    assert names.parse(text.upper()).key == names.parse(text.lower()).key == text.lower()
