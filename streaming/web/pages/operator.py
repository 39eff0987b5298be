"""The operator's room: workers, queue, storage, faults, accounts."""

import shutil
from datetime import datetime
from importlib.metadata import version

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.overview import WorkerBeat
from streaming.catalogue.values import Stage
from streaming.ids import AccountId
from streaming.jobs.identity import living
from streaming.settings import GB
from streaming.web.deps import Admin, services
from streaming.web.pages.chrome import page_of, shown
from streaming.wiring import Services

router = APIRouter(include_in_schema=False)

LITTLE_SPACE = 5 * GB
STAGES = {
    Stage.QUEUED: "Waiting for its turn",
    Stage.PROBING: "Looking at the file",
    Stage.PLANNING: "Planning the qualities",
    Stage.ENCODING: "Encoding",
    Stage.VERIFYING: "Checking every piece",
}


@router.get("/operator")
def operator(request: Request, _who: Admin) -> Response:
    """Show the whole house to its operator."""
    house = services(request)
    page = page_of(request)
    everyone = house.accounts.everyone()
    names = {AccountId(one.account.id): one.account.name for one in everyone}
    holdings = house.overview.holdings()
    free = shutil.disk_usage(house.settings.data).free
    return shown(
        views.Operator(
            page,
            workers=_workers(house, page.now),
            jobs=tuple(
                views.Job(
                    job.title_id,
                    job.name,
                    names.get(job.owner_id, ""),
                    STAGES.get(job.stage, "Working"),
                    job.percent,
                    job.since,
                )
                for job in house.overview.jobs()
            ),
            faults=_faults(house, page.now, free),
            accounts=tuple(
                views.HouseAccount(
                    one.account.name,
                    views.Role(one.account.role.value),
                    holdings[one.account.id].stored_bytes if one.account.id in holdings else 0,
                    holdings[one.account.id].films if one.account.id in holdings else 0,
                    one.last_seen_at,
                )
                for one in everyone
            ),
            used_bytes=sum(held.stored_bytes for held in holdings.values()),
            free_bytes=free,
            streams=house.playbacks.streams(),
            version=f"Matinee {version('matinee')}",
        )
    )


def _workers(house: Services, now: datetime) -> tuple[views.Worker, ...]:
    beats = house.overview.beats()
    return tuple(_worker(name, beats.get(name), now) for name in living(house.settings.data / "workers"))


def _worker(name: str, beat: WorkerBeat | None, now: datetime) -> views.Worker:
    if beat is None or not beat.running:
        return views.Worker(name, "Ready, with nothing to do", now)
    return views.Worker(name, f"Working on “{beat.title}”", beat.at)


def _faults(house: Services, now: datetime, free: int) -> tuple[views.HouseFault, ...]:
    found = [
        views.HouseFault(one.at, f"“{one.name}”: {one.failure.sentence}", one.failure.hint, one.failure.code)
        for one in house.overview.failures()
    ]
    if free < LITTLE_SPACE:
        sentence = f"Only {free / GB:.1f} GB of disk are free."
        hint = "A film needs about twice its own size while it is made."
        found.insert(0, views.HouseFault(now, sentence, hint, "little_space", views.Tone.BAD))
    if not living(house.settings.data / "workers"):
        sentence, hint = "No worker is running, so no film is being made.", "Start one with “matinee worker”."
        found.insert(0, views.HouseFault(now, sentence, hint, "no_worker", views.Tone.BAD))
    return tuple(found)
