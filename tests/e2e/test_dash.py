"""dash.js and Shaka Player on the MPD of a film under `cbcs`: to its end, and to where its keys end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, Page, Response

from streaming.delivery.values import Started
from streaming.hosts import DeliveryHost
from streaming.licences.values import Actor
from tests.media.films import flash_and_beep
from tests.media.pipeline import SHORT, Transcoded, transcode
from tests.support.browser import chromium
from tests.support.dash_house import SHAKA_BY_INIT_SEGMENTS, Served, listening, serving
from tests.unit.streaming.delivery.house import ANA, BEN, House, login

pytestmark = pytest.mark.e2e
SECONDS, RATE = 14, 24
PERIODS = 4
BURST = 2
SPEED = 4
PATIENCE_MS = 60_000

WATCH = """async ({player, url, speed, filter}) => {
  const video = document.querySelector('video');
  const faults = [];
  if (player === 'dash.js') {
    const dash = dashjs.MediaPlayer().create();
    dash.on('error', (event) => faults.push(String(event.error?.message ?? event.error)));
    dash.initialize(video, url, false);
  } else {
    shaka.polyfill.installAll();
    const one = new shaka.Player();
    await one.attach(video);
    one.addEventListener('error', (event) => faults.push(`shaka ${event.detail.code}`));
    if (filter) one.getNetworkingEngine().registerResponseFilter((type, response) => {
      if (type !== shaka.net.NetworkingEngine.RequestType.MANIFEST) return;
      const text = new TextDecoder().decode(response.data).replaceAll(filter[0], filter[1]);
      response.data = new TextEncoder().encode(text).buffer;
    });
    await one.load(url);
  }
  if (video.readyState < 1) await new Promise((done) => video.addEventListener('loadedmetadata', done));
  window.faults = faults;
  await video.play();
  video.playbackRate = speed;
}"""
STANDS = """() => {
  const video = document.querySelector('video');
  window.stood ??= {at: -1, since: performance.now()};
  if (video.ended) return true;
  if (video.currentTime !== window.stood.at) window.stood = {at: video.currentTime, since: performance.now()};
  return window.faults.length > 0 && video.readyState < 3 && performance.now() - window.stood.since > 1500;
}"""
SEE = """() => {
  const video = document.querySelector('video');
  return {time: video.currentTime, ended: video.ended, faults: window.faults,
    frames: video.getVideoPlaybackQuality().totalVideoFrames, sound: video.webkitAudioDecodedByteCount};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Transcoded:
    source = flash_and_beep(tmp_path_factory.mktemp("film"), seconds=SECONDS)
    return transcode(source, replace(SHORT, protection="cbcs"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, film: Transcoded) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("dash"), film) as one:
        assert one.periods == PERIODS
        yield one


@pytest.fixture
def started(served: Served) -> Iterator[Started]:
    """A playback of Ben's under a licence of its own, with a whole burst of keys."""
    licence = served.house.licence(max_streams=1)
    one = served.house.start()
    yield one
    served.ask("POST", f"/play/{one.token}/release")
    served.house.licences.revoke(Actor(ANA, "Ana"), licence, "The test is over.")


class Viewer:
    """Ben at a page with both players."""

    def __init__(self, browser: Browser, served: Served, started: Started) -> None:
        self.context = browser.new_context()
        (cookie,) = login(BEN).items()
        self.context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": served.home}])
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("response", self._response)
        self.page.goto(served.home)
        self.keys: list[tuple[int, tuple[str, int]]] = []
        self._served, self._address = served, served.address(started)

    def begin(self, player: str, *, by_init_segments: bool = False) -> None:
        """Start to watch."""
        about = {"player": player, "url": self._address, "speed": SPEED}
        self.page.evaluate(WATCH, {**about, "filter": SHAKA_BY_INIT_SEGMENTS if by_init_segments else None})

    def to_its_end(self) -> dict[str, Any]:
        """Wait until the film has ended, or stands still after a fault."""
        self.page.wait_for_function(STANDS, timeout=PATIENCE_MS)
        seen: dict[str, Any] = self.page.evaluate(SEE)
        return seen

    def _response(self, response: Response) -> None:
        if response.request.method == "POST":
            body = response.request.post_data or ""
            self.keys.append((response.status, self._served.asked(body)))


@pytest.fixture
def viewer(browser: Browser, served: Served, started: Started) -> Iterator[Viewer]:
    one = Viewer(browser, served, started)
    yield one
    one.context.close()


@pytest.mark.parametrize("player", ["dash.js", "shaka"])
def test_every_period_plays_to_the_films_end(viewer: Viewer, served: Served, player: str) -> None:
    viewer.begin(player)
    seen = viewer.to_its_end()
    assert seen["faults"] == []
    assert seen["ended"]
    assert seen["time"] == pytest.approx(SECONDS, abs=0.1)
    assert seen["frames"] >= SECONDS * RATE - 2
    assert seen["sound"] > 0
    assert {key for status, key in viewer.keys if status == 200} == {("sd", n) for n in range(PERIODS)}


def test_shaka_asks_for_one_key_after_the_other_when_it_goes_by_init_segments(
    viewer: Viewer, served: Served
) -> None:
    viewer.begin("shaka", by_init_segments=True)
    seen = viewer.to_its_end()
    assert (seen["ended"], seen["faults"]) == (True, [])
    assert [key for _, key in viewer.keys] == [("sd", n) for n in range(PERIODS)]


@pytest.mark.parametrize("player", ["dash.js", "shaka"])
def test_a_film_stops_at_the_edge_of_what_its_keys_open(
    browser: Browser, served: Served, player: str
) -> None:
    licence = served.house.licence(max_streams=1)
    started = served.house.start()
    for period in range(BURST):
        assert served.ask("GET", f"/play/{started.token}/key/v240/{period}").status_code == 200
    served.spend(started)
    viewer = Viewer(browser, served, started)
    viewer.begin(player)
    seen = viewer.to_its_end()
    viewer.context.close()
    served.ask("POST", f"/play/{started.token}/release")
    served.house.licences.revoke(Actor(ANA, "Ana"), licence, "The test is over.")
    edge = BURST * SHORT.crypto_period_seconds
    assert not seen["ended"]
    assert seen["time"] == pytest.approx(edge, abs=0.3)
    assert {key for status, key in viewer.keys if status == 200} == {("sd", n) for n in range(BURST)}
    assert {status for status, key in viewer.keys if key[1] >= BURST} == {429}


class Mirror:
    """A delivery host that hands out what the house has, until it falls down."""

    def __init__(self, falls_after: int | None = None) -> None:
        self.house: House | None = None
        self.given: list[str] = []
        self._falls_after = falls_after

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve segments, and nothing else."""
        assert self.house is not None
        assert scope["path"].startswith("/media/")
        if self._falls_after is not None and len(self.given) >= self._falls_after:
            headers = [(b"access-control-allow-origin", b"*")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            self.given.append(scope["path"])
            await self.house.doors(scope, receive, send)


@pytest.mark.parametrize(("player", "falls_after"), [("dash.js", 4), ("dash.js", None), ("shaka", None)])
def test_segments_come_from_the_first_host_that_stands_and_the_rest_from_the_house(
    browser: Browser, tmp_path: Path, film: Transcoded, player: str, falls_after: int | None
) -> None:
    first, second = Mirror(falls_after), Mirror()
    with listening(first) as near, listening(second) as far:
        hosts = (DeliveryHost("near", near), DeliveryHost("far", far, priority=2))
        with serving(tmp_path, film, hosts) as served:
            first.house = second.house = served.house
            served.house.licence(max_streams=1)
            viewer = Viewer(browser, served, served.house.start())
            asked: list[str] = []
            viewer.page.on("request", lambda one: asked.append(one.url))
            viewer.begin(player)
            viewer.page.wait_for_function("document.querySelector('video').ended", timeout=PATIENCE_MS)
            viewer.context.close()
    assert len(first.given) == falls_after or (falls_after is None and len(first.given) > PERIODS)
    assert bool(second.given) == (falls_after is not None)
    others = [one for one in asked if "/media/" not in one]
    assert any("/steering.json" in one for one in others)
    assert any("/licence" in one for one in others)
    assert all(one.startswith((served.home, "blob:")) for one in others)


def test_every_period_has_an_init_segment_of_its_own(served: Served, started: Started) -> None:
    reply = served.ask("GET", f"/play/{started.token}/main.mpd")
    inits = {one.get("sourceURL") for one in ET.fromstring(reply.content).findall(".//{*}Initialization")}
    assert inits == {f"init-{n}.mp4" for n in range(PERIODS)}
