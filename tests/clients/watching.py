"""A player in a browser, tried feature by feature: what is on the screen says whether it works."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from tests.clients.film import FRAMES, LOW, RATE, TOP, cue
from tests.clients.front import Asked
from tests.clients.marionette import MarionetteError
from tests.clients.outcome import Outcome
from tests.clients.premiere import Premiere
from tests.clients.tabs import StageError, Tab
from tests.media.films import BITS
from tests.support.house import until

BUFFER = 4
"""Seconds that players are told to read ahead: one crypto period, as 60 s are with people's periods."""
PATIENCE = 45.0
PAGES = {"Shaka Player": "shaka", "hls.js": "hlsjs", "video.js": "videojs", "dash.js": "dashjs"}
MANIFESTS = {"HLS": "main.m3u8", "DASH": "main.mpd"}


@dataclass(frozen=True)
class Look:
    """What the stage shows at one moment (see `pages/stage.js`)."""

    time: float
    duration: float
    ended: bool
    paused: bool
    frames: int
    height: int
    number: int
    buffered: float
    heard: str
    cues: list[str]
    faults: list[str]


@dataclass
class Screening:
    """One playback in one tab. `mark` is where its requests begin in the front's log."""

    premiere: Premiere
    tab: Tab
    client: str
    protection: str
    form: str = "HLS"
    mark: int = 0
    hears: bool = False
    started: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Open the player's page as the holder, take a screen, and load the film at its best quality."""
        self.mark = len(self.premiere.front.log)
        name = PAGES[self.client]
        self.tab.open(f"{self.premiere.front.url}/clients/{name}.html", self.premiere.cookies["ben"])
        self.started = self.tab.call("start", self.premiere.titles[self.protection])
        home = self.started["playlist_url"].removesuffix(MANIFESTS["HLS"])
        options: dict[str, Any] = {"buffer": BUFFER, "height": TOP}
        if self.protection == "cbcs":
            options["licence"] = f"{home}licence"
        self.tab.call("load", home + MANIFESTS[self.form], options)

    def look(self) -> Look:
        """Look once."""
        look = Look(**self.tab.call("look"))
        return replace(look, number=self._photographed(look)) if self.protection == "cbcs" else look

    def glance(self) -> Look:
        """Look at everything but the picture, which may take long."""
        return Look(**self.tab.call("look"))

    def _photographed(self, look: Look) -> int:
        """Read the number of the picture off the screen; -1 for none."""
        if not look.frames:
            return -1
        x, y, width = self.tab.call("place")
        with Image.open(io.BytesIO(self.tab.picture())) as shown:
            grey = np.asarray(shown.convert("L"))
        middles = [int(x + (bit + 0.5) * width / BITS) for bit in range(BITS)]
        return sum(1 << bit for bit, at in enumerate(middles) if grey[int(y) + 8, at] > 125)

    def see(self, wanted: Callable[[Look], bool], what: str, seconds: float = PATIENCE) -> Look:
        """Look until it is as wanted."""
        last: list[Look] = []

        def looked() -> Look | None:
            last[:] = [self.look()]
            return last[0] if wanted(last[0]) else None

        try:
            return until(looked, what, seconds, 0.1)
        except AssertionError:
            raise AssertionError(f"{what} was not seen; {self.client} shows {last}") from None

    def asked(self) -> list[Asked]:
        """What this playback has asked for so far."""
        return self.premiere.front.since(self.mark)

    def choose(self, what: str, value: object) -> Any:
        """Choose a quality, sound or text."""
        return self.tab.call("choose", what, value)


def attempt(step: Callable[[], str | None]) -> Outcome:
    """Carry a step out; what it gives is worth saying of a yes, what it raises says why not."""
    try:
        return Outcome(True, step() or "")
    except (AssertionError, StageError, MarionetteError) as fault:
        return Outcome(False, str(fault).partition("\n")[0][:400])


def features(screening: Screening) -> Iterator[tuple[str, Outcome]]:
    """Try every feature, in an order that needs two loads."""
    yield "last_frame", attempt(lambda: to_the_last_frame(screening))
    began = attempt(lambda: _settle(screening))
    for name, step in STEPS.items():
        yield name, attempt(lambda: step(screening)) if began.well else began  # noqa: B023


def to_the_last_frame(screening: Screening) -> None:
    """Every frame is decoded, and the last that is seen is the film's last."""
    screening.begin()
    screening.tab.call("play", 2)
    seen = screening.see(lambda look: look.ended, "the end", 90)
    assert seen.number == FRAMES - 1, f"the last picture is {seen.number} of {FRAMES - 1}"
    # Firefox does not always count the picture that stands there before the film moves.
    screening.see(lambda look: look.frames >= FRAMES - 1, f"every one of {FRAMES} frames", 5)


def _settle(screening: Screening) -> None:
    screening.begin()
    # What came by EME sounds to people, but not to the page.
    screening.hears = screening.protection != "cbcs" and screening.tab.call("listen")
    screening.tab.call("play")
    screening.see(lambda look: look.time > 1 and look.number > 5, "a moving picture")


def shows_subtitles(screening: Screening) -> None:
    """The German words of this moment are read."""
    screening.choose("text", "de")
    screening.see(lambda look: look.cues == [cue("deu", look.time)], "the German words")


def switches_language(screening: Screening) -> None:
    """The German tone is heard, after the English one; without a sound device, what is fetched tells."""
    if not screening.hears:
        _fetches_german(screening)
        return
    screening.see(lambda look: look.heard == "eng", "the English tone")
    screening.choose("sound", "de")
    screening.see(lambda look: look.heard == "deu", "the German tone")


def _fetches_german(screening: Screening) -> None:
    """The second sound's segments and keys come, the first one's no more, and the film plays into them."""
    screening.choose("sound", "de")

    def fetched() -> int:
        paths = [one.path for one in screening.asked() if one.status == 200 and one.path.endswith(".m4s")]
        return next((n for n, path in enumerate(paths) if "/a1/" in path), 0)

    began = until(fetched, "a segment of the German sound", PATIENCE)
    if screening.protection != "cbcs":  # there all sounds have the key of `sd`
        keyed = lambda: any("/key/a1/" in one.path for one in screening.asked())  # noqa: E731
        until(keyed, "a key of the German sound", 20)
    here = screening.look().time
    screening.see(lambda look: look.time > here + BUFFER, "the film playing into the German sound")
    later = [one.path for one in screening.asked() if one.path.endswith(".m4s")][began:]
    assert not [path for path in later if "/a0/" in path], "the English sound is still fetched"


def seeks(screening: Screening) -> None:
    """Back to a place: the picture is that of the place."""
    screening.tab.call("pause")
    screening.tab.call("seek", 2.05)
    screening.see(lambda look: abs(look.number - 2.05 * RATE) <= 1, "the picture at 2.05 s")


def resumes(screening: Screening) -> None:
    """Ahead past periods that were never opened: the film goes on there."""
    opened = {(one.path, one.body) for one in screening.asked() if one.is_key}
    screening.tab.call("seek", 18.5)
    screening.tab.call("play")
    screening.see(lambda look: look.time > 19.5 and look.number >= 190, "the film beyond 19.5 s")
    later = {(one.path, one.body) for one in screening.asked() if one.is_key}
    assert later > opened, "no key was asked for"


def switches_quality(screening: Screening) -> None:
    """Down and up again while it plays; the film goes on each time."""
    screening.tab.call("seek", 4)
    for height in (LOW, TOP):
        screening.choose("quality", height)
        seen = screening.see(lambda look: look.height == height, f"{height} lines")  # noqa: B023
        screening.see(lambda look: look.time > seen.time + 0.5, f"the film going on at {height} lines")  # noqa: B023
    screening.tab.call("pause")


def shows_thumbnails(screening: Screening) -> None:
    """The picture for a place is there and is that of about the place."""
    found = screening.choose("thumbnail", 12.0)
    if not isinstance(found, int):
        seen = [one for one in screening.asked() if "/key/i" in one.path or "/key/s0" in one.path]
        assert not seen, f"{found}, but it asks for keys of pictures"
        raise AssertionError(found)
    assert abs(found - 12 * RATE) <= 5 * RATE, f"the picture for 12 s is number {found}"


STEPS: dict[str, Callable[[Screening], None]] = {
    "subtitles": shows_subtitles,
    "language": switches_language,
    "seek": seeks,
    "resume": resumes,
    "quality": switches_quality,
    "thumbnails": shows_thumbnails,
}
