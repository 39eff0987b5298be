"""What can go wrong between a film and its segments, as few kinds with a sentence each."""

from collections.abc import Sequence


class TranscoderError(Exception):
    """Root of every fault this package raises on purpose."""


class Refused(TranscoderError):
    """What was handed in cannot be used; the creator reads `sentence` and `hint`.

    `code` is a stable small word (see `probe`): empty_file, not_a_film, playlist_file, truncated,
    no_video, no_frames, too_many_pixels, too_long, too_slow, unusable_video, unusable_rate, not_found,
    too_many_tracks, unusable_track, bad_name. Of key files and folders: key_file_missing, key_file_open,
    key_file_damaged, key_file_version, other_key_file, other_film, keys_taken, keys_inside, folder_taken,
    folder_busy, not_whole.
    """

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.hint = hint


class EncodeFailed(TranscoderError):
    """ffmpeg or its output failed; `lines` are the last lines it said, for the operator.

    `code`: encoder_failed, timed_out, output_mismatch, init_mismatch, protection_failed, not_copyable.
    """

    def __init__(self, code: str, sentence: str, lines: Sequence[str] = ()) -> None:
        super().__init__(sentence if not lines else f"{sentence} ({lines[-1]})")
        self.code = code
        self.sentence = sentence
        self.lines = tuple(lines)


class Cancelled(TranscoderError):
    """The caller's cancel event was set; every process has ended."""


class BadMedia(TranscoderError):
    """Bytes that should be boxes or ADTS frames are not."""


class BadManifest(TranscoderError):
    """A manifest that is malformed, not canonical, or not signed by the expected key."""


class BadSubtitles(TranscoderError):
    """A subtitle file that cannot be read; the text is a sentence for whoever uploaded it."""
