"""A house with one film under `cbcs`, really encoded and packaged, behind its doors on a port of its own."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from sqlalchemy import update

from streaming.catalogue.model import PeriodInitRow, RenditionRow, SegmentRow, TitleRow, VersionRow
from streaming.delivery.clearkey import read_kid
from streaming.delivery.keysystems import CLEAR_KEY
from streaming.delivery.model import PlaybackRow
from streaming.delivery.values import Started
from streaming.hosts import DeliveryHost
from tests.media.pipeline import KEYS, Transcoded
from tests.unit.streaming.delivery.house import ANA, BEN, START, TITLE, VERSION, House, login
from transcoder.formats.pssh import COMMON_SYSTEM
from transcoder.keys.encrypt import encrypt_segment
from transcoder.planning.ladder import AudioRendition

NODE = Path(__file__).parents[2] / "player/web/node_modules"
SCRIPTS = {
    "/dash.js": NODE / "dashjs/dist/modern/umd/dash.all.min.js",
    "/shaka.js": NODE / "shaka-player/dist/shaka-player.compiled.js",
}
SHAKA_BY_INIT_SEGMENTS = [f"urn:uuid:{CLEAR_KEY}", f"urn:uuid:{COMMON_SYSTEM}"]
"""What to put for what in an MPD, so that Shaka Player asks for keys as it meets them."""
PAGE = b"""<!doctype html><meta charset="utf-8"><title>Players</title>
<script src="/dash.js"></script><script src="/shaka.js"></script>
<video width="320" height="180" muted></video>"""
WORDS = "WEBVTT\n\n00:0{second}.500 --> 00:0{second}.900\nWords of period {period}\n"


@dataclass(frozen=True)
class Served:
    """A house at an address."""

    house: House
    home: str
    tiers: Mapping[str, str]
    periods: int

    def kids(self) -> dict[bytes, tuple[str, int]]:
        """What every key of the film is called."""
        tiers = set(self.tiers.values())
        return {KEYS.kid(tier, n).bytes: (tier, n) for tier in tiers for n in range(self.periods)}

    def asked(self, request: str) -> tuple[str, int]:
        """Which key a licence request of one key asks for."""
        (kid,) = orjson.loads(request)["kids"]
        return self.kids()[read_kid(kid)]

    def ask(self, method: str, path: str) -> httpx.Response:
        """Ask a door as Ben's browser would."""
        return httpx.request(method, self.home + path, cookies=login(BEN), timeout=30)

    def spend(self, started: Started) -> None:
        """Leave nothing of a playback's release budget; time stands still here, so nothing comes back."""
        with self.house.database.write() as session:
            session.execute(
                update(PlaybackRow).where(PlaybackRow.id == started.playback_id).values(budget_level=0)
            )

    def address(self, started: Started) -> str:
        """Where a playback's MPD is."""
        return f"{self.home}/play/{started.token}/main.mpd"


@contextmanager
def serving(folder: Path, film: Transcoded, hosts: tuple[DeliveryHost, ...] = ()) -> Iterator[Served]:
    """Put a film into a house and serve it, its segments from `hosts` if there are any."""
    house = House(folder)
    house.doors.close()
    fill(house, film)
    house.doors = house.open(page, keys=KEYS, address="", hosts=hosts)
    tiers = {name: film.plan.rendition(name).tier for name in film.plan.renditions}
    with listening(house.doors) as home:
        yield Served(house, home, tiers, film.plan.periods)
    house.close()


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serve an ASGI app on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


async def page(scope: Any, receive: Any, send: Any) -> None:
    """An empty page with both players, and their scripts."""
    path = scope["path"]
    script = SCRIPTS.get(path)
    body = script.read_bytes() if script else PAGE
    kind = b"text/javascript" if script else b"text/html"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


def fill(house: House, film: Transcoded) -> None:
    """Write a film's rows and objects as its making would."""
    plan, version = film.plan, f"{TITLE}/{VERSION}"
    with house.database.write() as session:
        session.add(
            TitleRow(
                id=TITLE, owner_id=ANA, name="The Film", description="", state="ready", version_id=VERSION,
                created_at=START, updated_at=START,
            )
        )  # fmt: skip
        session.flush()
        seconds = sum(one.duration for (name, _), one in film.sink.segments.items() if name == "a0")
        session.add(
            VersionRow(
                id=VERSION, title_id=TITLE, published_at=START, protection="cbcs",
                period_seconds=plan.policy.crypto_period_seconds, duration_us=int(seconds * 1_000_000),
            )
        )  # fmt: skip
        session.flush()
        for position, name in enumerate(plan.renditions):
            session.add(_rendition(film, position, name))
        session.add(
            RenditionRow(
                version_id=VERSION, name="t0", kind="text", tier="sd", language="fra", timescale=1000
            )
        )
        session.flush()
        for (name, sequence), item in film.sink.segments.items():
            if name in plan.renditions:
                scale = _timescale(film, name)
                earlier = [one for (of, n), one in film.sink.segments.items() if of == name and n < sequence]
                stored = f"{version}/{name}/v-{sequence:06d}-abcdefgh.m4s"
                house.objects.put(stored, film.sink.stored[name, sequence])
                ticks = round(sum(one.duration for one in earlier) * scale), round(item.duration * scale)
                session.add(_segment(name, sequence, item.period, stored, *ticks))
        length = plan.policy.crypto_period_seconds
        for period in range(plan.periods):
            stored = f"{version}/t0/v-{period:06d}-abcdefgh.vtt"
            words = WORDS.replace("{second}", str(period * length % 10)).replace("{period}", str(period))
            house.objects.put(
                stored, encrypt_segment(words.encode(), KEYS.content_key("t0", "sd", period), period)
            )
            session.add(_segment("t0", period, period, stored, period * length * 1000, length * 1000))
        for (name, period), data in film.sink.by_period.items():
            if name in plan.renditions:
                stored = f"{version}/{name}/init-{period}.mp4"
                house.objects.put(stored, data)
                session.add(
                    PeriodInitRow(
                        version_id=VERSION, rendition=name, period=period, object=stored, sha256=b"", size=1
                    )
                )


def _timescale(film: Transcoded, name: str) -> int:
    found = film.plan.rendition(name)
    return found.rate if isinstance(found, AudioRendition) else film.plan.timescale


def _rendition(film: Transcoded, position: int, name: str) -> RenditionRow:
    found = film.plan.rendition(name)
    sound = isinstance(found, AudioRendition)
    return RenditionRow(
        version_id=VERSION,
        name=name,
        position=position,
        kind="audio" if sound else "video",
        tier=found.tier,
        codecs=next(iter(film.codecs(name))),
        width=getattr(found, "width", None),
        height=getattr(found, "height", None),
        channels=getattr(found, "channels", None),
        language="eng" if sound else "und",
        is_default=sound,
        timescale=_timescale(film, name),
        bandwidth=500_000,
    )


def _segment(name: str, sequence: int, period: int, stored: str, start: int, length: int) -> SegmentRow:
    return SegmentRow(
        version_id=VERSION, rendition=name, sequence=sequence, chunk=0, part="all", object=stored,
        period=period, start_ticks=start, duration_ticks=length, size=1, sha256=b"",
    )  # fmt: skip
