"""ffmpeg, mpv and Shaka on an encrypted HLS folder: what each really decoded."""

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.matrix import master
from tests.media.films import FFMPEG

PATIENCE = 120


@dataclass(frozen=True)
class Played:
    """What ffmpeg decoded of one playlist: raw pictures of every rung, their times, the sound.

    `times` are those of the first rung, in seconds, in the order of showing; `samples` lie at 48 kHz from 0.
    """

    pictures: tuple[bytes, ...]
    times: tuple[Fraction, ...]
    samples: master.Samples


def play_with_ffmpeg(url: str, variants: Sequence[int], *, sound: bool) -> Played:
    """Play these variants of a playlist (in its order) and the sound to the end in one ffmpeg."""
    words = [FFMPEG, "-v", "error", "-nostdin", "-copyts", "-i", url]
    rungs = len(variants)
    readers = [_Reader() for _ in range(rungs + 1 + sound)]
    for number, reader in zip(variants, readers, strict=False):
        words += [
            "-map",
            f"0:v:{number}",
            "-fps_mode",
            "passthrough",
            "-pix_fmt",
            "yuv420p",
            "-f",
            "rawvideo",
        ]
        words += [f"pipe:{reader.write}"]
    words += ["-map", f"0:v:{variants[0]}", "-c", "copy", "-f", "framecrc", f"pipe:{readers[rungs].write}"]
    if sound:
        words += ["-map", "0:a:0", "-af", "aresample=48000:first_pts=0", "-ac", "1", "-f", "f32le"]
        words += [f"pipe:{readers[-1].write}"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, pass_fds=[r.write for r in readers])
    for reader in readers:
        reader.start()
    said = process.communicate(timeout=PATIENCE)[1].decode()
    outputs = [reader.result() for reader in readers]
    assert process.returncode == 0, said
    assert said == "", said
    samples = np.frombuffer(outputs[-1], np.float32) if sound else np.zeros(0, np.float32)
    return Played(tuple(outputs[:rungs]), _times(outputs[rungs].decode()), samples)


def _times(framecrc: str) -> tuple[Fraction, ...]:
    base, times = Fraction(1), []
    for line in framecrc.splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.removeprefix("#tb 0:").strip())
        elif not line.startswith("#"):
            times.append(int(line.split(",")[2]) * base)
    return tuple(sorted(times))


class _Reader(threading.Thread):
    """Empties a pipe that a child writes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._read, self.write = os.pipe()
        self._parts: list[bytes] = []

    def run(self) -> None:
        os.close(self.write)  # the child has its own by now
        with os.fdopen(self._read, "rb") as file:
            while data := file.read(1 << 20):
                self._parts.append(data)

    def result(self) -> bytes:
        """Give everything once the child is done."""
        self.join(PATIENCE)
        assert not self.is_alive()
        return b"".join(self._parts)


def play_with_mpv(url: str, out: Path) -> bytes:
    """Play the best rung to its end in mpv; gives the raw pictures as mpv showed them."""
    words = ["mpv", "--no-config", "--no-audio", "--hls-bitrate=max", "--vf=format=yuv420p", f"--o={out}"]
    words += ["--of=rawvideo", "--ovc=rawvideo", url]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    raw = out.read_bytes()
    out.unlink()
    return raw
