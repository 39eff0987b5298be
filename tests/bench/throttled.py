"""Click to first frame on a slow network, against stock hls.js with the same film, house and browser."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.bench.browser import chromium, clicked, first_frame, log_in, visitor
from tests.bench.clicks import WATCH, forget_watching, publish
from tests.bench.context import Bench
from tests.bench.films import small_film
from tests.bench.nginx import nginx
from tests.bench.rounds import Aim, Figure
from tests.support.house import running

HLS_JS = Path(__file__).parents[2] / "player/web/node_modules/hls.js/dist/hls.min.js"
NETWORK = {"offline": False, "latency": 100, "downloadThroughput": 1_000_000, "uploadThroughput": 1_000_000}
"""As `Network.emulateNetworkConditions` takes it: milliseconds, and bytes a second."""
SCREENS = re.compile(r"/watch/|/peer/watch")
HALF = Aim(0.5, most=True)
DOOR = """<!doctype html><title>Door</title><p><a class=ours href="/watch/{title}">Ours</a></p>
<p><a class=peer href="/peer/watch.html">Peer</a></p>"""
WATCH_PAGE = """<!doctype html><title>Watch</title><video autoplay controls></video>
<script src="/peer/hls.min.js"></script><script src="/peer/watch.js"></script>"""
WATCH_SCRIPT = """fetch('/api/v1/titles/{title}/playback', {{method: 'POST'}})
  .then((answer) => answer.json())
  .then((playback) => {{
    const hls = new Hls();
    hls.loadSource(playback.playlist_url);
    hls.attachMedia(document.querySelector('video'));
  }});"""
HOW = (
    "Milliseconds from the click to the first frame presented (`requestVideoFrameCallback`), in Chromium on "
    "a network of 100 ms a request and 8 Mbit/s (CDP `Network.emulateNetworkConditions`). {begin} The peer "
    "is a page of nothing but `<video>`, hls.js as it is delivered (`hls.min.js`, packed) and a script that "
    "starts a playback and gives its playlist to hls.js; the same encrypted film, house and nginx before "
    "it, and the same browser, in a visitor of its own with caches alike."
)


@dataclass(frozen=True)
class Way:
    """One way to the screen: the page that is open, and what is clicked there."""

    page: str
    link: str


def measure(bench: Bench) -> list[Figure]:
    """Measure with nothing in the cache, from the film's page, and on a later visit."""
    folder = bench.place("throttled")
    film = small_film(folder)
    pages = bench.place("throttled/pages")
    with (
        running(folder / "data") as house,
        nginx(pages, bench.place("throttled/nginx"), house=house.port) as (port, _),
        chromium() as browser,
    ):
        bench.tell("publishing the film")
        title = publish(house, film)
        _write_pages(pages, title)
        cookie, home, database = (
            log_in(house, "ana"),
            f"http://127.0.0.1:{port}",
            house.data / "matinee.sqlite",
        )
        peer_way = Way(f"{home}/peer/index.html", "a.peer")
        ways = {
            "cold": (Way(f"{home}/peer/index.html", "a.ours"), peer_way),
            "page": (Way(f"{home}/t/{title}", WATCH), peer_way),
        }
        later: dict[str, list[float]] = {"ours": [], "peer": []}

        def side(name: str, way: Way, again: str = "") -> float:
            with visitor(browser, home, cookie) as context:
                forget_watching(database)
                took = _click(context, way)
                if again:
                    forget_watching(database)
                    later[again].append(_click(context, way))
            bench.tell(f"{name}: {took:.0f} ms")
            return took

        found = bench.interleave(
            {
                "ours, cold": lambda _: side("ours, cold", ways["cold"][0]),
                "peer, cold": lambda _: side("peer, cold", ways["cold"][1], again="peer"),
                "ours, page": lambda _: side("ours, page", ways["page"][0], again="ours"),
            }
        )
    rounds = len(found["ours, cold"])
    return [
        _figure(
            "Slow network: click to first frame, nothing cached",
            found["ours, cold"],
            found["peer, cold"],
            "Both are clicked on one page that holds two links, with empty caches.",
        ),
        _figure(
            "Slow network: click to first frame, from the film's page",
            found["ours, page"],
            found["peer, cold"],
            "A first visit with empty caches: ours is clicked on the film's page, which has fetched the "
            "parts of the screen by then; the peer on a page that holds a link.",
        ),
        _figure(
            "Slow network: click to first frame, later visit",
            tuple(later["ours"][-rounds:]),
            tuple(later["peer"][-rounds:]),
            "The same visitors for a second time, so scripts are in the browser's cache.",
        ),
    ]


def _figure(name: str, ours: tuple[float, ...], peers: tuple[float, ...], begin: str) -> Figure:
    return Figure(
        name=name,
        unit="ms",
        ours_name="watch page",
        peer_name="stock hls.js",
        ours=ours,
        peers=peers,
        aim=HALF,
        how=HOW.format(begin=begin),
    )


def _write_pages(pages: Path, title: str) -> None:
    folder = pages / "peer"
    folder.mkdir()
    shutil.copy(HLS_JS, folder)
    (folder / "index.html").write_text(DOOR.format(title=title))
    (folder / "watch.html").write_text(WATCH_PAGE)
    (folder / "watch.js").write_text(WATCH_SCRIPT.format(title=title))


def _click(context: BrowserContext, way: Way) -> float:
    page = context.new_page()
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", NETWORK)
    page.goto(way.page, wait_until="networkidle")
    page.locator(way.link).first.click(no_wait_after=True)
    page.wait_for_url(SCREENS, wait_until="commit")
    frame = first_frame(page)
    took = frame - clicked(page)
    page.close()
    return took
