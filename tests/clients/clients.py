"""The clients that are tried, with which protection, and what each of them is known not to do."""

import ctypes
import json
import re
import subprocess
from dataclasses import dataclass

from tests.clients.front import MODULES
from tests.clients.marionette import FIREFOX
from tests.clients.native import KNOWS_NO_CLEAR_KEY, NATIVE
from tests.clients.outcome import FEATURES
from tests.media.films import FFMPEG
from tests.support.browser import CHROMIUM

PACKAGES = {"Shaka Player": "shaka-player", "hls.js": "hls.js", "video.js": "video.js", "dash.js": "dashjs"}
HLS, DASH = "HLS", "DASH"


@dataclass(frozen=True)
class Client:
    """One row of the table: a player, where it runs, and what it is given."""

    player: str
    where: str
    protection: str
    form: str = HLS

    @property
    def name(self) -> str:
        """As the table calls it."""
        return self.player if self.where == "native" else f"{self.player} in {self.where.capitalize()}"

    @property
    def id(self) -> str:
        """As tests and the command call it."""
        return f"{self.name}, {self.protection} {self.form}"

    def known(self, what: str) -> str:
        """Say why it is known not to do that; empty if it should."""
        places = [
            (self.name, self.protection, self.form),
            (self.player, self.protection, self.form),
            (self.player, self.protection),
            (self.player,),
        ]
        return next((NOT[(*place, what)] for place in places if (*place, what) in NOT), "")


CLIENTS = (
    *(Client(player, "chromium", "aes-128") for player in ("Shaka Player", "hls.js", "video.js")),
    *(Client(player, "firefox", "aes-128") for player in ("Shaka Player", "hls.js", "video.js")),
    *(Client(player, "native", "aes-128") for player in NATIVE),
    *(
        Client(player, browser, "cbcs", form)
        for browser in ("chromium", "firefox")
        for player, form in (
            ("Shaka Player", HLS),
            ("Shaka Player", DASH),
            ("dash.js", DASH),
            ("hls.js", HLS),
            ("video.js", HLS),
        )
    ),
    *(Client(player, "native", "cbcs") for player in NATIVE),
)

_MPV_TRACKS = "it ends when another track is chosen: Debian 12's mpv cannot wind back to it in fragmented MP4"
_VLC_ENDS = "VLC 3 may end or stand still early: it misreads encrypted fragments now and then"
_NO_EME = "it has no EME without a plugin"
_AHEAD = "cut as it has read one Period to its end, it has the next one's key: up to 6 s of this film"
NOT: dict[tuple[str, ...], str] = {
    **{("video.js", "cbcs", name): _NO_EME for name in FEATURES},
    **{(player, "cbcs", name): KNOWS_NO_CLEAR_KEY for player in NATIVE for name in FEATURES},
    ("dash.js", "thumbnails"): "MPDs name no pictures to seek by",
    ("hls.js", "cbcs", "thumbnails"): "they come, but no page can read what EME decrypts: not seen",
    ("Shaka Player", "cbcs", DASH, "thumbnails"): "MPDs name no pictures to seek by",
    **{("dash.js", name): _AHEAD for name in ("revocation", "lowered")},
    ("Shaka Player", "thumbnails"): "it names the sheet of pictures but does not decrypt it",
    ("video.js", "thumbnails"): "it has none of its own",
    **{(player, "thumbnails"): "it has none of its own" for player in NATIVE},
    **{
        (player, "stolen"): "the printed address works for whoever has it, until the licence ends"
        for player in NATIVE
    },
    ("ffmpeg", "quality"): "chosen before it starts (`-map 0:p:0`), not while it plays",
    ("mpv", "language"): _MPV_TRACKS,
    ("mpv", "quality"): _MPV_TRACKS,
    ("mpv", "subtitles"): "Debian 12's mpv lists no WebVTT of HLS",
    ("VLC", "quality"): "it chooses by itself (`--adaptive-logic`)",
    ("VLC", "last_frame"): "the pictures come to the end, but VLC 3's sound stops after the first seconds",
    **{("VLC", name): _VLC_ENDS for name in ("language", "subtitles", "seek", "resume")},
}
"""What a client is known not to do, and why; what it does not do beside this is a fault."""


def version(client: Client) -> str:
    """Give the version of the player, and of the browser around it."""
    if client.where == "native":
        return _native_version(client.player)
    package = json.loads((MODULES / PACKAGES[client.player] / "package.json").read_text())
    program = CHROMIUM if client.where == "chromium" else FIREFOX
    return f"{package['version']}, {client.where.capitalize()} {_number(_said(program, '--version'))}"


def _native_version(player: str) -> str:
    if player == "VLC":
        library = ctypes.CDLL("libvlc.so.5")
        library.libvlc_get_version.restype = ctypes.c_char_p
        return _number(library.libvlc_get_version().decode())
    return _number(_said(*({"ffmpeg": (FFMPEG, "-version"), "mpv": ("mpv", "--version")}[player])))


def _said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def _number(text: str) -> str:
    found = re.search(r"\d+(?:\.\d+)+", text)
    assert found, text
    return ".".join(found[0].split(".")[:2])
