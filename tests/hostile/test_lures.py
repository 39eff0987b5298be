"""A film that names other files and addresses opens none of them, in a sandbox or without one."""

import os
import socket
from pathlib import Path

import pytest

from tests.hostile import bombs, ebml, lures
from tests.hostile.judge import Canary, Verdict
from tests.hostile.worker import Worker
from tests.support.house import until
from transcoder.programs.isolation import Isolation

pytestmark = pytest.mark.e2e


def assert_nothing_came_of(verdict: Verdict, bird: Canary) -> None:
    """It was refused in a sentence; nobody called, and the secret is where it was."""
    assert verdict.outcome == "refused", verdict
    assert verdict.speaks, verdict
    assert_untouched(verdict, bird)


def assert_untouched(verdict: Verdict, bird: Canary) -> None:
    """Nobody called, nobody read the secret, and it is in no output."""
    assert not verdict.leaked, verdict
    assert bird.callers == []
    assert not bird.was_read()


def test_the_canary_notes_callers_and_readers(bird: Canary) -> None:
    assert not bird.was_read()
    socket.create_connection(("127.0.0.1", bird.port)).close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"here", ("127.0.0.1", bird.port))
    until(lambda: len(bird.callers) == 2, "both calls")
    bird.file.read_bytes()
    assert bird.was_read() or not bird.notes_readers


@pytest.mark.parametrize("lure", lures.TEXTS)
def test_a_text_that_names_a_film_is_no_film(
    reader: Worker, isolation: Isolation, bird: Canary, tmp_path: Path, lure: str
) -> None:
    urls = lures.urls(bird.port, str(bird.file))
    first = list(lures.TEXTS).index(lure)
    for number, head in enumerate(lures.HEADS.values(), first):
        for url in (urls[number % len(urls)], urls[(number + 5) % len(urls)]):
            film = tmp_path / lures.NAMES[number % len(lures.NAMES)]
            film.write_text(head + lures.TEXTS[lure].format(url=url, port=bird.port))
            assert_nothing_came_of(reader.judge(film, isolation), bird)


@pytest.mark.parametrize("kind", ["url ", "urn ", "alis", "rsrc"])
def test_an_mp4_whose_media_lie_elsewhere_brings_nothing_from_there(
    reader: Worker, isolation: Isolation, bird: Canary, folder: Path, tmp_path: Path, kind: str
) -> None:
    film, good = tmp_path / "film.mov", bombs.good(folder)
    for url in (str(bird.file), f"file://{bird.file}", bird.file.name, f"http://127.0.0.1:{bird.port}/a.mp4"):
        film.write_bytes(lures.elsewhere(good, kind, url))
        assert_untouched(reader.judge(film, isolation), bird)


def test_a_matroska_segment_that_names_others_brings_nothing_from_there(
    reader: Worker, isolation: Isolation, bird: Canary, tmp_path: Path
) -> None:
    film, other = tmp_path / "film.mkv", b"\x01" * 16
    linked = ebml.info(
        ebml.element(0x73A4, b"\x02" * 16),
        *(ebml.text(name, str(bird.file)) for name in (0x7384, 0x3C83AB, 0x3E83BB)),
        *(ebml.element(name, other) for name in (0x3CB923, 0x3EB923)),
    )
    atom = ebml.element(0xB6, ebml.number(0x73C4, 1), ebml.number(0x91, 0), ebml.element(0x6E67, other))
    chapters = ebml.element(ebml.CHAPTERS, ebml.element(0x45B9, ebml.number(0x45DD, 1), atom))
    track = ebml.picture_track(1, "V_MJPEG", 160, 90)
    picture = bombs.picture(tmp_path)
    clusters = [ebml.cluster(n * 40, ebml.block(1, 0, picture)) for n in range(20)]
    film.write_bytes(ebml.segment(linked, chapters, ebml.element(ebml.TRACKS, track), *clusters))
    verdict = reader.judge(film, isolation)
    assert verdict.outcome == "played", verdict
    assert_untouched(verdict, bird)


@pytest.mark.parametrize(
    "name",
    [
        *("-i.mp4", "--", "-", "-f", "a\nb.mp4", "it's \"quoted\".mp4", "%d.mp4", "%05d%s%n.mp4", "*.mp4"),
        *("concat:canary.txt|canary.txt", "pipe:0.mp4", "fd:.mp4", "data:video;base64,AAAA", "http:"),
        *("subfile,,start,0,end,9,,:canary.txt", "async:canary.txt", "a,b;c[d]=e\\f:g.mp4", "\u202egpm.mp4"),
        *("file:x.mp4", "\x1b[31mred.mp4", "<script>.mp4", "$(id).mp4", "a" * 251 + ".mp4"),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(reader: Worker, bird: Canary, folder: Path, name: str) -> None:
    film = bird.file.parent / name
    film.write_bytes(bombs.good(folder))
    verdict = reader.judge(film)
    assert verdict.outcome == "played", verdict
    assert_untouched(verdict, bird)
    film.write_bytes(b"no film at all")
    assert_nothing_came_of(reader.judge(film), bird)
    assert {path.name for path in film.parent.iterdir()} == {name, bird.file.name}


def test_a_name_that_is_not_utf8_is_refused(reader: Worker, folder: Path, tmp_path: Path) -> None:
    film = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    film.write_bytes(bombs.good(folder))
    verdict = reader.judge(film)
    assert (verdict.outcome, verdict.code) == ("refused", "bad_name")
    assert verdict.speaks
