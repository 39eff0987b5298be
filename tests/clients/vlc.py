"""VLC's own engine (libvlc) in a process of its own: told by lines of JSON, it says what it shows and sounds.

The `vlc` command is a thin shell over the same library; it refuses to run as root and shows its pictures to
nobody but a screen. Run as `python -m tests.clients.vlc URL [OPTION…]`.
"""

import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_float, c_int, c_int64, c_uint, c_void_p
from typing import Any

import numpy as np

from tests.clients.film import LANGUAGES
from tests.media.films import BITS

WIDTH, HEIGHT = 320, 180
RATE = 48_000
STATES = ("nothing", "opening", "buffering", "playing", "paused", "stopped", "ended", "error")
_LOCK = CFUNCTYPE(c_void_p, c_void_p, POINTER(c_void_p))
_SHOW = CFUNCTYPE(None, c_void_p, c_void_p)
_SOUND = CFUNCTYPE(None, c_void_p, POINTER(ctypes.c_int16), c_uint, c_int64)


class _Track(ctypes.Structure):
    pass


_Track._fields_ = [("id", c_int), ("name", c_char_p), ("next", POINTER(_Track))]


class Vlc:
    """One film on VLC's engine, its pictures and sound in memory."""

    def __init__(self, url: str, options: list[str]) -> None:
        self._lib = library()
        words = ["--no-video-title-show", "--no-drop-late-frames", "--no-skip-frames", "--quiet", *options]
        argv = (c_char_p * len(words))(*(word.encode() for word in words))
        engine = self._lib.libvlc_new(len(words), argv)
        media = self._lib.libvlc_media_new_location(engine, url.encode())
        self._player = self._lib.libvlc_media_player_new_from_media(media)
        self._picture = (ctypes.c_uint8 * (WIDTH * HEIGHT * 4))()
        self.numbers: list[int] = []
        self._sound: Any = np.zeros(0, np.float32)
        self._before: dict[int, Any] = {}
        self.lower: dict[int, Any] = {}
        self._keep = (_LOCK(self._lock), _SHOW(self._show), _SOUND(self._hear))
        self._lib.libvlc_video_set_callbacks(self._player, self._keep[0], None, self._keep[1], None)
        self._lib.libvlc_video_set_format(self._player, b"RV32", WIDTH, HEIGHT, WIDTH * 4)
        self._lib.libvlc_audio_set_callbacks(self._player, self._keep[2], None, None, None, None, None)
        self._lib.libvlc_audio_set_format(self._player, b"S16N", RATE, 1)
        self._lib.libvlc_media_player_play(self._player)

    def look(self, _: Any) -> dict[str, Any]:
        """What it shows now."""
        width, height = c_uint(), c_uint()
        self._lib.libvlc_video_get_size(self._player, 0, ctypes.byref(width), ctypes.byref(height))
        return {
            "state": STATES[self._lib.libvlc_media_player_get_state(self._player)],
            "time": self._lib.libvlc_media_player_get_time(self._player) / 1000,
            "frames": len(self.numbers),
            "number": self.numbers[-1] if self.numbers else -1,
            "height": height.value,
            "heard": self._heard(),
        }

    def seen(self, _: Any) -> list[int]:
        """The numbers of all pictures shown."""
        return self.numbers

    def seek(self, seconds: float) -> None:
        """Go to a place."""
        self._lib.libvlc_media_player_set_time(self._player, int(seconds * 1000))

    def sounds(self, _: Any) -> dict[str, int]:
        """The sound tracks by name."""
        return self._tracks(self._lib.libvlc_audio_get_track_description(self._player))

    def sound(self, track: int) -> None:
        """Choose a sound track."""
        self._lib.libvlc_audio_set_track(self._player, track)

    def texts(self, _: Any) -> dict[str, int]:
        """The subtitle tracks by name."""
        return self._tracks(self._lib.libvlc_video_get_spu_description(self._player))

    def text(self, track: int) -> None:
        """Choose a subtitle track; what lies below in the picture is kept anew."""
        self._before, self.lower = self.lower, {}
        self._lib.libvlc_video_set_spu(self._player, track)

    def words(self, _: Any) -> int:
        """Count the pictures whose lower part is now far from what the same picture had before."""
        both = self.lower.keys() & self._before.keys()
        far = [np.abs(self.lower[one] - self._before[one]) > 100 for one in both]
        return sum(int(change.sum()) > 40 for change in far)

    def _lock(self, _: Any, planes: Any) -> int:
        planes[0] = ctypes.addressof(self._picture)
        return 0

    def _show(self, _: Any, __: Any) -> None:
        picture = np.frombuffer(memoryview(self._picture).cast("B"), np.uint8).reshape(HEIGHT, WIDTH, 4)
        bits = [picture[10, bit * WIDTH // BITS + WIDTH // BITS // 2, 1] > 125 for bit in range(BITS)]
        number = sum(1 << bit for bit, is_set in enumerate(bits) if is_set)
        self.numbers.append(number)
        self.lower[number] = picture[HEIGHT * 2 // 3 :, :, 1].astype(np.int16)

    def _hear(self, _: Any, samples: Any, count: int, __: int) -> None:
        new = np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32768
        self._sound = np.concatenate((self._sound, new))[-RATE // 4 :]

    def _heard(self) -> str:
        sound, self._sound = self._sound, self._sound[:0]
        if len(sound) < RATE // 20 or float(np.abs(sound).max()) < 0.01:
            return ""
        loudest = float(np.argmax(np.abs(np.fft.rfft(sound)))) * RATE / len(sound)
        return min(LANGUAGES, key=lambda one: abs(LANGUAGES[one] - loudest))

    def _tracks(self, first: Any) -> dict[str, int]:
        found = {}
        node = first
        while node:
            found[node.contents.name.decode()] = node.contents.id
            node = node.contents.next
        return found


def library() -> Any:
    """Load libvlc and say what its functions take. Raises `OSError` where it is not installed."""
    lib = ctypes.CDLL("libvlc.so.5")
    lib.libvlc_get_version.restype = c_char_p
    lib.libvlc_new.argtypes, lib.libvlc_new.restype = [c_int, POINTER(c_char_p)], c_void_p
    lib.libvlc_media_new_location.argtypes = [c_void_p, c_char_p]
    lib.libvlc_media_new_location.restype = c_void_p
    lib.libvlc_media_player_new_from_media.argtypes = [c_void_p]
    lib.libvlc_media_player_new_from_media.restype = c_void_p
    player = [c_void_p]
    for name, more, gives in (
        ("media_player_play", [], c_int),
        ("media_player_get_state", [], c_int),
        ("media_player_get_time", [], c_int64),
        ("media_player_set_time", [c_int64], None),
        ("media_player_set_rate", [c_float], c_int),
        ("video_set_callbacks", [_LOCK, c_void_p, _SHOW, c_void_p], None),
        ("video_set_format", [c_char_p, c_uint, c_uint, c_uint], None),
        ("video_get_size", [c_uint, POINTER(c_uint), POINTER(c_uint)], c_int),
        ("audio_set_callbacks", [_SOUND, *[c_void_p] * 5], None),
        ("audio_set_format", [c_char_p, c_uint, c_uint], None),
        ("audio_set_track", [c_int], c_int),
        ("audio_get_track_description", [], POINTER(_Track)),
        ("video_set_spu", [c_int], c_int),
        ("video_get_spu_description", [], POINTER(_Track)),
    ):
        function = getattr(lib, f"libvlc_{name}")
        function.argtypes, function.restype = [*player, *more], gives
    return lib


def main() -> None:
    """Answer each line of standard input: `["name", argument]` in, the value as JSON out."""
    engine = Vlc(sys.argv[1], sys.argv[2:])
    for line in sys.stdin:
        name, argument = json.loads(line)
        print(json.dumps(getattr(engine, name)(argument)), flush=True)


if __name__ == "__main__":
    main()
