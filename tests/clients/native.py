"""ffmpeg, mpv and VLC on the address that the command prints, tried feature by feature."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tests.clients.film import FRAMES, LANGUAGES, LOW, RATE, SECONDS, TOP, cue
from tests.clients.outcome import Outcome
from tests.clients.watching import attempt
from tests.media.films import BITS, FFMPEG, FFPROBE, decode_sound
from tests.support.house import until

PATIENCE = 60.0
NATIVE = ("ffmpeg", "mpv", "VLC")
KNOWS_NO_CLEAR_KEY = "it cannot ask for keys by Clear Key, and `matinee play` says so"


def features(client: str, url: str, folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Try every feature of a native player."""
    tries = {"ffmpeg": _ffmpeg, "mpv": _mpv, "VLC": _vlc}
    yield from tries[client](url, folder)


def numbers_of(path: Path) -> list[int]:
    """Read the numbers of all pictures of a file, from the bars along their upper edge."""
    words = [FFMPEG, "-v", "error", "-nostdin", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    words += ["-vf", f"crop=iw:ih/8:0:0,scale={BITS * 8}:8", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    raw = subprocess.run(words, capture_output=True, timeout=120, check=True).stdout
    lines = np.frombuffer(raw, np.uint8).reshape(-1, 8, BITS, 8)[:, 2, :, 4] > 125
    return [int(sum(1 << bit for bit in range(BITS) if line[bit])) for line in lines]


def tone_of(path: Path) -> str:
    """Give the language whose tone a file's sound is."""
    sound = decode_sound(path)
    loudest = float(np.argmax(np.abs(np.fft.rfft(sound)))) * 48_000 / len(sound)
    return min(LANGUAGES, key=lambda one: abs(LANGUAGES[one] - loudest))


def _run(words: list[str]) -> None:
    """Run a program to its end; what it says is the fault."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, (done.stderr or done.stdout).strip().splitlines()[-1:]


def _ffmpeg(url: str, folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Whole to files: the best picture, the German sound and the German words, each as it came."""
    whole, tone, words = folder / "whole.mkv", folder / "tone.mkv", folder / "words.srt"
    part, low = folder / "part.mkv", folder / "low.mkv"
    read = [FFMPEG, "-hide_banner", "-nostdin", "-y", "-v", "error"]
    picture = ["-fps_mode", "passthrough", "-c:v", "ffv1"]

    def last_frame() -> None:
        german = ["-map", "0:a:m:language:de", "-c:a", "pcm_f32le", str(tone)]
        german += ["-map", "0:s:m:language:de", str(words)]
        _run([*read, "-i", url, "-an", "-sn", *picture, str(whole), *german])
        found = numbers_of(whole)
        assert found == list(range(FRAMES)), f"{len(set(found))} of {FRAMES} pictures came"

    def language() -> None:
        assert tone_of(tone) == "deu"

    def subtitles() -> str:
        said = words.read_text()
        missing = [line for n in range(SECONDS // 2) if (line := cue("deu", n * 2)) not in said]
        assert missing in ([], [cue("deu", 0)]), f"{missing[:3]} are missing"
        return "all but the first line" if missing else ""

    def seek() -> str:
        _run([*read, "-ss", "18.5", "-i", url, "-an", "-sn", "-t", "4", *picture, str(part)])
        [first, *_] = numbers_of(part)
        assert 184 <= first <= 200, f"the first picture after a seek to 18.5 s is {first}"
        return "" if first <= 186 else "to the next key frame"

    def resume() -> None:
        assert len(numbers_of(part)) >= 2 * RATE, "the film does not go on"

    def quality() -> None:
        _run([*read, "-i", url, "-map", "0:p:0:v", "-t", "1", *picture, str(low)])
        words = [FFPROBE, "-v", "error", "-show_entries", "stream=height", "-of", "csv=p=0", str(low)]
        told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
        assert int(told.strip().strip(",")) == LOW
        raise AssertionError("chosen before it starts (`-map 0:p:0`), not while it plays")

    steps = (last_frame, language, subtitles, seek, resume, quality, _no_thumbnails)
    for step in steps:
        yield step.__name__.removeprefix("_no_"), attempt(step)


def shows_nothing(client: str, url: str, folder: Path) -> str:
    """Show a film under `cbcs` for a while: no two of its pictures follow one another. Gives the reason."""
    path, seconds = folder / "tried.mkv", "4"
    if client == "VLC":
        found = _seen_by_vlc(url, float(seconds))
    else:
        words = [FFMPEG, "-v", "quiet", "-nostdin", "-y", "-i", url, "-t", seconds, "-an"]
        words += ["-c:v", "ffv1", str(path)]
        if client == "mpv":
            words = ["mpv", "--no-config", "--really-quiet", f"--length={seconds}", f"--o={path}"]
            words += ["--no-audio", "--ovc=ffv1", url]
        subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
        found = numbers_of(path) if path.exists() and path.stat().st_size else []
    follow = sum(after - before == 1 for before, after in pairwise(found))
    assert follow < RATE, f"the film is seen, {follow} pictures one after the other"
    return KNOWS_NO_CLEAR_KEY


def _seen_by_vlc(url: str, seconds: float) -> list[int]:
    player = VlcScreen(url)
    try:
        until(lambda: (look := player.look())["over"] or look["time"] > seconds, "VLC going on", PATIENCE)
        found: list[int] = player.tell("seen")
        return found
    finally:
        player.close()


def _no_thumbnails() -> None:
    raise AssertionError("it has no seek bar")


class Mpv:
    """mpv, told over its own socket; its sound goes through a meter that counts crossings of zero."""

    def __init__(self, url: str, folder: Path, *options: str) -> None:
        self._path = folder / f"mpv-{os.urandom(3).hex()}"
        meter = "--af=@tone:lavfi=[astats=metadata=1:reset=5]"
        words = ["mpv", "--no-config", "--vo=null", "--ao=null", "--idle=no", "--really-quiet", meter]
        words += [f"--input-ipc-server={self._path}", *options, url]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        until(self._path.exists, "mpv's socket", PATIENCE)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(self._path))
        self._lines = self._socket.makefile("r")

    def tell(self, *words: Any) -> Any:
        """Give a command; gives its data, or None where it is refused."""
        try:
            self._socket.sendall(json.dumps({"command": words}).encode() + b"\n")
            for line in self._lines:
                answer = json.loads(line)
                if "error" in answer:
                    return answer.get("data")
        except OSError:
            pass
        return None

    def get(self, name: str) -> Any:
        """Read a property."""
        return self.tell("get_property", name)

    def look(self) -> dict[str, Any]:
        """Where it is and what is heard and read."""
        meter = self.get("af-metadata/tone") or {}
        rate = float(meter.get("lavfi.astats.1.Zero_crossings_rate", 0)) * 48_000 / 2
        return {
            "time": self.get("time-pos") or 0.0,
            "height": self.get("video-params/h"),
            "heard": min(LANGUAGES, key=lambda one: abs(LANGUAGES[one] - rate)) if rate > 100 else "",
            "words": self.get("sub-text") or "",
            "over": self.process.poll() is not None,
        }

    def track(self, kind: str, **like: Any) -> int:
        """Give the number of the track of a kind that is like that."""
        for one in self.get("track-list") or []:
            if one["type"] == kind and all(one.get(name) == value for name, value in like.items()):
                return int(one["id"])
        raise AssertionError(f"mpv lists no {kind} like {like}")

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._lines.close()
        self.process.kill()
        self.process.wait()


class VlcScreen:
    """VLC's engine in a process of its own (see `vlc.py`)."""

    def __init__(self, url: str, *options: str) -> None:
        words = [sys.executable, "-m", "tests.clients.vlc", url, *options]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def tell(self, name: str, argument: Any = None) -> Any:
        """Give a command; gives what it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, argument]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def look(self) -> dict[str, Any]:
        """What it shows now."""
        found: dict[str, Any] = self.tell("look")
        return {**found, "over": found["state"] in ("ended", "error", "stopped")}

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class FfmpegScreen:
    """ffmpeg that reads in real time and says how far it is."""

    def __init__(self, url: str, folder: Path) -> None:
        self._log = folder / f"ffmpeg-{os.urandom(3).hex()}.log"
        words = [FFMPEG, "-hide_banner", "-nostdin", "-v", "warning", "-re", "-stats_period", "0.05"]
        words += ["-progress", "pipe:1", "-i", url, "-f", "null", "-"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def look(self) -> dict[str, Any]:
        """How far it is."""
        told = re.findall(rb"out_time_us=(\d+)", self._log.read_bytes())
        return {"time": float(told[-1]) / 1e6 if told else 0.0, "over": self._process.poll() is not None}

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def screen(client: str, url: str, folder: Path) -> Iterator[Any]:
    """Show an address in real time; the player is gone on leaving."""
    made: Any
    if client == "VLC":
        made = VlcScreen(url, "--adaptive-maxbuffer=4000", "--adaptive-livedelay=4000")
    else:
        made = Mpv(url, folder) if client == "mpv" else FfmpegScreen(url, folder)
    try:
        yield made
    finally:
        made.close()


def _see(player: Any, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float = 30.0) -> Any:
    last: list[dict[str, Any]] = [{}]

    def looked() -> dict[str, Any] | None:
        last[0] = player.look()
        if wanted(last[0]):
            return last[0]
        assert not last[0]["over"], "it ended"
        return None

    try:
        return until(looked, what, seconds, 0.1)
    except AssertionError as fault:
        raise AssertionError(f"{what} was not seen ({fault.args[0][:20]}); it shows {last[0]}") from None


def _mpv(url: str, folder: Path) -> Iterator[tuple[str, Outcome]]:
    def last_frame() -> None:
        path = folder / "mpv.mkv"
        _run(["mpv", "--no-config", f"--o={path}", "--ovc=ffv1", "--oac=pcm_f32le", url])
        found = numbers_of(path)
        assert found == list(range(FRAMES)), f"{len(set(found))} of {FRAMES} pictures came"

    yield "last_frame", attempt(last_frame)
    for name, step in _MPV.items():
        yield name, attempt(lambda: _with_mpv(url, folder, step))  # noqa: B023
    yield "thumbnails", attempt(_no_previews)


def _with_mpv(url: str, folder: Path, step: Callable[[Mpv], None]) -> None:
    """Carry out a step in an mpv of its own: one that fails takes the others with it."""
    with screen("mpv", url, folder) as player:
        _see(player, lambda look: look["time"] > 1, "the film")
        step(player)


def _mpv_language(player: Mpv) -> None:
    _see(player, lambda look: look["heard"] == "eng", "the English tone")
    player.tell("set_property", "aid", player.track("audio", lang="de"))
    _see(player, lambda look: look["heard"] == "deu", "the German tone", 15)


def _mpv_subtitles(player: Mpv) -> None:
    player.tell("set_property", "sid", player.track("sub", lang="de"))
    _see(player, lambda look: look["words"] == cue("deu", look["time"]), "the German words", 15)


def _mpv_quality(player: Mpv) -> None:
    for height in (LOW, TOP):
        player.tell("set_property", "vid", player.track("video", **{"demux-h": height}))
        seen = _see(player, lambda look: look["height"] == height, f"{height} lines", 15)  # noqa: B023
        _see(player, lambda look: look["time"] > seen["time"] + 1, "the film going on", 15)  # noqa: B023


def _mpv_seek(player: Mpv) -> None:
    _see(player, lambda look: look["time"] > 4, "the film beyond 4 s")
    player.tell("seek", 2.0, "absolute+exact")
    _see(player, lambda look: 1.9 <= look["time"] < 3.5, "the film at 2 s", 10)


def _mpv_resume(player: Mpv) -> None:
    player.tell("seek", 18.5, "absolute+exact")
    _see(player, lambda look: look["time"] > 19.5, "the film beyond 19.5 s", 12)


_MPV: dict[str, Callable[[Mpv], None]] = {
    "language": _mpv_language,
    "subtitles": _mpv_subtitles,
    "quality": _mpv_quality,
    "seek": _mpv_seek,
    "resume": _mpv_resume,
}


def _no_previews() -> None:
    raise AssertionError("it has none of its own")


def _vlc(url: str, folder: Path) -> Iterator[tuple[str, Outcome]]:
    def last_frame() -> None:
        whole, sounded = VlcScreen(url, "--adaptive-logic=highest"), [0.0]

        def over() -> bool:
            look = whole.look()
            sounded[0] = max(sounded[0], look["time"] if look["heard"] else 0.0)
            return bool(look["over"])

        try:
            until(over, "the end", 90, 0.2)
            found = set(whole.tell("seen"))
            missing = set(range(FRAMES - 1)) - found  # it may be gone before it shows the last
            assert not missing, "it may end early: its reading of encrypted fragments fails now and then"
            assert sounded[0] > SECONDS / 2, (
                "pictures to the end, but its sound stops after the first seconds"
            )
        finally:
            whole.close()

    yield "last_frame", attempt(last_frame)
    player = VlcScreen(url)

    def named(tracks: dict[str, int], name: str) -> int:
        found = [number for words, number in tracks.items() if name in words]
        assert found, f"VLC lists {sorted(tracks)}"
        return found[0]

    def language() -> None:
        _see(player, lambda look: look["heard"] == "eng", "the English tone")
        player.tell("sound", named(player.tell("sounds"), "German"))
        _see(player, lambda look: look["heard"] == "deu", "the German tone")

    def subtitles() -> None:
        _see(player, lambda look: look["time"] > 9, "the film beyond 9 s")
        player.tell("text", named(player.tell("texts"), "German"))
        player.tell("seek", 2.0)
        _see(player, lambda _: player.tell("words") > 5, "words over the picture", 15)

    def seek() -> None:
        player.tell("seek", 4.0)
        _see(player, lambda look: 38 <= look["number"] <= 50, "the picture at 4 s", 10)

    def resume() -> None:
        player.tell("seek", 18.5)
        _see(player, lambda look: look["time"] > 19.5 and look["number"] >= 190, "the film beyond 19.5 s", 15)

    def quality() -> None:
        raise AssertionError("it chooses by itself (`--adaptive-logic`)")

    try:
        for step in (language, subtitles, seek, resume, quality, _no_previews):
            name = "thumbnails" if step is _no_previews else step.__name__
            yield name, attempt(step)
    finally:
        player.close()
