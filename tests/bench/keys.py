"""Key requests and registrations a second, against an endpoint of the same server that does nothing."""

import json
import os
from pathlib import Path

from streaming.web.api.account_models import encoded
from tests.bench.context import SERVER_CORE, Bench, core
from tests.bench.load import Load, wrk
from tests.bench.processes import server
from tests.bench.rounds import Aim, Figure, Side
from tests.bench.stage import COOKIE, PERIODS, RENDITION, Stage, build_stage

PLAYBACKS = 16
FRESH = 400
"""Playbacks whose every period is released in one round: 80,000 first releases are ready."""
REGISTRATIONS = 12_000
HEADERS = (f"Cookie: matinee_session={COOKIE}", "Sec-Fetch-Site: same-origin")


def measure(bench: Bench) -> list[Figure]:
    """Measure keys given again, keys given for the first time, and registrations."""
    folder = bench.place("keys")
    stage = build_stage(folder / "data")
    at = core(SERVER_CORE)
    try:
        with (
            server("granian", "house", at, folder / "house.log", **stage.environment) as (house, _),
            server("granian", "empty", at, folder / "empty.log") as (nothing, _),
        ):
            sides = _sides(bench, stage, folder, f"http://127.0.0.1:{house}", f"http://127.0.0.1:{nothing}")
            found = bench.interleave(sides)
    finally:
        stage.close()
    return _figures(bench, found)


def _sides(bench: Bench, stage: Stage, folder: Path, house: str, nothing: str) -> dict[str, Side]:
    again, fresh, people = folder / "again.txt", folder / "fresh.txt", folder / "people.txt"
    get, ready, post = folder / "get.txt", folder / "ready.txt", folder / "post.txt"
    get.write_text("/empty\n")
    ready.write_text("/ready\n")
    post.write_text("/empty\t{}\n")
    write_paths(again, stage.playbacks(PLAYBACKS), 4)
    names = iter(range(10**9))

    def key_again(_: int) -> float:
        return wrk(house, again, bench.seconds, headers=HEADERS).rate

    def key_first(_: int) -> float:
        write_paths(fresh, stage.playbacks(FRESH), PERIODS)
        return _once(wrk(house, fresh, bench.seconds, headers=HEADERS, connections=64), FRESH * PERIODS)

    def register(_: int) -> float:
        people.write_text("".join(f"/api/v1/accounts\t{person(next(names))}\n" for _ in range(REGISTRATIONS)))
        return _once(wrk(house, people, bench.seconds, method="POST"), REGISTRATIONS)

    return {
        "again": key_again,
        "empty": lambda _: wrk(nothing, get, bench.seconds).rate,
        "ready": lambda _: wrk(nothing, ready, bench.seconds).rate,
        "first": key_first,
        "empty post": lambda _: wrk(nothing, post, bench.seconds, method="POST").rate,
        "register": register,
    }


def _once(load: Load, ready: int) -> float:
    """Give the rate, unless requests had to be sent twice."""
    if load.used > ready:
        raise RuntimeError(f"{load.used} requests were sent but only {ready} were ready")
    return load.rate


def write_paths(path: Path, tokens: list[str], periods: int) -> None:
    """Write key addresses: period after period, each of every playback."""
    with path.open("w", encoding="utf-8") as file:
        for period in range(periods):
            file.writelines(f"/play/{token}/key/{RENDITION}/{period}\n" for token in tokens)


def person(number: int) -> str:
    """Make a registration of random keys, as a client would send it."""

    def some(size: int) -> str:
        return encoded(os.urandom(size))

    keys = {"x25519_public": some(32), "ed25519_public": some(32), "wrapped_private": some(92)}
    body = {"name": f"person-{number}", "salt": some(16), "auth_key": some(32), "keys": keys}
    return json.dumps({**body, "recovery": {"auth_key": some(32), "wrapped_private": some(92)}})


def _figures(bench: Bench, found: dict[str, tuple[float, ...]]) -> list[Figure]:
    cores = (
        f"Server on one core, `wrk` on the other, {bench.seconds:.0f} s a side and round; no refusal counts."
    )
    return [
        Figure(
            name="Keys given again",
            unit="answers/s",
            ours_name="key door",
            peer_name="empty FastAPI endpoint",
            ours=found["again"],
            peers=found["empty"],
            aim=Aim(1.5, most=False),
            how=f"{PLAYBACKS} browser playbacks of one licence ask, with their login cookie and over 32 "
            f"connections, for keys of crypto periods released before: token, login, licence, lease and "
            f"release are decided for each, by rows that are read again after every commit; nobody commits "
            f"meanwhile. The peer is `async def nothing(): return None` in a FastAPI application of its own "
            f"on the same server (Granian, one worker). {cores}",
        ),
        Figure(
            name="Keys given again, against the least FastAPI can do",
            unit="answers/s",
            ours_name="key door",
            peer_name="FastAPI endpoint with a ready answer",
            ours=found["again"],
            peers=found["ready"],
            how="From the same rounds. The peer's endpoint returns an empty `Response`, so that FastAPI "
            "neither checks nor writes one.",
        ),
        Figure(
            name="Keys given for the first time",
            unit="answers/s",
            ours_name="key door",
            peer_name="empty FastAPI endpoint",
            ours=found["first"],
            peers=found["empty"],
            how=f"As before, but every request is the first for its period: {FRESH} playbacks of {PERIODS} "
            f"periods each round, over 64 connections. Each answer waits until its release is durable "
            f"(SQLite, `synchronous=FULL`, group commit).",
        ),
        Figure(
            name="Registrations",
            unit="accounts/s",
            ours_name="POST /api/v1/accounts",
            peer_name="empty FastAPI endpoint (POST)",
            ours=found["register"],
            peers=found["empty post"],
            how=f"Accounts with ready-made random keys, as a client sends them after deriving its own "
            f"(Argon2id runs on the client), over 32 connections; each is a durable transaction of its own. "
            f"Rate limits are raised where the bench puts the house together. {cores}",
        ),
    ]
