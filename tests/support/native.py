"""Native players on a printed address: whole films decoded to a file, or watched in real time."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tests.media.films import FFMPEG, FFPROBE, decode_sound
from tests.support.house import House, until

PLAYERS = ("ffmpeg", "mpv")
LOUD, WHITE = 0.1, 125


def address(house: House, token: str, title: str) -> str:
    """Give the address that `matinee play --print-url` prints, and nothing else on stdout."""
    printed = house.run("play", title, "--print-url", token=token)
    assert printed.returncode == 0, printed.stderr
    url = printed.stdout.strip()
    assert url.startswith(f"{house.url}/play/")
    assert url.endswith("/main.m3u8")
    return url


def play_to_file(player: str, url: str, path: Path) -> Path:
    """Play an address to its end as fast as it goes, every picture and sample kept as it was shown."""
    commands = {
        "ffmpeg": [
            *(FFMPEG, "-hide_banner", "-nostdin", "-y", "-v", "error", "-i", url, "-fps_mode", "passthrough"),
            *("-c:v", "ffv1", "-c:a", "pcm_f32le", str(path)),
        ],
        "mpv": ["mpv", "--no-config", f"--o={path}", "--ovc=ffv1", "--oac=pcm_f32le", url],
    }
    done = subprocess.run(
        commands[player], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return path


@dataclass(frozen=True)
class Shown:
    """What came out of a player: times of pictures, and the beginnings of flashes and beeps, in seconds."""

    pictures: list[float]
    flashes: list[float]
    beeps: list[float]

    @property
    def drift(self) -> list[float]:
        """How far each beep is behind its flash."""
        assert len(self.flashes) == len(self.beeps)
        return [beep - flash for flash, beep in zip(self.flashes, self.beeps, strict=True)]


def picture_times(path: Path) -> list[float]:
    """Give the time of every picture, in the order of showing."""
    words = ["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    told = subprocess.run(
        [FFPROBE, *words, str(path)], capture_output=True, text=True, timeout=120, check=True
    )
    return [float(line.strip(",")) for line in told.stdout.split()]


def shown(path: Path) -> Shown:
    """Find the flashes and beeps of a flash-and-beep film."""
    times = picture_times(path)
    words = ["-v", "error", "-nostdin", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    words += ["-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    raw = subprocess.run([FFMPEG, *words], capture_output=True, timeout=120, check=True).stdout
    light = np.frombuffer(raw, np.uint8).reshape(-1, 256).mean(axis=1)
    assert len(light) == len(times)
    loud = np.flatnonzero(np.abs(decode_sound(path)) > LOUD)
    beeps = loud[np.r_[True, np.diff(loud) > 4800]]  # 0.1 s of silence lie between two beeps
    return Shown(times, [times[n] for n in np.flatnonzero(light > WHITE)], [float(n) / 48000 for n in beeps])


def similarity(path: Path, source: Path, frames: int) -> float:
    """Compare two films of `frames` pictures each: mean SSIM of all of them, as ffmpeg's filter counts it."""
    graph = "[0:v]settb=1/1000,setpts=N[a];[1:v]settb=1/1000,setpts=N[b];[a][b]ssim"
    words = [
        "-hide_banner",
        "-nostdin",
        "-i",
        str(path),
        "-i",
        str(source),
        "-lavfi",
        graph,
        "-f",
        "null",
        "-",
    ]
    told = subprocess.run([FFMPEG, *words], capture_output=True, text=True, timeout=300, check=True).stderr
    found = re.search(r"All:([0-9.]+)", told)
    assert found, told
    assert int(re.findall(r"frame= *(\d+)", told)[-1]) == frames
    return float(found[1])


_WATCH = {
    "ffmpeg": [
        *(FFMPEG, "-hide_banner", "-nostdin", "-v", "warning", "-re", "-stats_period", "0.05"),
        *("-progress", "pipe:1", "-i", "{url}", "-f", "null", "-"),
    ],
    # Its own settings, its own cache of many minutes: as people run it.
    "mpv": ["mpv", "--no-config", "--vo=null", "--ao=null", "--term-status-msg=POS ${=time-pos}", "{url}"],
}
_PLACE = {"ffmpeg": re.compile(rb"out_time_us=(\d+)"), "mpv": re.compile(rb"POS (\d+\.\d+)")}
_UNIT = {"ffmpeg": 1e-6, "mpv": 1.0}


class Screen:
    """A player that shows a film in real time."""

    def __init__(self, player: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._player = player
        self._process = process
        self._log = log

    @property
    def place(self) -> float:
        """Seconds of film shown so far."""
        told = _PLACE[self._player].findall(self._log.read_bytes())
        return float(told[-1]) * _UNIT[self._player] if told else 0.0

    @property
    def said(self) -> str:
        """What the player printed."""
        return self._log.read_text(errors="replace")

    def wait_for(self, place: float, seconds: float = 30.0) -> None:
        """Wait until so much of the film was shown."""
        until(
            lambda: self.place >= place, f"{place} s of film in {self._player}: {self.said[-800:]}", seconds
        )

    def end(self, seconds: float = 40.0) -> float:
        """Wait until the player ends by itself; gives the seconds of film it has shown."""
        self._process.wait(seconds)
        return self.place


@contextmanager
def screen(player: str, url: str, folder: Path) -> Iterator[Screen]:
    """Show an address in real time; the player is gone on leaving."""
    log = folder / f"{player}.log"
    with log.open("wb") as file, _started(_WATCH[player], url, file) as process:
        yield Screen(player, process, log)


@contextmanager
def _started(words: list[str], url: str, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    argv = [word.format(url=url) if word == "{url}" else word for word in words]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
