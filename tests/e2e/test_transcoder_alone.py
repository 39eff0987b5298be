"""Films without a server: made, played, killed, gone on with, stopped, checked; as a person runs it."""

import functools
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path

import m3u8
import numpy as np
import psutil
import pytest

from tests.media import films
from transcoder.formats.remux import not_copyable
from transcoder.keys import keyfile
from transcoder.planning.plan import Policy
from transcoder.standalone import alone, making
from transcoder.standalone.check import check
from transcoder.standalone.events import Event, LeftOut, Planned

pytestmark = pytest.mark.e2e

QUICK = ("--period", "4", "--preset", "ultrafast", "--ladder", "fixed")
FRAMES, LONG = 225, 900


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "transcoder", *map(str, words)]


def run(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, check=False)


def events(told: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in told.splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alone")


@pytest.fixture(scope="module")
def film(place: Path) -> Path:
    return films.with_subtitles(place)


@pytest.fixture(scope="module")
def made(place: Path, film: Path) -> Path:
    """A folder whose keys lie elsewhere."""
    done = run(film, place / "film", "--key-file", place / "film.keys", "--keys", place / "keys", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "is ready" in done.stdout
    return place / "film"


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """The folder, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server would."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def numbers(playlist: str) -> list[int]:
    """Play the picture with ffmpeg and read the number in every frame."""
    words = [films.FFMPEG, "-v", "error", "-nostdin", "-allowed_extensions", "ALL"]
    words += ["-protocol_whitelist", "file,crypto,http,tcp", "-i", playlist, "-map", "0:v:0"]
    words += ["-fps_mode", "passthrough", "-vf", "scale=320:180", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(words, capture_output=True, timeout=120, check=True).stdout
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, 180, 320)
    bar = 320 // films.BITS
    bits = pictures[:, 90, [bar * bit + bar // 2 for bit in range(films.BITS)]] > 125
    return [int(value) for value in bits @ (1 << np.arange(films.BITS))]


def test_every_frame_plays_from_a_web_server_that_has_the_keys_elsewhere(
    made: Path, film: Path, place: Path
) -> None:
    with served(place / "keys") as keys, served(made) as segments:
        url = f"{keys}/{{rendition}}-{{period}}.key"
        done = run(film, made, "--key-file", place / "film.keys", "--key-url", url, *QUICK)
        assert "was whole already" in done.stdout
        assert numbers(f"{segments}/main.m3u8") == list(range(FRAMES))


def test_without_keys_nothing_plays(made: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError), served(made) as segments:
        numbers(f"{segments}/v240.m3u8")


def test_a_folder_with_its_keys_inside_plays_as_it_is(place: Path, film: Path, copy: Path) -> None:
    done = run(film, copy, "--key-file", place / "film.keys", "--keys", copy / "keys", *QUICK)
    assert done.returncode == 0, done.stderr
    assert numbers(str(copy / "main.m3u8")) == list(range(FRAMES))
    checked = run("verify", copy, "--key-file", place / "film.keys")
    assert checked.returncode == 0
    assert "whoever gets the folder can watch the film" in checked.stdout


def test_the_folder_holds_no_key_no_clear_media_and_not_the_films_name(made: Path, place: Path) -> None:
    secrets = [path.read_bytes() for path in (place / "keys").iterdir()]
    assert len(secrets) == len(set(secrets)) == 4 * 3 + 1
    files = [path for path in made.rglob("*") if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    assert not any(secret in stored for secret in secrets)
    assert b"mdat" not in stored
    assert b"JFIF" not in stored
    assert b"Good evening." not in stored
    assert b"subtitled" not in stored
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (place / "keys").iterdir())
    assert not (made / ".making").exists()


def test_the_playlists_are_those_of_a_whole_film(made: Path) -> None:
    main = m3u8.load(str(made / "main.m3u8"))
    assert [one.uri for one in main.playlists] == ["v240.m3u8"]
    assert main.playlists[0].stream_info.closed_captions == "NONE"
    assert {one.type for one in main.media} == {"AUDIO", "SUBTITLES"}
    assert len(main.image_playlists) == len(main.iframe_playlists) == 1
    video = m3u8.load(str(made / "v240.m3u8"))
    assert video.is_endlist
    assert video.playlist_type == "vod"
    assert sum(segment.duration for segment in video.segments) == pytest.approx(FRAMES / 25)
    text = (made / "v240.m3u8").read_text()
    assert text.index("#EXT-X-MAP") < text.index("#EXT-X-KEY")


def test_a_plan_is_told_without_encoding(film: Path, tmp_path: Path) -> None:
    done = run(film, tmp_path / "out", "--key-file", tmp_path / "keys", "--plan-only")
    assert done.returncode == 0
    assert "v240" in done.stdout
    assert "subtitles" in done.stdout
    assert list(tmp_path.iterdir()) == []
    told = events(run(film, "--plan-only", "--json").stdout)
    assert [one["event"] for one in told] == ["probe", "measuring", "plan"]
    assert told[-1]["frames"] == FRAMES


def test_programs_read_one_object_a_line(film: Path, tmp_path: Path) -> None:
    done = run(film, tmp_path / "out", "--key-file", tmp_path / "keys", "--json", *QUICK)
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    assert [one["event"] for one in (*told[:3], told[-1])] == ["probe", "measuring", "plan", "done"]
    steps = [one for one in told if one["event"] == "progress" and one["stage"] == "encoding"]
    assert steps[-1]["percent"] == 100
    assert [one["done"] for one in steps] == sorted(one["done"] for one in steps)  # type: ignore[type-var]
    checked = events(run("verify", tmp_path / "out", "--key-file", tmp_path / "keys", "--json").stdout)
    assert checked[-1]["findings"] == []
    assert checked[-1]["whole"] is True


@pytest.fixture(scope="module")
def streamable(place: Path) -> Path:
    return films.streamable(place, Fraction(25), FRAMES)


def test_a_streamable_film_is_copied_and_the_lower_rungs_are_encoded(place: Path, streamable: Path) -> None:
    out = place / "copied"
    words = ("--key-file", place / "film.keys", "--keys", out / "keys", *QUICK)
    done = run(streamable, out, *words, "--json")
    assert done.returncode == 0, done.stderr
    plan = next(one for one in events(done.stdout) if one["event"] == "plan")
    assert isinstance(plan["video"], list)
    assert [rung["copied"] for rung in plan["video"]] == [True, False]
    for name in ("v360", "v240"):
        assert numbers(str(out / f"{name}.m3u8")) == list(range(FRAMES))
    assert run("verify", out, "--key-file", place / "film.keys").returncode == 0


def test_a_film_that_cannot_be_copied_after_all_is_encoded_under_other_keys(
    streamable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise not_copyable("v360", "a picture is missing")

    monkeypatch.setattr(making, "copy_chunks", fail)
    order = alone.Order(
        streamable,
        tmp_path / "out",
        tmp_path / "k",
        Policy(crypto_period_seconds=4, preset="ultrafast", ladder="fixed"),
    )
    heard: list[Event] = []
    made = alone.make(order, heard.append)
    assert [one.what for one in heard if isinstance(one, LeftOut)] == ["copying"]
    assert [rung.copied for one in heard if isinstance(one, Planned) for rung in one.plan.video][-2:] == [
        False,
        False,
    ]
    assert check(made.folder, keyfile.load(order.key_file), lambda _: None).findings == ()


def long_run(place: Path) -> tuple[Path, tuple[object, ...]]:
    """A film in many chunks, one after the other."""
    film = films.counted(place, Fraction(25), LONG, size=(160, 90))
    words = ("--key-file", place / "k", "--period", "2", "--preset", "ultrafast", "--chunks-at-once", "1")
    return film, words


def wait_for_part(out: Path, process: "subprocess.Popen[str]", part: str = "chunk-000001") -> None:
    deadline = time.monotonic() + 60
    while not (out / f".making/{part}.cbor").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_run_goes_on_at_the_first_missing_chunk(tmp_path: Path) -> None:
    film, words = long_run(tmp_path)
    out = tmp_path / "out"
    with subprocess.Popen(command(film, out, *words), stderr=subprocess.PIPE, text=True) as process:
        wait_for_part(out, process)
        process.kill()
    assert not (out / "main.m3u8").exists()
    kept = {path: path.stat() for path in out.glob("v240/00000[0-1].m4s")}
    done = run(film, out, *words)
    assert done.returncode == 0, done.stderr
    assert "chunks done before" in done.stderr
    assert len(kept) == 2
    assert all(
        (path.stat().st_ino, path.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)
        for path, was in kept.items()
    )
    run(film, out, *words, "--keys", out / "keys")
    assert numbers(str(out / "main.m3u8")) == list(range(LONG))
    assert run("verify", out, "--key-file", tmp_path / "k").returncode == 0


def test_ctrl_c_stops_at_once_leaves_no_encoder_and_says_how_to_go_on(tmp_path: Path) -> None:
    film, words = long_run(tmp_path)
    out = tmp_path / "out"
    # Where the tests run in the background SIGINT is ignored, and what they start would ignore it too.
    obey = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command(film, out, *words), stderr=subprocess.PIPE, text=True, preexec_fn=obey
    ) as process:
        wait_for_part(out, process)
        encoders = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "it goes on where it was" in told
    assert "Traceback" not in told
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in encoders)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


DAMAGES: dict[str, tuple[Callable[[Path], object], set[tuple[str, str]]]] = {
    "a flipped bit": (lambda out: flip(out / "v240/000003.m4s"), {("hash", "v240/000003.m4s")}),
    "a missing segment": (lambda out: (out / "a0/000001.m4s").unlink(), {("missing", "a0/000001.m4s")}),
    "a cut segment": (lambda out: os.truncate(out / "t0/000001.vtt", 16), {("size", "t0/000001.vtt")}),
    "two segments exchanged": (
        lambda out: swap(out / "v240/000000.m4s", out / "v240/000001.m4s"),
        {("size", "v240/000000.m4s"), ("size", "v240/000001.m4s")},
    ),
    "a poster of nothing": (lambda out: flip(out / "poster.bin"), {("hash", "poster.bin")}),
    "a manifest that nobody signed": (
        lambda out: flip(out / "manifest.cbor"),
        {("signature", "manifest.cbor")},
    ),
    "a stranger's file": (lambda out: (out / "v240/x.txt").write_text("x"), {("stray", "v240/x.txt")}),
    "a wrong length": (
        lambda out: edit(out / "v240.m3u8", "#EXTINF:1.000000", "#EXTINF:1.100000"),
        {("playlist", "v240.m3u8")},
    ),
    "a segment that is not listed": (
        lambda out: edit(out / "a0.m3u8", "a0/000002.m4s", "a0/000001.m4s"),
        {("playlist", "a0.m3u8")},
    ),
    "a playlist without an end": (
        lambda out: edit(out / "t0.m3u8", "#EXT-X-ENDLIST", ""),
        {("playlist", "t0.m3u8")},
    ),
    "a rendition from elsewhere": (
        lambda out: edit(out / "main.m3u8", "v240.m3u8", "https://example.org/v.m3u8"),
        {("playlist", "main.m3u8")},
    ),
    "no playlist": (lambda out: (out / "main.m3u8").unlink(), {("missing", "main.m3u8")}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(copy: Path, place: Path, damage: str) -> None:
    break_it, wanted = DAMAGES[damage]
    break_it(copy)
    # With the keys and without: hashes alone find all this, too.
    for keys in (keyfile.load(place / "film.keys"), None):
        found = check(copy, keys, lambda _: None)
        assert {(one.code, one.name) for one in found.findings} == wanted


def test_a_damaged_folder_ends_the_command_with_one(copy: Path, place: Path) -> None:
    flip(copy / "v240/000003.m4s")
    done = run("verify", copy, "--key-file", place / "film.keys")
    assert done.returncode == 1
    assert "v240/000003.m4s: Its bytes were changed." in done.stdout
    told = events(run("verify", copy, "--json").stdout)
    assert [one["event"] for one in told if one["event"] != "progress"] == ["finding", "checked"]
    assert told[-1]["whole"] is False


def test_a_changed_plan_is_found_and_not_believed(copy: Path, place: Path) -> None:
    edit(copy / "title.json", '"crypto_period_seconds":4', '"crypto_period_seconds":5')
    found = check(copy, keyfile.load(place / "film.keys"), lambda _: None)
    assert [(one.code, one.name) for one in found.findings] == [("hash", "title.json")]


def test_another_key_file_is_told_from_damage(made: Path, film: Path, tmp_path: Path) -> None:
    assert run(film, tmp_path / "out", "--key-file", tmp_path / "other", *QUICK).returncode == 0
    for words in (("verify", made), (film, made, *QUICK)):
        done = run(*words, "--key-file", tmp_path / "other")
        assert done.returncode == 1
        assert "with another key file" in done.stderr
    assert run("verify", made, "--key-file", tmp_path / "none").returncode == 1
    assert not (tmp_path / "none").exists()


def test_other_peoples_folders_other_films_and_other_settings_are_refused(
    made: Path, film: Path, place: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    key = ("--key-file", place / "film.keys")
    other = films.counted(place, Fraction(25), 30)
    for words, said in (
        ((film, tmp_path, *key), "holds other things"),
        ((other, made, *key, *QUICK), "begun with another film"),
        ((film, made, *key, "--crf", 30, *QUICK), "begun with other settings"),
        ((film, place / "new", "--key-file", place / "new/keys"), "would lie in the film's folder"),
        ((place / "none.mp4", place / "new", *key), "There is no file"),
        (("verify", tmp_path), "is not a film's folder"),
    ):
        done = run(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_typed_wrong_ends_with_two(film: Path, tmp_path: Path) -> None:
    for words in (
        (film,),
        (film, tmp_path / "out"),
        (film, tmp_path / "out", "--key-file", tmp_path / "k", "--key-url", "https://example.org/{period}"),
        (film, tmp_path / "out", "--key-file", tmp_path / "k", "--preset", "fastest"),
        (film, tmp_path / "out", "--key-file", tmp_path / "k", "--codecs", "h264,vp9"),
    ):
        assert run(*words).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_two_runs_never_work_in_one_folder(tmp_path: Path) -> None:
    film, words = long_run(tmp_path)
    out = tmp_path / "out"
    with subprocess.Popen(command(film, out, *words), stderr=subprocess.PIPE, text=True) as process:
        wait_for_part(out, process, "chunk-000000")
        done = run(film, out, *words)
        process.kill()
    assert done.returncode == 1
    assert "Another run is at work" in done.stderr
