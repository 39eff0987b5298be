"""Films and steps that several tests of the whole share: what a person does at the pages, step by step."""

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.media.films import picture_film, run_ffmpeg
from tests.support.browser import Visitor
from tests.support.house import House

REAL_FILM = Path(__file__).parents[3] / "shared/media/big-buck-bunny-480p-30s.mp4"
ZONE = ZoneInfo("Asia/Kolkata")
TITLE = re.compile(r"/studio/t/(ti_[a-z0-9]+)")
QUICK = {
    "MATINEE_CRYPTO_PERIOD_SECONDS": "6",
    "MATINEE_LEASE_SECONDS": "10",
    "MATINEE_LEASE_GRACE_SECONDS": "30",
}
"""A house in which an end bites within seconds."""
DOORS = r"/play/[^/]+/.*|/media/.*\.m3u8|/api/v1/titles/[^/]+/playback"
"""Where a player is refused."""


def long_film(folder: Path) -> tuple[Path, str]:
    """The real film, or a made one, repeated so that encoding it takes a while; gives it and its story."""
    # The more cores, the sooner it is encoded; a visitor needs some seconds to open the page and watch.
    times = min(8, max(2, os.cpu_count() or 2))
    source = REAL_FILM if REAL_FILM.is_file() else picture_film(folder, 30, "854x480")
    path = folder / "First Film.mp4"
    run_ffmpeg("-stream_loop", str(times - 1), "-i", str(source), "-c", "copy", str(path))
    return path, f"{source.name}, {times} times in a row, {path.stat().st_size / 1e6:.0f} MB"


def padded_film(folder: Path, megabytes: int) -> Path:
    """A short film that is long to send: an empty box (ISO/IEC 14496-12 §8.1.2, `free`) stands at its end."""
    path = folder / "Heavy.mp4"
    shutil.copy(picture_film(folder, 6, "320x180"), path)
    size = megabytes << 20
    with path.open("ab") as film:
        film.write(size.to_bytes(4, "big") + b"free")
        film.write(os.urandom(size - 8))
    return path


def register(visitor: Visitor, name: str, password: str) -> str:
    """Make an account at the page, keep the recovery code, and go on; gives the code."""
    visitor.go("/register")
    visitor.find("[name=name]").fill(name)
    visitor.find("[name=password]").fill(password)
    visitor.find("[name=again]").fill(password)
    visitor.find("button[data-ref=submit]").click()
    code = visitor.find("[data-ref=code]")
    expect(code).to_have_text(re.compile(r"^([0-9A-Z]{4}-){7}[0-9A-Z]{4}$"))
    kept = code.inner_text().strip()
    visitor.find("[data-ref=kept]").check()
    visitor.find("[data-ref=continue]").click()
    visitor.page.wait_for_url(visitor.home + "/")
    return kept


def choose_file(visitor: Visitor, path: Path) -> None:
    """Choose a film in the studio; the upload begins by itself."""
    visitor.find("section.uploads input[type=file]").set_input_files(path)


def title_of_upload(visitor: Visitor) -> str:
    """Wait until the upload has its title; gives the title's id."""
    link = visitor.find("li.upload a[data-ref=name]").first
    expect(link).to_have_attribute("href", TITLE)
    found = TITLE.fullmatch(link.get_attribute("href") or "")
    assert found is not None
    return found[1]


def issue_licence(visitor: Visitor, title: str, to: str = "", minutes: int = 2) -> str:
    """Issue a licence in the form, to an account or as a link (`to` empty); gives the link or nothing."""
    visitor.go(f"/studio/t/{title}/licences/new")
    if to:
        visitor.find("[name=to]").fill(to)
    else:
        visitor.find("label").filter(has=visitor.page.locator("[name=holder][value=link]")).click()
        visitor.find("[name=label]").fill("Press")
    visitor.find("label").filter(has=visitor.page.locator("[name=finish][value=at]")).click()
    end = datetime.now(UTC).astimezone(ZONE) + timedelta(minutes=minutes, seconds=59)
    visitor.find("[name=valid_until]").fill(end.strftime("%Y-%m-%dT%H:%M"))
    said = visitor.find("[data-ref=readback]")
    expect(said).to_contain_text(f"{to or 'Anyone with the link “Press”'} may watch")
    visitor.find("button[data-ref=submit]").click()
    if to:
        visitor.page.wait_for_url(f"{visitor.home}/studio/t/{title}")
        expect(visitor.find("#licences")).to_contain_text(to)
        return ""
    link = visitor.find("#issued [data-ref=link]")
    expect(link).to_be_visible()
    return link.input_value()


def shorten(house: House, token: str, title: str, holder: str, seconds: int) -> None:
    """Bring the end of a running licence near, with the command that people have for it."""
    with house.client(token) as client:
        items = client.get("/api/v1/licences", params={"title": title}).raise_for_status().json()["items"]
    licence = next(
        one["id"] for one in items if holder in one["holder"]["name"] and one["state"] == "running"
    )
    done = house.run("licence", "extend", licence, "--valid-until", f"in {seconds}s", token=token)
    assert done.returncode == 0, done.stderr
