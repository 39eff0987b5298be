"""Bounds within which hostile films are read: demuxers, protocols, pixels, memory, time. Values only."""

from dataclasses import dataclass
from pathlib import Path

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "asf",
    "flv",
    "ogg",
    "mxf",
    "dv",
)
PROTOCOLS = ("file", "pipe")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """All that a process may see of this machine: the files it `reads`, by absolute path.

    A file may still grow while it is read; one that is replaced under its name stays the old one.
    """

    reads: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process may use: wall-clock `seconds`, `memory` bytes of address space, `open_files`."""

    seconds: float
    memory: int
    open_files: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process. Times in seconds, memory in bytes.

    `encode_seconds` is a floor; a chunk gets `encode_seconds + encode_factor * seconds of film`.
    """

    max_pixels: int = 8192 * 4352
    max_duration: int = 12 * 3600
    probe_seconds: float = 60.0
    encode_seconds: float = 180.0
    encode_factor: float = 120.0
    memory: int = 8 << 30
    probe_memory: int = 2 << 30
    open_files: int = 128
    threads: int = 0


DEFAULT_LIMITS = Limits()


def input_options(limits: Limits) -> dict[str, str]:
    """ffmpeg/ffprobe options that go before `-i`.

    The protocol list alone does not stop a playlist that calls itself a film from opening other local files;
    the demuxer list does.
    """
    return {
        "format_whitelist": ",".join(DEMUXERS),
        "protocol_whitelist": ",".join(PROTOCOLS),
        "max_pixels": str(limits.max_pixels),
    }
