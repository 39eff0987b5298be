"""Four web processes on one house: streams are counted without error, and killing one costs nothing."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from streaming.cli.doctor import web_processes
from streaming.settings import Settings
from tests.bench.stage import COOKIE, TITLE, build_stage, open_stage
from tests.support.house import House, running, until

pytestmark = pytest.mark.e2e
PROCESSES, SCREENS, STARTS = 4, 2, 200
DEALS = 20
"""How often connections are opened anew until every process has some."""
HEADERS = {"Cookie": f"matinee_session={COOKIE}", "Sec-Fetch-Site": "same-origin"}
START = f"/api/v1/titles/{TITLE}/playback"
LEASE_SECONDS = 30
"""Longer than 200 starts take on a busy machine: a lease that lapses on the way frees its screen, rightly."""


@dataclass
class Cinema:
    """A house with a film and a viewer whose one licence is for two screens."""

    house: House
    data: Path

    def ask(self, sql: str, *values: object) -> list[tuple[int, ...]]:
        """Ask the database, or change it."""
        with closing(sqlite3.connect(self.data / "matinee.sqlite", timeout=15)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def holding(self) -> int:
        """Count the slots that are held now."""
        sql = "SELECT count(*) FROM playback_sessions WHERE released_at IS NULL AND lease_until > ?"
        return self.ask(sql, time.time_ns() // 1000)[0][0]

    def lapsed(self, count: int) -> list[str]:
        """Begin playbacks whose leases are over; gives their tokens."""
        stage = open_stage(self.data)
        try:
            tokens = stage.playbacks(count)
        finally:
            stage.close()
        self.ask("UPDATE playback_sessions SET lease_until = ?", time.time_ns() // 1000 - 1_000_000)
        return tokens

    def empty(self) -> None:
        """Have everybody leave."""
        self.ask("DELETE FROM playback_sessions")

    def workers(self) -> list[psutil.Process]:
        """Every process that answers requests: the one child of each web server."""
        tree = [one for one in self.house.tree() if "streaming.cli.web_process" in one.cmdline()]
        return [one for one in tree if not one.children()]

    def serving(self) -> int:
        """Count the processes that hold connections of clients."""
        return sum(
            any(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp"))
            for worker in self.workers()
        )


@dataclass
class Counts:
    """What was seen of the slots, as often as could be looked."""

    most: int = 0
    looks: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def counting(cinema: Cinema) -> Iterator[Counts]:
    """Count the held slots again and again beside what happens."""
    counts = Counts()

    def look() -> None:
        while not counts.over.is_set():
            counts.most, counts.looks = max(counts.most, cinema.holding()), counts.looks + 1

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counts
    finally:
        counts.over.set()
        thread.join()
    assert counts.looks > 0


@pytest.fixture(scope="module")
def cinema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cinema]:
    data = tmp_path_factory.mktemp("processes") / "data"
    build_stage(data).close()
    settings = {
        "MATINEE_WEB_PROCESSES": str(PROCESSES),
        "MATINEE_LEASE_SECONDS": str(LEASE_SECONDS),
        "MATINEE_LEASE_GRACE_SECONDS": "0",
    }
    with running(data, **settings) as house:
        found = Cinema(house, data)
        found.ask("UPDATE licences SET max_streams = ?", SCREENS)
        until(lambda: asyncio.run(all_serve(found)), "every web process at work")
        yield found


async def all_serve(cinema: Cinema) -> bool:
    """Whether many connections at once find every process."""
    async with client_of(cinema) as client:
        await asyncio.gather(*(client.get("/healthz") for _ in range(60)))
        return cinema.serving() == PROCESSES


def client_of(cinema: Cinema) -> httpx.AsyncClient:
    """A client with a connection for each request."""
    limits = httpx.Limits(max_connections=STARTS, max_keepalive_connections=STARTS)
    return httpx.AsyncClient(
        base_url=cinema.house.url, headers=HEADERS, limits=limits, timeout=60, trust_env=False
    )


async def all_at_once(cinema: Cinema, paths: list[str]) -> tuple[list[httpx.Response], int]:
    """Post to every path over a connection of its own; gives the answers and how many processes took part.

    The kernel deals connections out as it likes: they are opened anew until every process holds some.
    """
    for _ in range(DEALS):
        async with client_of(cinema) as client:
            await asyncio.gather(*(client.get("/healthz") for _ in paths))
            if (serving := cinema.serving()) == PROCESSES:
                return await asyncio.gather(*(client.post(path, json={}) for path in paths)), serving
    raise AssertionError(f"of {PROCESSES} web processes no more than {serving} were given connections")


def codes(answers: list[httpx.Response]) -> dict[str, int]:
    """Count the answers by what they say."""
    found: dict[str, int] = {}
    for one in answers:
        said = "yes" if one.status_code == 200 else str(one.json()["code"])
        found[said] = found.get(said, 0) + 1
    return found


def test_200_starts_at_once_take_two_screens_and_never_a_third(cinema: Cinema) -> None:
    cinema.empty()
    with counting(cinema) as counts:
        answers, processes = asyncio.run(all_at_once(cinema, [START] * STARTS))
    assert codes(answers) == {"yes": SCREENS, "too_many_streams": STARTS - SCREENS}
    assert counts.most <= SCREENS
    assert processes == PROCESSES


def test_of_100_lapsed_leases_that_are_retaken_at_once_two_get_a_screen(cinema: Cinema) -> None:
    cinema.empty()
    tokens = cinema.lapsed(100)
    with counting(cinema) as counts:
        answers, processes = asyncio.run(all_at_once(cinema, [f"/play/{one}/renew" for one in tokens]))
    assert codes(answers) == {"yes": SCREENS, "too_many_streams": len(tokens) - SCREENS}
    assert counts.most == SCREENS
    assert processes == PROCESSES


@dataclass
class Visits:
    """What became of people who start, watch a moment and leave, over and over."""

    starts: int = 0
    refused: int = 0
    broken: int = 0


async def come_and_go(client: httpx.AsyncClient, visits: Visits, until_then: float) -> None:
    """Start and leave until it is time. A connection that broke is tried again, as every player does."""
    while time.monotonic() < until_then:
        try:
            answer = await client.post(START, json={})
            if answer.status_code == 200:
                visits.starts += 1
                await released(client, answer.json()["release_url"], visits)
            else:
                assert answer.json()["code"] == "too_many_streams", answer.text
                visits.refused += 1
        except httpx.ConnectError:
            raise
        except httpx.TransportError:
            visits.broken += 1


async def released(client: httpx.AsyncClient, address: str, visits: Visits) -> None:
    """Leave; a beacon that broke is sent again."""
    while True:
        try:
            assert (await client.post(address, json={})).status_code == 204
        except httpx.ConnectError:
            raise
        except httpx.TransportError:
            visits.broken += 1
        else:
            return


def test_a_process_killed_in_the_middle_costs_nothing(cinema: Cinema) -> None:
    cinema.empty()
    visits, people = Visits(), 12

    async def life() -> None:
        end = time.monotonic() + 6
        async with client_of(cinema) as client:
            everybody = [asyncio.create_task(come_and_go(client, visits, end)) for _ in range(people)]
            await asyncio.sleep(1.5)
            cinema.workers()[0].kill()
            await asyncio.gather(*everybody)

    with counting(cinema) as counts:
        asyncio.run(life())
    assert counts.most <= SCREENS
    assert visits.starts > 20
    assert visits.broken <= people  # what was in its hands, and no connection was ever refused
    until(lambda: len(cinema.workers()) == PROCESSES, "the killed process started again", 20)
    until(
        lambda: cinema.holding() == 0,
        "a screen whose answer was lost is free when its lease ends",
        LEASE_SECONDS + 10,
    )
    answers, _ = asyncio.run(all_at_once(cinema, [START] * STARTS))
    assert codes(answers)["yes"] == SCREENS


def test_doctor_counts_the_web_processes(cinema: Cinema) -> None:
    settings = Settings(data=cinema.data, web_processes=PROCESSES)
    assert [(one.state, one.said) for one in web_processes(settings)] == [("good", "4 of 4 run")]
    fewer = next(web_processes(Settings(data=cinema.data, web_processes=5)))
    assert (fewer.state, fewer.said) == ("weak", "4 of 5 run")
    assert list(web_processes(Settings(data=cinema.data.parent / "nowhere"))) == []
