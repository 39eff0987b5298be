"""The applications under load: the house itself, and an empty one to compare it with."""

import multiprocessing
import os
import sqlite3
from threading import Lock

from fastapi import FastAPI, Response
from starlette.types import ASGIApp

from streaming.accounts.throttle import Kind, Limit, Throttle
from streaming.app import mount
from streaming.clock import SystemClock
from streaming.lifeline import die_with_parent
from streaming.settings import Settings
from streaming.wiring import build

ENDLESS = Limit(10**9, 0.000_001)


def house() -> ASGIApp:
    """Build the whole house of the environment's settings; only its rate limits are out of reach.

    They are raised here, where the house is put together: there is no setting for it.
    """
    _tie()
    clock = SystemClock()
    services = build(Settings(), clock)
    services.accounts.throttle = Throttle(clock, dict.fromkeys(Kind, ENDLESS))
    return mount(services)


def empty() -> ASGIApp:
    """Build a FastAPI application that does nothing; `/ready` spares FastAPI the making of an answer."""
    _tie()
    app = FastAPI(openapi_url=None)

    @app.get("/empty")
    async def nothing() -> None:
        return None

    @app.get("/ready")
    async def ready() -> Response:
        return Response()

    @app.post("/empty", status_code=201)
    async def take() -> None:
        return None

    return app


def durable() -> ASGIApp:
    """Build a FastAPI application that keeps one row for each request, durably, and does nothing else."""
    _tie()
    app, lock = FastAPI(openapi_url=None), Lock()
    kept = sqlite3.connect(os.environ["BENCH_FILE"], isolation_level=None, check_same_thread=False)
    for line in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE IF NOT EXISTS rows (at)",
    ):
        kept.execute(line)

    @app.post("/commit")
    def commit() -> None:
        with lock:
            kept.execute("INSERT INTO rows VALUES (1)")  # commits by itself

    return app


def _tie() -> None:
    if (
        multiprocessing.parent_process() is not None
    ):  # Granian's own worker; uvicorn serves from its first process
        die_with_parent(os.getppid())
