"""Stalls at the edges of crypto periods: a film of ten minutes at twice its speed, in Chromium."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.bench.browser import chromium, log_in, visitor
from tests.bench.clicks import publish
from tests.bench.context import Bench
from tests.bench.films import Film
from tests.bench.rounds import Aim, Figure
from tests.media.films import run_ffmpeg
from tests.support.house import running

SPEED, PERIOD_SECONDS = 2.0, 60
WHOLE, QUICK = 600, 150
"""Seconds of film."""
NEAR_SECONDS = 3.0
"""A stall so near an edge is the edge's."""
WATCH = """(() => {
  globalThis.seen = {stalls: [], crossed: {}, began: false};
  const look = (video) => {
    if (video.dataset.followed) return;
    video.dataset.followed = 'yes';
    video.muted = true;
    video.addEventListener('playing', () => { seen.began = true; video.playbackRate = SPEED; });
    video.addEventListener('waiting', () => {
      if (seen.began && !video.seeking) seen.stalls.push(video.currentTime);
    });
    setInterval(() => {
      const period = Math.floor(video.currentTime / PERIOD);
      if (seen.began && !(period in seen.crossed)) seen.crossed[period] = performance.now();
    }, 20);
  };
  new MutationObserver(() => document.querySelectorAll('video').forEach(look))
    .observe(document, {childList: true, subtree: true});
  document.addEventListener('DOMContentLoaded', () => document.querySelectorAll('video').forEach(look));
  performance.setResourceTimingBufferSize(5000);
})()""".replace("SPEED", str(SPEED)).replace("PERIOD", str(PERIOD_SECONDS))
KEYS = """() => performance.getEntriesByType('resource').flatMap((entry) => {
  const found = /[/]key[/][^/]+[/]([0-9]+)/.exec(entry.name);
  return found ? [[Number(found[1]), entry.responseEnd]] : [];
})"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one showing of the film brought: where it stalled, and how long each period's keys lay ready."""

    stalls: tuple[float, ...]
    leads: dict[int, float]

    @property
    def at_edges(self) -> int:
        """Stalls near an edge that the film went over."""
        return sum(
            any(abs(place - edge * PERIOD_SECONDS) <= NEAR_SECONDS for edge in self.leads)
            for place in self.stalls
        )


def measure(bench: Bench) -> list[Figure]:
    """Play the film once a round, in one browser, on loopback."""
    folder = bench.place("edges")
    length = QUICK if bench.quick else WHOLE
    film = Film(small_pictures(folder, length), f"a generated film ({length} s, 144p)")
    rounds: list[Seen] = []
    with running(folder / "data") as house, chromium() as browser:
        bench.tell("publishing the film")
        title = publish(house, film)
        cookie = log_in(house, "ana")
        for number in range(bench.rounds):
            bench.tell(f"round {number + 1} of {bench.rounds}, {length / SPEED / 60:.1f} min")
            with visitor(browser, house.url, cookie) as context:
                context.add_init_script(WATCH)
                rounds.append(_show(context.new_page(), f"{house.url}/watch/{title}", length))
    return _figures(film, rounds)


def small_pictures(folder: Path, seconds: int) -> Path:
    """Make a film of few and small pictures, so that playing it is all there is to do."""
    path = folder / "film.mp4"
    run_ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size=256x144:rate=10:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"),
        *("-movflags", "+faststart", str(path)),
    )
    return path


def _show(page: Page, address: str, length: int) -> Seen:
    page.goto(address)
    page.wait_for_function(
        "(end) => document.querySelector('video')?.currentTime >= end",
        arg=length - 5,
        timeout=(length / SPEED + 120) * 1000,
        polling=500,
    )
    seen: dict[str, Any] = page.evaluate("() => seen")
    ready: dict[int, float] = {}
    for period, at in page.evaluate(KEYS):
        ready[period] = max(ready.get(period, 0.0), at)
    crossed = {int(period): at for period, at in seen["crossed"].items()}
    edges = [period for period in sorted(crossed) if period > 0]
    if not edges or page.evaluate("() => document.querySelector('video').playbackRate") != SPEED:
        raise RuntimeError("the film was not played at its speed over any edge")
    leads = {period: (crossed[period] - ready[period]) / 1000 for period in edges}
    page.close()
    return Seen(tuple(seen["stalls"]), leads)


def _figures(film: Film, rounds: list[Seen]) -> list[Figure]:
    passed = tuple(float(len(one.leads)) for one in rounds)
    how = (
        f"{film.story[0].upper()}{film.story[1:]}, crypto periods of {PERIOD_SECONDS} s, played from its "
        f"beginning at {SPEED:g}× speed in the house's own watch page, Chromium on loopback, as its owner. "
    )
    return [
        Figure(
            name="Stalls at period edges",
            unit="",
            ours_name="stalls within 3 s of an edge",
            peer_name="edges passed",
            ours=tuple(float(one.at_edges) for one in rounds),
            peers=passed,
            aim=Aim(0, most=True, absolute=True),
            how=how
            + "A stall is a `waiting` event of the media element after the film began. Stalls anywhere: "
            f"{sum(len(one.stalls) for one in rounds)}.",
        ),
        Figure(
            name="Keys ready before their period's edge",
            unit="s",
            ours_name="least time before the edge",
            peer_name="real time of a period",
            ours=tuple(min(one.leads.values()) for one in rounds),
            peers=tuple(PERIOD_SECONDS / SPEED for _ in rounds),
            how=how
            + "Real seconds between the last key of a period arriving (Resource Timing) and the picture "
            "going over that period's first edge; the least of all edges of a showing.",
        ),
    ]
