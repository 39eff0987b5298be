"""Key requests and starts of playbacks a second, against other servers that do next to nothing."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from streaming.ids import AccountId, TitleId
from streaming.licences.policy import Tier
from streaming.licences.values import Actor, Request
from tests.bench.context import SERVER_CORE, Bench, core
from tests.bench.keys import HEADERS, PLAYBACKS, write_paths
from tests.bench.load import wrk
from tests.bench.nginx import nginx
from tests.bench.processes import server
from tests.bench.rounds import Aim, Figure, Side
from tests.bench.stage import OWNER, TITLE, Stage, build_stage

OWNER_ACTS = Actor(AccountId(OWNER), "Owner")
KEY_BYTES = 16
STARTS_AT_ONCE = 4
"""People who press play at the same moment: a start waits for a thread and for the disk."""


def measure(bench: Bench) -> list[Figure]:
    """Measure the key door against uvicorn and nginx, and starts against a durable commit."""
    folder = bench.place("doors")
    stage = build_stage(folder / "data")
    static = bench.place("doors/static")
    (static / "key").write_bytes(os.urandom(KEY_BYTES))
    at = core(SERVER_CORE)
    try:
        with (
            server("granian", "house", at, folder / "house.log", **stage.environment) as (house, _),
            server("uvicorn", "empty", at, folder / "empty.log") as (nothing, _),
            server("granian", "durable", at, folder / "durable.log", BENCH_FILE=str(folder / "d.sqlite")) as (
                durable,
                _,
            ),
            nginx(static, bench.place("doors/nginx"), at) as (plain, _),
        ):
            ports = {"house": house, "nothing": nothing, "durable": durable, "plain": plain}
            found = bench.interleave(_sides(bench, stage, folder, ports))
    finally:
        stage.close()
    return _figures(bench, found)


def _sides(bench: Bench, stage: Stage, folder: Path, ports: dict[str, int]) -> dict[str, Side]:
    keys, get, key, starts, commit = (
        folder / f"{name}.txt" for name in ("keys", "get", "key", "go", "commit")
    )
    write_paths(keys, _kept(stage), 4)
    get.write_text("/empty\n")
    key.write_text("/key\n")
    body = json.dumps({"take_over": True, "device": "bench"})
    starts.write_text(f"/api/v1/titles/{TITLE}/playback\t{body}\n")
    commit.write_text(f"/commit\t{body}\n")
    at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}

    def start(_: int) -> float:
        return wrk(
            at["house"], starts, bench.seconds, method="POST", headers=HEADERS, connections=STARTS_AT_ONCE
        ).rate

    def commits(_: int) -> float:
        return wrk(at["durable"], commit, bench.seconds, method="POST", connections=STARTS_AT_ONCE).rate

    return {
        "keys": lambda _: wrk(at["house"], keys, bench.seconds, headers=HEADERS).rate,
        "uvicorn": lambda _: wrk(at["nothing"], get, bench.seconds).rate,
        "nginx": lambda _: wrk(at["plain"], key, bench.seconds).rate,
        "starts": start,
        "commits": commits,
    }


def _kept(stage: Stage) -> list[str]:
    """Begin the playbacks that ask for keys, on a licence of their own: no start takes their screens."""
    tokens = stage.playbacks(PLAYBACKS)
    with closing(sqlite3.connect(stage.settings.data / "matinee.sqlite", timeout=15)) as one, one:
        one.execute("UPDATE licences SET max_streams = ?", (PLAYBACKS,))
    stage.services.licences.issue(
        OWNER_ACTS, TitleId(TITLE), Request(to="Viewer", tier=Tier.UHD, max_streams=2)
    )
    return tokens


def _figures(bench: Bench, found: dict[str, tuple[float, ...]]) -> list[Figure]:
    cores = (
        f"Servers on one core, `wrk` on the other, {bench.seconds:.0f} s a side and round; no refusal counts."
    )
    asked = (
        f"{PLAYBACKS} browser playbacks ask, with their login cookie and over 32 connections, for keys of "
        f"crypto periods released before: token, login, licence, lease and release are decided for each, by "
        f"rows that are read again after every commit; nobody commits meanwhile. "
    )
    return [
        Figure(
            name="Keys, against an empty FastAPI endpoint on uvicorn",
            unit="answers/s",
            ours_name="key door",
            peer_name="empty FastAPI endpoint on uvicorn",
            ours=found["keys"],
            peers=found["uvicorn"],
            aim=Aim(2.5, most=False),
            how=f"{asked}The peer is `async def nothing(): return None` in a FastAPI application of its own "
            f"on uvicorn, one worker. {cores}",
        ),
        Figure(
            name="Keys, against nginx serving 16 static bytes",
            unit="answers/s",
            ours_name="key door",
            peer_name="nginx, a file of 16 bytes",
            ours=found["keys"],
            peers=found["nginx"],
            aim=Aim(0.25, most=False),
            how="From the same rounds. The peer is nginx, one worker, with a file of 16 bytes.",
        ),
        Figure(
            name="Starts of playbacks",
            unit="starts/s",
            ours_name="POST …/playback",
            peer_name="one durable commit a request",
            ours=found["starts"],
            peers=found["commits"],
            how=f"{STARTS_AT_ONCE} connections start playbacks of one licence, each taking over the screen "
            f"of the one that started longest ago: login, licences, count of slots, inherited budget and "
            f"the new playback in one durable transaction (SQLite, `synchronous=FULL`). The peer is a "
            f"FastAPI endpoint on the same server (Granian) that inserts one row and commits it as "
            f"durably. {cores}",
        ),
    ]
