"""Finding a place in a film, in a real browser: thumbnails over the seek bar, chapters, names of tracks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.media.films import BITS, counted, run_ffmpeg
from tests.support.browser import Visitor, Visitors, log_in, serious_faults, watch_moving
from tests.support.cinema import QUICK
from tests.support.house import PASSWORD, House, running

pytestmark = pytest.mark.e2e
RATE, SECONDS = 10, 60
CHAPTERS = ";FFMETADATA1\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={end}\ntitle={title}\n"
    for start, end, title in ((0, 20, "Arrival"), (20, 45, "The <b>bold</b> one"), (45, 60, "Farewell"))
)
SHOWN = f"""() => {{
  const image = document.querySelector(".shaka-player-ui-thumbnail-image");
  if (!image || !image.complete || !image.naturalWidth) return null;
  const scale = Number(/scale\\(([0-9.]+)\\)/.exec(image.style.transform)?.[1] ?? 1);
  // What is seen is as large as it is meant to be: no style of the page shrinks it.
  if (Math.abs(image.getBoundingClientRect().width - image.naturalWidth * scale) > 2) return null;
  const [left, top] = [-parseFloat(image.style.left) / scale, -parseFloat(image.style.top) / scale];
  const canvas = document.createElement("canvas");
  canvas.width = 160; canvas.height = 90;
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(image, -Math.round(left), -Math.round(top));
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    if (context.getImageData(bit * 16 + 8, 45, 1, 1).data[0] > 125) number += 2 ** bit;
  }}
  return number;
}}"""
"""The number of the frame that the thumbnail shows, read from its bars; null while there is none."""


@dataclass(frozen=True)
class Premiere:
    """A house with one published film of Ana's that counts its frames, and has chapters and subtitles."""

    house: House
    title: str


def told_film(folder: Path) -> Path:
    """A counted film with chapters, two sounds and two subtitle tracks."""
    chapters, words, path = folder / "chapters.txt", folder / "words.srt", folder / "told.mkv"
    chapters.write_text(CHAPTERS, encoding="utf-8")
    words.write_text("1\n00:00:01,000 --> 00:00:50,000\nGood evening.\n", encoding="utf-8")
    film = counted(folder, Fraction(RATE), RATE * SECONDS)
    inputs = ("-i", str(film), "-i", str(chapters), "-i", str(words))
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "2", "-map", "2", "-map_chapters", "1")
    run_ffmpeg(
        *(*inputs, *maps, "-c", "copy", "-c:s", "srt"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=eng"),
        *("-disposition:a:1", "comment", "-metadata:s:s:0", "language=eng"),
        *("-metadata:s:s:1", "language=deu", "-metadata:s:s:1", "title=Deutsch, für Hörgeschädigte"),
        str(path),
    )
    return path


@pytest.fixture(scope="module")
def premiere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premiere]:
    folder = tmp_path_factory.mktemp("seeking")
    film = told_film(folder)
    with running(folder / "data", **QUICK) as house:
        token = house.add_user("ana", "creator")
        done = house.run("publish", str(film), "--title", "Told", "--wait", token=token)
        assert done.returncode == 0, done.stderr
        with house.client(token) as client:
            title = client.get("/api/v1/titles").json()["items"][0]["id"]
        yield Premiere(house, title)


@pytest.fixture
def ana(premiere: Premiere, visitors: Visitors) -> Visitor:
    """The film's owner, at the screen; the film rests near its beginning, wherever it was left before."""
    visitor = visitors.arrive("ana", premiere.house.url)
    log_in(visitor, "ana", PASSWORD)
    visitor.go(f"/watch/{premiere.title}")
    watch_moving(visitor)
    visitor.page.keyboard.press("0")
    visitor.page.keyboard.press("k")
    visitor.wait("() => document.querySelector('video').paused")
    return visitor


def hover(visitor: Visitor, share: float) -> None:
    """Move the pointer over the seek bar, `share` of the way along."""
    visitor.page.mouse.move(400, 300)  # brings the controls
    expect(visitor.find(".shaka-controls-container")).to_have_attribute("shown", "true")
    box = visitor.find(".shaka-seek-bar").bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)


def test_the_seek_bar_shows_what_the_film_shows_there(ana: Visitor) -> None:
    for share in (0.1, 0.85, 0.5):
        hover(ana, share)
        close = f"at => {{ const shown = ({SHOWN})(); return shown !== null && Math.abs(shown - at) <= 50; }}"
        ana.wait(close, about=share * RATE * SECONDS)
    asked = ana.page.evaluate("() => performance.getEntriesByType('resource').map(one => one.name)")
    assert sum("/key/s0/" in address for address in asked) == 1


def test_chapters_are_named_over_the_seek_bar_and_chosen_from_the_menu(ana: Visitor) -> None:
    hover(ana, 0.5)
    expect(ana.find(".shaka-player-ui-thumbnail-time")).to_contain_text("The <b>bold</b> one")
    open_menu(ana, "Chapters")
    ana.find(".shaka-overflow-menu button:visible").filter(has_text="Farewell").click()
    ana.wait("() => document.querySelector('video').currentTime >= 44")


def test_the_films_page_lists_the_chapters_and_opens_the_film_there(premiere: Premiere, ana: Visitor) -> None:
    ana.go(f"/t/{premiere.title}")
    assert serious_faults(ana.page) == []
    chapters = ana.find(".chapters a")
    expect(chapters).to_contain_text(["Arrival", "The <b>bold</b> one", "Farewell"])
    chapters.nth(1).press("Enter")
    ana.wait("() => document.querySelector('video')?.currentTime >= 20")
    watch_moving(ana)
    assert 20 <= ana.picture().time < 45
    # Said once: whoever loads the page again goes on where they were.
    assert ana.page.url == f"{premiere.house.url}/watch/{premiere.title}"


@pytest.mark.parametrize(
    ("menu", "names"),
    [
        ("Sound", ["English", "English, commentary"]),
        ("Subtitles", ["English", "Deutsch, für Hörgeschädigte"]),
    ],
)
def test_tracks_are_called_by_language_and_role(ana: Visitor, menu: str, names: list[str]) -> None:
    open_menu(ana, menu)
    shown = ana.find(".shaka-overflow-menu button:visible")
    for name in names:
        expect(shown.filter(has_text=re.compile(f"^{name}$"))).to_have_count(1)


def open_menu(visitor: Visitor, name: str) -> None:
    """Open one of the menus behind the gear."""
    visitor.page.mouse.move(400, 300)
    visitor.find(".shaka-overflow-menu-button").click()
    visitor.find(".shaka-overflow-menu button:visible").filter(has_text=name).click()
