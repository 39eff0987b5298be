"""Click to first frame of a published title, against a bare page with the same film in clear."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.bench.browser import chromium, clicked, first_frame, log_in, visitor
from tests.bench.context import Bench
from tests.bench.films import Film, small_film
from tests.bench.nginx import nginx
from tests.bench.rounds import Figure
from tests.bench.uploads import create, patch
from tests.media.films import run_ffmpeg
from tests.support.house import House, running, wait_for_title

WATCH = ".hero__act a.button--primary"
HOW = (
    "Milliseconds from the click on “Watch” on the film's page to the first frame presented "
    "(`requestVideoFrameCallback`), Chromium on loopback: the watch page, its scripts, the playback, "
    "playlists, key, segments, decryption, decoding. {caches} The peer is a page of nginx whose link leads "
    "to a page with nothing but `<video autoplay>` on the same film as one clear, faststart MP4, in a "
    "visitor of its own with caches alike."
)


def measure(bench: Bench) -> list[Figure]:
    """Measure a first visit and a later one."""
    folder = bench.place("clicks")
    film = small_film(folder)
    pages = bench.place("clicks/pages")
    (pages / "index.html").write_text("<!doctype html><title>Film</title><a href=watch.html>Watch</a>")
    (pages / "watch.html").write_text(
        "<!doctype html><title>Watch</title><video autoplay src=film.mp4></video>"
    )
    run_ffmpeg("-i", str(film.path), "-c", "copy", "-movflags", "+faststart", str(pages / "film.mp4"))
    with (
        running(folder / "data") as house,
        nginx(pages, bench.place("clicks/nginx")) as (port, _),
        chromium() as browser,
    ):
        bench.tell("publishing the film")
        title = publish(house, film)
        cookie = log_in(house, "ana")
        bare = f"http://127.0.0.1:{port}"
        house_page, bare_page = f"{house.url}/t/{title}", f"{bare}/index.html"
        times: dict[str, list[float]] = {"ours": [], "bare": []}

        def ours(_: int) -> float:
            forget_watching(house.data / "matinee.sqlite")
            with visitor(browser, house.url, cookie) as context:
                cold = _click(context, house_page, WATCH)
                forget_watching(house.data / "matinee.sqlite")
                times["ours"].append(_click(context, house_page, WATCH))
            return cold

        def peer(_: int) -> float:
            with visitor(browser, bare) as context:
                cold = _click(context, bare_page, "a")
                times["bare"].append(_click(context, bare_page, "a"))
            return cold

        found = bench.interleave({"ours": ours, "bare": peer})
    rounds = len(found["ours"])
    warm = {name: tuple(values[-rounds:]) for name, values in times.items()}
    return [
        _figure("Click to first frame, first visit", found["ours"], found["bare"], "Empty caches."),
        _figure(
            "Click to first frame, later visit",
            warm["ours"],
            warm["bare"],
            "The same visitor for a second time, so scripts are in the browser's cache.",
        ),
    ]


def _figure(name: str, ours: tuple[float, ...], peers: tuple[float, ...], caches: str) -> Figure:
    return Figure(
        name=name,
        unit="ms",
        ours_name="watch page",
        peer_name="bare page, clear file",
        ours=ours,
        peers=peers,
        how=HOW.format(caches=caches),
    )


def publish(house: House, film: Film) -> str:
    """Publish a film as Ana; gives the title."""
    token = house.add_user("ana", "creator")
    with house.client(token) as client:
        size = film.path.stat().st_size
        address, title = create(client, film.path.name, size)
        patch(client, address, film.path, 0, size)
        wait_for_title(client, title, "ready", seconds=240)
    return title


def forget_watching(database: Path) -> None:
    """Nobody has watched yet: every round begins at the beginning, with a free screen and a full budget."""
    with closing(sqlite3.connect(database, timeout=15)) as connection, connection:
        connection.execute("DELETE FROM resume_positions")
        connection.execute("DELETE FROM playback_sessions")


def _click(context: BrowserContext, address: str, link: str) -> float:
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.locator(link).first.click(no_wait_after=True)
    page.wait_for_url(re.compile("/watch"), wait_until="commit")
    frame = first_frame(page)
    took = frame - clicked(page)
    page.close()
    return took
