"""Routes of licences: issue, list, show, extend, revoke."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request

from streaming.ids import LicenceId, TitleId
from streaming.licences.policy import Licence
from streaming.web.api.licence_models import (
    LicenceIn,
    LicenceOut,
    LicencePatch,
    LicencesOut,
    NoteOut,
    RevokeIn,
    TransferIn,
)
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, Viewer, services
from streaming.web.problems import documented

if TYPE_CHECKING:
    from streaming.wiring import Services

router = APIRouter(prefix="/api/v1", tags=["licences"], dependencies=SIGNED_IN)


@router.post("/titles/{title_id}/licences", status_code=201, responses=documented(400, 401, 403, 404))
def issue(request: Request, who: Creator, title_id: str, body: LicenceIn) -> LicenceOut:
    """Issue a licence on a title of one's own. For a link, its address is in this answer and nowhere else."""
    house = services(request)
    issued = house.licences.issue(actor(who), TitleId(title_id), body.value())
    title = house.licences.title(TitleId(title_id))
    url = f"{house.settings.address}/l/{issued.link_token}" if issued.link_token else ""
    link = house.links.of([issued.licence.id]).get(issued.licence.id)
    return LicenceOut.of(
        issued.licence, title.name, house.clock.now(), link=link, link_url=url, zone=body.zone
    )


@router.get("/licences", responses=documented(401, 404))
def list_licences(
    request: Request,
    who: Viewer,
    title: Annotated[str | None, Query(description="Only of this title, which must be one's own.")] = None,
    mine: Annotated[bool, Query(description="Only those one holds.")] = False,
    zone: Annotated[str, Query(max_length=64)] = "UTC",
) -> LicencesOut:
    """List the licences one holds and those on one's titles, newest first."""
    house = services(request)
    if title is not None and not mine:
        found = house.licences.of_title(actor(who), TitleId(title))
    else:
        found = house.licences.held_by(who.account_id)
        if title is not None:
            found = [one for one in found if one.title_id == title]
        if not mine:
            found += house.licences.of_owner(actor(who))
    return LicencesOut(items=licences_out(house, _distinct(found), zone))


@router.get("/licences/{licence_id}", responses=documented(401, 404))
def show(
    request: Request,
    who: Viewer,
    licence_id: str,
    zone: Annotated[str, Query(max_length=64)] = "UTC",
) -> LicenceOut:
    """Show a licence to its holder or its title's owner."""
    house = services(request)
    said = licences_out(house, [house.licences.show(actor(who), LicenceId(licence_id))], zone)[0]
    note = house.licences.note_of(LicenceId(licence_id))
    if note is not None:
        said.note = NoteOut(what=note.what, at=note.at, by=note.actor, reason=note.reason)
    return said


@router.patch("/licences/{licence_id}", responses=documented(400, 401, 403, 404, 409))
def amend(request: Request, who: Creator, licence_id: str, body: LicencePatch) -> LicenceOut:
    """Extend or change a licence; whoever is watching meets the change at the next key."""
    house = services(request)
    changed = house.licences.amend(actor(who), LicenceId(licence_id), body.value(), body.words)
    return licences_out(house, [changed], "UTC")[0]


@router.post("/licences/{licence_id}/revoke", responses=documented(400, 401, 403, 404))
def revoke(request: Request, who: Creator, licence_id: str, body: RevokeIn | None = None) -> LicenceOut:
    """Take a licence back; whoever is watching stops within one crypto period."""
    house = services(request)
    reason = body.words if body else ""
    return licences_out(house, [house.licences.revoke(actor(who), LicenceId(licence_id), reason)], "UTC")[0]


@router.post("/licences/{licence_id}/transfer", responses=documented(400, 401, 403, 404, 409))
def transfer(request: Request, who: Creator, licence_id: str, body: TransferIn) -> LicenceOut:
    """Give a licence to another account, what is left of its clocks included.

    Whoever watches by it stops at the next key.
    """
    house = services(request)
    moved = house.transfers.transfer(actor(who), LicenceId(licence_id), body.to.strip(), body.words)
    return licences_out(house, [moved])[0]


def _distinct(found: Sequence[Licence]) -> list[Licence]:
    kept = {one.id: one for one in found}
    return sorted(kept.values(), key=lambda one: one.issued_at, reverse=True)


def licences_out(house: "Services", found: Sequence[Licence], zone: str = "UTC") -> list[LicenceOut]:
    """Say licences in JSON."""
    now = house.clock.now()
    counts = house.playbacks.count_by_licence([one.id for one in found])
    names = house.licences.subjects(found)
    links = house.links.of([one.id for one in found if one.holder.kind == "link"])
    devices = house.devices.count([one.id for one in found])
    return [
        LicenceOut.of(
            one,
            names[one.id],
            now,
            watching=counts.get(one.id, 0),
            devices=devices.get(one.id, 0),
            link=links.get(one.id),
            zone=zone,
        )
        for one in found
    ]
