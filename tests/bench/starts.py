"""How soon a film can be watched after its last byte arrived: its first segment, and its first frame."""

import os
import subprocess
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx
import m3u8
from playwright.sync_api import Browser

from tests.bench import bare
from tests.bench.browser import chromium, first_frame, log_in, visitor
from tests.bench.context import Bench
from tests.bench.films import Film, small_film
from tests.bench.processes import TIED
from tests.bench.rounds import Aim, Figure
from tests.bench.uploads import create, patch
from tests.media.films import FFMPEG
from tests.support.house import House, running
from transcoder.formats.fmp4 import Splitter
from transcoder.keys.encrypt import decrypt_segment
from transcoder.keys.secret import SecretBytes
from transcoder.planning.plan import Plan
from transcoder.programs.graph import encode_argv
from transcoder.programs.sandbox import DEFAULT_LIMITS

TAIL = 1 << 16
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
PEER = "bare ffmpeg, first segment"
SINCE = "Milliseconds since the answer to the last PATCH of {story}. "
BARE = (
    "The peer is the floor: one ffmpeg process from its start to the first segment of the lowest rung, "
    "encoded beside the sound, in clear, on a pipe."
)


def measure(bench: Bench) -> list[Figure]:
    """Measure the first playable segment, and the first frame on a page that waits for it."""
    folder = bench.place("starts")
    film = small_film(folder)
    plan = bare.plan_of(film.path)
    with running(folder / "data") as house, chromium() as browser:
        token = house.add_user("ana", "creator")
        cookie = log_in(house, "ana")
        found = bench.interleave(
            {
                "segment": lambda _: _segment(house, token, film),
                "bare": lambda _: bare_segment(film.path, plan),
                "frame": lambda _: _frame(house, token, film, browser, cookie),
            }
        )
    since = SINCE.format(story=film.story)
    return [
        Figure(
            name="End of upload to first playable segment",
            unit="ms",
            ours_name="upload to decrypted segment",
            peer_name=PEER,
            ours=found["segment"],
            peers=found["bare"],
            aim=Aim(1000, most=True, absolute=True),
            how=f"{since}A client asks for a playback every {POLL_SECONDS * 1000:.0f} ms; time ends when it "
            f"has the playlists, the first segment that they list and its key, and has decrypted it. The "
            f"house is `matinee serve` as a person starts it, with nothing else in the queue. {BARE}",
        ),
        Figure(
            name="End of upload to first frame in the browser",
            unit="ms",
            ours_name="upload to frame",
            peer_name=PEER,
            ours=found["frame"],
            peers=found["bare"],
            how=f"{since}Chromium waits on the watch page, opened while the upload was still going on; time "
            f"ends when `requestVideoFrameCallback` tells of the first frame presented.",
        ),
    ]


def _upload(client: httpx.Client, film: Film) -> tuple[str, str, int]:
    """Send all but the end of a film; gives address, title and offset."""
    size = film.path.stat().st_size
    address, title = create(client, film.path.name, size)
    patch(client, address, film.path, 0, size - TAIL)
    return address, title, size - TAIL


def _segment(house: House, token: str, film: Film) -> float:
    with house.client(token) as client:
        address, title, offset = _upload(client, film)
        patch(client, address, film.path, offset, offset + TAIL)
        begun = time.perf_counter()
        clear = _first_segment(client, title, begun + PATIENCE_SECONDS)
        took = time.perf_counter() - begun
        if b"moof" not in clear[:64]:
            raise RuntimeError("the first segment does not decrypt")
        _forget(client, title)
    return took * 1000


def _first_segment(client: httpx.Client, title: str, deadline: float) -> bytes:
    """Be a player from the first question to the first decrypted segment of the lowest rung."""
    while (answer := client.post(f"/api/v1/titles/{title}/playback", json={})).status_code == 409:
        if time.perf_counter() > deadline:
            raise RuntimeError("the film did not become playable")
        time.sleep(POLL_SECONDS)
    main = answer.raise_for_status().json()["playlist_url"]
    playlists = m3u8.loads(client.get(main).raise_for_status().text)
    lowest = min(playlists.playlists, key=lambda one: one.stream_info.bandwidth)
    place = urljoin(main, lowest.uri)
    media = m3u8.loads(client.get(place).raise_for_status().text)
    first = media.segments[0]
    key = client.get(urljoin(place, first.key.uri)).raise_for_status().content
    stored = client.get(urljoin(place, first.uri)).raise_for_status().content
    return decrypt_segment(stored, SecretBytes(key), media.media_sequence or 0)


def _forget(client: httpx.Client, title: str) -> None:
    """Delete the title, in the making as it is, and let the worker notice."""
    client.delete(f"/api/v1/titles/{title}").raise_for_status()
    time.sleep(1.5)


def _frame(house: House, token: str, film: Film, browser: Browser, cookie: str) -> float:
    with house.client(token) as client, visitor(browser, house.url, cookie) as context:
        address, title, offset = _upload(client, film)
        page = context.new_page()
        page.goto(f"{house.url}/watch/{title}", wait_until="load")
        page.wait_for_timeout(500)
        patch(client, address, film.path, offset, offset + TAIL)
        begun = time.time() * 1000
        frame = first_frame(page)
        page.close()
        _forget(client, title)
    return frame - begun


def bare_segment(film: Path, plan: Plan) -> float:
    """Give the milliseconds from the start of an ffmpeg process to its first segment of the lowest rung."""
    read, write = os.pipe()
    argv = encode_argv(
        FFMPEG, film, plan, plan.chunks[0], plan.starter[:1], {plan.starter[0]: write}, DEFAULT_LIMITS
    )
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*TIED, *argv], pass_fds=(write,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        os.close(write)
        splitter, pieces = Splitter(), 0
        while pieces < 2 and (data := os.read(read, 1 << 18)):
            pieces += len(list(splitter.feed(data)))
        took = time.perf_counter() - begun
    finally:
        os.close(read)
        process.kill()
        process.wait(10)
    if pieces < 2:
        raise RuntimeError("the bare encoder gave no segment")
    return took * 1000
