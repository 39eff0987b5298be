"""Routes of guest links: what they ask for, who used them, forgetting that. They end as their licences do."""

from fastapi import APIRouter, Request, Response

from streaming.ids import LicenceId
from streaming.web.api.link_models import LinkOut, LinkPatch, UseOut, UsesOut
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented

router = APIRouter(prefix="/api/v1/licences/{licence_id}/link", tags=["links"], dependencies=SIGNED_IN)


@router.get("", responses=documented(401, 403, 404))
def show(request: Request, who: Creator, licence_id: str) -> UsesOut:
    """Show what a link asks for and who used it, as far as that is kept."""
    links, licence = services(request).links, LicenceId(licence_id)
    found = links.uses(actor(who), licence)
    link = links.link(actor(who), licence)
    return UsesOut(link=LinkOut.of(link), items=[UseOut.of(one) for one in found])


@router.patch("", responses=documented(400, 401, 403, 404))
def amend(request: Request, who: Creator, licence_id: str, body: LinkPatch) -> LinkOut:
    """Change until when, how often and with what password a link opens; who redeemed it keeps that."""
    changed = services(request).links.amend(actor(who), LicenceId(licence_id), body.value())
    return LinkOut.of(changed)


@router.delete("/uses", status_code=204, responses=documented(401, 403, 404))
def forget_all(request: Request, who: Creator, licence_id: str) -> Response:
    """Forget who used a link. The plays stay counted, and whoever is watching goes on."""
    house = services(request)
    house.playbacks.forget_guests(house.links.forget(actor(who), LicenceId(licence_id)))
    return Response(status_code=204)


@router.delete("/uses/{use_id}", status_code=204, responses=documented(401, 403, 404))
def forget(request: Request, who: Creator, licence_id: str, use_id: str) -> Response:
    """Forget one use of a link."""
    house = services(request)
    house.playbacks.forget_guests(house.links.forget(actor(who), LicenceId(licence_id), use_id))
    return Response(status_code=204)
