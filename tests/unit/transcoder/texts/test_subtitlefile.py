"""Subtitle files of every kind become cues, or a sentence that says in which line they cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import BadSubtitles
from transcoder.texts.ass import read_ass
from transcoder.texts.subtitlefile import MOST_BYTES, decoded, read_subtitles
from transcoder.texts.webvtt import Cue

SRT = """1
00:00:01,000 --> 00:00:02,500
Good <i>evening</i>.

2
00:01:00,5 --> 00:01:01,000
{\\an8}Straße & Söhne
"""
ASS = """[Script Info]
Title: x

[V4+ Styles]
Format: Name, Fontname, Italic, Alignment
Style: Default,Arial,0,2
Style: Thought,Arial,-1,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:05.00,0:00:06.50,Default,,0,0,0,,One\\Ntwo, <three>
Dialogue: 0,0:00:01.00,0:00:02.00,Thought,,0,0,0,,{\\an7\\fs20}Above{\\i0} it
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\b1}{\\pos(10,10)}Strong{\\b0} {\\k20}word
"""


def test_subrip_is_read() -> None:
    assert read_subtitles(SRT.encode()) == [
        Cue(1000, 2500, "Good <i>evening</i>."),
        Cue(60_500, 61_000, "Straße &amp; Söhne", "line:0"),
    ]


def test_webvtt_is_read_without_its_asides() -> None:
    aside = "WEBVTT - title\n\nSTYLE\n::cue { color: url(x) }\n\nNOTE hush\n\n"
    text = f"{aside}id\n01:00.000 --> 01:02.000 line:3\nHi"
    assert read_subtitles(text.encode()) == [Cue(60_000, 62_000, "Hi", "line:3")]


def test_substation_is_read_in_order_of_time_without_drawings_and_comments() -> None:
    assert read_subtitles(ASS.encode()) == [
        Cue(1000, 2000, "<i>Above</i> it", "line:0 position:5%,line-left align:start"),
        Cue(4000, 5000, "<b>Strong</b> word"),
        Cue(5000, 6500, "One\ntwo, &lt;three&gt;"),
    ]


def test_a_track_inside_a_film_is_read_without_its_broken_lines() -> None:
    broken = "Dialogue: 0,soon,0:00:09.00,Default,,0,0,0,,No time\nDialogue: nothing\n"
    long = f"Dialogue: 0,0:00:07.00,0:00:08.00,Default,,0,0,0,,{'x' * 5000}\n"
    assert read_ass(ASS + broken + long, strict=False) == read_ass(ASS)
    assert read_ass("[Script Info]\n[Events]\nFormat: " + "a," * 90 + "Text\nDialogue: b", strict=False) == []
    with pytest.raises(BadSubtitles, match="Line 16: this is no time"):
        read_ass(ASS + broken)


def test_old_substation_counts_places_its_own_way() -> None:
    text = ASS.replace("[V4+ Styles]", "[V4 Styles]").replace(
        "Style: Default,Arial,0,2", "Style: Default,A,0,6"
    )
    assert read_subtitles(text.encode())[1].settings == "line:0"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_letters_are_read_however_they_are_written(encoding: str) -> None:
    assert read_subtitles(SRT.replace("\n", "\r\n").encode(encoding))[1].text == "Straße &amp; Söhne"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1\n00:00:01 --> 00:00:02\nHi", "Line 2: this is no time like 00:01:02.500 --> 00:01:04.000."),
        ("1\n00:00:05,000 --> 00:00:02,000\nHi", "Line 2: this subtitle ends before it begins."),
        ("\n\n1\n00:61:00,000 --> 00:62:00,000\nHi", "Line 4: minutes and seconds go up to 59."),
        (
            "1\n00:00:01,000 --> 00:00:02,000\n" + "x" * 5000,
            "Line 2: this subtitle is longer than 4000 letters.",
        ),
        ("[Script Info]\n[Events]\nDialogue: 0,1,2,x,,0,0,0,,Hi", "Line 3: this is no time like 0:01:02.50."),
        ("[Script Info]\n[Events]\nDialogue: 0", "Line 3: this dialogue has no time or no text."),
        ("just words", "There is not one subtitle in this file. Upload an .srt, .vtt or .ass file."),
        ("\x00\x01\x02", "This file is not text. Upload an .srt, .vtt or .ass file."),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(BadSubtitles) as refused:
        read_subtitles(text.encode())
    assert str(refused.value) == sentence


def test_files_larger_than_any_subtitles_are_refused() -> None:
    with pytest.raises(BadSubtitles, match="larger than 8 MB"):
        read_subtitles(b"x" * (MOST_BYTES + 1))


@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: (SRT + ASS + text).encode()))
)
def test_any_file_is_read_or_refused_with_a_sentence(data: bytes) -> None:
    assert read_or_refusal(data)


def read_or_refusal(data: bytes) -> bool:
    try:
        cues = read_subtitles(data)
    except BadSubtitles as refused:
        return str(refused).endswith(".")
    return all(cue.start < cue.end and cue.text for cue in cues)


@pytest.mark.parametrize(
    "unit", [b"<", b"{", b"{\\", b"<b>", b"&#", b"[Script Info]\nDialogue:", b"1:1:1.1-->"]
)
def test_a_million_repeated_beginnings_are_refused_without_a_halt(unit: bytes) -> None:
    data = b"1\n00:00:01,000 --> 00:00:02,000\n" + unit * (1_000_000 // len(unit))
    with pytest.raises(BadSubtitles):
        read_subtitles(data)


def test_unmarked_utf_16_is_told_from_bytes_that_are_no_text() -> None:
    assert decoded("00:00:01,000".encode("utf-16-le") * 4).startswith("00:00:01,000")
    with pytest.raises(BadSubtitles):
        decoded(bytes(range(256)) * 4)
