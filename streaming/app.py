"""`create_app()`: the only place that mounts routers. Hot doors outside, then security, then FastAPI."""

import asyncio
import itertools
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from starlette.types import ASGIApp

from player.render import STATIC
from streaming.clock import SystemClock
from streaming.delivery.doors import Doors, DoorSettings, open_doors
from streaming.delivery.drm import read_services
from streaming.delivery.keysystems import KeySystems
from streaming.delivery.signing import PURPOSE, AddressSigner
from streaming.hosts import Form, origins
from streaming.lifeline import PARENT, die_with_parent, on_duty
from streaming.settings import Settings
from streaming.web import guest, health
from streaming.web.api import (
    accounts,
    bulk,
    channels,
    devices,
    extras,
    figures,
    history,
    licences,
    links,
    offers,
    playback,
    titles,
    uploads,
)
from streaming.web.openapi import describe_refusals
from streaming.web.pages import account, door, entry, film, foyer, operator, screen, studio
from streaming.web.pages import channels as channel_rooms
from streaming.web.pages import figures as figures_page
from streaming.web.pages import offers as offer_rooms
from streaming.web.pages.chrome import problem_page
from streaming.web.problems import Problems, problem_of
from streaming.web.security import secure
from streaming.web.static import StaticAssets
from streaming.wiring import Services, build

log = logging.getLogger(__name__)

DUTY_SECONDS = 5.0
DESCRIPTION = """\
Upload films, follow their making, issue time-limited viewing licences and play what you are licensed for.

Log in with a browser (cookie) or send an API token as `Authorization: Bearer mt_…`. Every refusal is a
problem document (RFC 9457) with `detail` (what happened), `hint` (what to do) and `code` (stable).
"""


def create_app() -> ASGIApp:
    """Build the house that the environment describes; Granian calls this once in each worker process."""
    if PARENT in os.environ:
        die_with_parent(int(os.environ[PARENT]))
    settings = Settings()
    app = mount(build(settings, SystemClock()))
    trusted = [address.strip() for address in settings.trusted_proxies.split(",") if address.strip()]
    return wrap_asgi_with_proxy_headers(app, trusted_hosts=trusted) if trusted else app


def mount(services: Services) -> Doors:
    """Put the doors in front of the application over `services`."""
    problems = Problems(problem_page)
    app = _application(services, problems)
    settings = services.settings
    app.state.doors = doors = _doors(
        services, secure(app, problems, own=settings.public_url, media=origins(settings.hosts))
    )
    return doors


def _application(services: Services, problems: Problems) -> FastAPI:
    """Make the application of all routes and pages."""
    app = FastAPI(
        title="Matinee",
        description=DESCRIPTION,
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # addresses hold bearer tokens
        lifespan=_lifespan(services),
    )
    app.state.services = services
    problems.install(app)
    licensing = (licences, bulk, history, figures, links, devices, offers, channels)
    for part in (accounts, uploads, titles, extras, *licensing, playback, guest, health):
        app.include_router(part.router)
    selling = (figures_page, offer_rooms, channel_rooms)
    for page in (foyer, film, screen, door, studio, *selling, account, entry, operator):
        app.include_router(page.router)
    app.mount("/static", StaticAssets(STATIC))
    describe_refusals(app)
    return app


def _doors(services: Services, inner: ASGIApp) -> Doors:
    """Open the doors of playbacks in front of all else."""
    settings = services.settings
    return open_doors(
        inner,
        path=Path(services.database.engine.url.database or ""),
        clock=services.clock,
        gate=services.gate,
        index=services.live,
        keys_of=services.keys_of,
        objects=services.objects,
        signer=AddressSigner(
            [services.root.derived(PURPOSE)],
            (settings.address_form, *(one.form for one in settings.hosts if one.form is not Form.CAT)),
            cat=any(one.form is Form.CAT for one in settings.hosts),
        ),
        problem=problem_of,
        systems=KeySystems(read_services(settings.drm_file) if settings.drm_file else ()),
        signals_of=services.signals_of,
        settings=DoorSettings(
            settings.lease_seconds,
            settings.lease_grace_seconds,
            settings.release_burst,
            settings.release_rate,
            settings.public_url,
            settings.hosts,
        ),
        scratch=services.scratch,
    )


def _lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        duties = asyncio.create_task(_duties(services))
        try:
            yield
        finally:
            duties.cancel()
            await services.uploads.stop()
            await asyncio.to_thread(app.state.doors.close)
            services.close()

    return life


async def _duties(services: Services) -> None:
    """See to what a crash left owed by uploads, and remove what expired or may no longer be known.

    One web process does it for all.
    """
    for beat in itertools.count():
        with on_duty(services.settings.data / "duty.lock") as mine:
            for duty, every in (
                (services.uploads.hand_over_pending, 1),
                (services.uploads.collect, 60),
                (services.forget_old_uses, 720),
            ):
                if mine and beat % every == 0:
                    try:
                        await asyncio.to_thread(duty)
                    except Exception:
                        log.exception("a duty of the house failed; it is tried again")
            await asyncio.sleep(DUTY_SECONDS)
