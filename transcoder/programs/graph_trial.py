"""From nothing but a pipe to the argv that decodes what comes through it, and tells of each frame."""

import ffmpeg

from transcoder.programs.graph import global_words
from transcoder.programs.sandbox import Limits, input_options


def trial_argv(binary: str, limits: Limits) -> list[str]:
    """Build the command that decodes a fragmented MP4 of one track from standard input.

    On standard output comes a line for each frame (`framecrc`); the first fault of the decoder ends it, with
    an exit code.
    """
    options = input_options(limits) | {
        "protocol_whitelist": "pipe",
        "f": "mov",
        "threads": 1,
        # Otherwise a broken picture is patched up with what is near, and counts as decoded.
        "err_detect": "explode",
    }
    shown = ffmpeg.input("pipe:0", **options).output("pipe:1", f="framecrc", fps_mode="passthrough")
    command = shown.global_args(*global_words({}), "-xerror")
    return [str(word) for word in ffmpeg.compile(command, cmd=binary)]
