"""A film whose tracks, chapters and tags carry what a page, a terminal or a playlist might obey."""

from pathlib import Path

from tests.hostile.bombs import good
from tests.media.films import run_ffmpeg

WORDS = {
    "markup": "<script>alert('film')</script><img src=x onerror=alert(1)>",
    "a template": "{{ 7*7 }}{% raw %}${7*7}",
    "escape codes": "\x1b[31mred\x1b]0;owned\x07\x9b2J\r\n",
    "bidi overrides": "gpm.\u202e4pm\u2066.\u202d",
    "a terminal's markup": "[red]loud[/red] [link=http://x]press[/link]",
    "quotes of a playlist": 'x",URI="http://127.0.0.1/x.m3u8',
    "lines of a playlist": "x\n#EXT-X-KEY:METHOD=NONE\nhttp://127.0.0.1/x.ts\n",
    "a cue's arrow": "x\n\n00:00.000 --> 99:00.000\nowned",
    "a NUL": "be\0fore",
    "no text at all": "\ufffe\ud7ff\u0300\u200d",
    "SQL": "'); DROP TABLE titles; --",
    "format letters": "%s%n%d{0}{title}",
}
_ROOM = 64
_MARKS = ("T" * _ROOM, "U" * _ROOM, "C" * _ROOM, "L" * _ROOM, "M" * _ROOM)


def film_of_words(folder: Path, words: str) -> bytes:
    """A Matroska film with sound, subtitles and a chapter; all of them, and the file, are called `words`.

    The words stand where a muxer wrote as many letters, so that they get there as they are.
    """
    film, text, chapters = folder / "plain.mp4", folder / "words.srt", folder / "chapters.txt"
    film.write_bytes(good(folder))
    text.write_text("1\n00:00:00,100 --> 00:00:01,000\nGood evening.\n")
    chapters.write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle={_MARKS[2]}\n")
    path = folder / "words.mkv"
    run_ffmpeg(
        *(
            "-i",
            str(film),
            "-i",
            str(text),
            "-i",
            str(chapters),
            "-map",
            "0",
            "-map",
            "1",
            "-map_metadata",
            "2",
        ),
        *("-c", "copy", "-metadata", f"title={_MARKS[4]}", "-metadata:s:a:0", f"title={_MARKS[0]}"),
        *("-metadata:s:a:0", f"language={_MARKS[3]}", "-metadata:s:s:0", f"title={_MARKS[1]}"),
        *("-metadata:s:s:0", f"language={_MARKS[3]}", "-metadata:s:v:0", f"title={_MARKS[1]}", str(path)),
    )
    data = path.read_bytes()
    there = words.encode()[:_ROOM].ljust(_ROOM, b".")
    assert all(mark.encode() in data for mark in _MARKS)
    for mark in _MARKS:
        data = data.replace(mark.encode(), there)
    return data
