"""The words of a subtitle leave as valid WebVTT, whatever came in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.texts.cuetext import clean, letters, settings


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("<b>Bold</b> and <i>slanted</i>", "<b>Bold</b> and <i>slanted</i>"),
        ("Tom & Jerry", "Tom &amp; Jerry"),
        ("Tom &amp; Jerry &lt;3", "Tom &amp; Jerry &lt;3"),
        ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ("<i>never closed", "<i>never closed</i>"),
        ("never opened</i>", "never opened"),
        ("<b><i>crossed</b></i>", "<b><i>crossed</i></b>"),
        ('<font color="red">red</font>', "red"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<b onclick=x>bold</b>", "bold"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<v Fred & Co>Hi", "<v Fred &amp; Co>Hi</v>"),
        ("<v.loud Ana>Hi</v>", "<v.loud Ana>Hi</v>"),
        ("<c.yellow.bg_blue>Hi</c>", "<c.yellow.bg_blue>Hi</c>"),
        ("<ruby>漢<rt>kan</rt></ruby>", "<ruby>漢<rt>kan</rt></ruby>"),
        ("<00:01.000>late", "late"),
        ("one\n\n\ntwo", "one\ntwo"),
        ("00:01.000 --> 00:02.000", "00:01.000 --&gt; 00:02.000"),
        ("bell\x07 and \x1b[31mred\u202e", "bell and [31mred"),
    ],
)
def test_text_is_cleaned(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text("<>/bicv. &;#ltgam\n-\x00é", max_size=60))
def test_cleaned_text_is_balanced_and_stays_as_it_is(raw: str) -> None:
    cleaned = clean(raw)
    assert clean(cleaned) == cleaned
    assert "-->" not in cleaned
    assert "\n\n" not in cleaned
    stack: list[str] = []
    for end, name in re.findall(r"<(/?)([a-z]+)[^<>]*>", cleaned):
        if end:
            assert stack.pop() == name
        else:
            stack.append(name)
    assert not stack
    assert "<" not in re.sub(r"</?[a-z]+[^<>]*>", "", cleaned)


def test_the_letters_of_a_subtitle_are_its_text_alone() -> None:
    assert letters("<v Ana>Tom &amp; <i>Jerry</i></v>") == "Tom & Jerry"


def test_only_known_settings_are_kept() -> None:
    assert settings("line:10% region:r1 position:5%,line-left X1:100 align:start") == (
        "line:10% position:5%,line-left align:start"
    )
