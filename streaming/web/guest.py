"""Guest links: the door that turns a link into a secret of the visitor's own, and the cookie that keeps it.

The cookie holds one secret for each link that was redeemed, newest first, joined by dots. A secret is made
here at the moment of redeeming and nowhere else, so nobody can plant one that gains anything by it (session
fixation); the link itself is in no cookie. The database knows only the hashes of both.
"""

import ipaddress
import re
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import ValidationError

from streaming.accounts.devices import device_words
from streaming.accounts.throttle import Kind
from streaming.catalogue.naming import shown
from streaming.errors import Code, Fault
from streaming.ids import PlaybackId, token_hash
from streaming.licences.guests import Redeemed, Visitor
from streaming.licences.links import MAX_NAME
from streaming.web.api.link_models import EnterIn
from streaming.web.deps import client_address, is_secure, services
from streaming.web.problems import documented, wants_page

GUEST_COOKIE = "matinee_guest"
MAX_LINKS = 8
MAX_AGE = 400 * 24 * 3600
"""The longest browsers keep a cookie; the licence ends by itself."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)

router = APIRouter(tags=["guests"])


def visits(request: Request) -> tuple[str, ...]:
    """Give the secrets of a visitor's redeemed links, newest first; what cannot be one is left out."""
    parts = request.cookies.get(GUEST_COOKIE, "").split(".")
    return tuple(part for part in parts if _TOKEN.fullmatch(part))[:MAX_LINKS]


async def entering(request: Request) -> EnterIn:
    """Read what the door's form or its script sends. Raises `Fault` INVALID."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            return EnterIn.model_validate_json(body or b"{}")
        sent = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
        fields = {name: values[0] for name, values in sent.items() if name in EnterIn.model_fields}
        return EnterIn.model_validate(fields)
    except (ValidationError, ValueError):
        raise Fault(
            Code.INVALID,
            "The door did not understand that.",
            "Open the link again and press Watch.",
            name="invalid_input",
        ) from None


@router.post(
    "/l/{token}/enter",
    status_code=303,
    response_class=RedirectResponse,
    responses=documented(400, 403, 404, 429),
)
def enter(request: Request, token: str, asked: Annotated[EnterIn, Depends(entering)]) -> Response:
    """Redeem a link: keep a secret for it in a cookie and go to the screen, or say why not.

    A browser that redeemed it before just goes in. A form is answered by the way to the screen, and of a
    refusal its door tells; a script is answered in JSON.
    """
    try:
        redeemed = _redeem(request, token, asked)
    except Fault as refused:
        if refused.code is Code.FORBIDDEN and wants_page(request.headers.get("accept", "")):
            return _no_store(RedirectResponse(f"/l/{token}", 303))
        raise
    if asked.stop:
        services(request).playbacks.stop(PlaybackId(asked.stop), None, [redeemed.licence.id])
    screen = f"/watch/{redeemed.licence.title_id}"
    answer: Response = RedirectResponse(screen, 303)
    if request.headers.get("content-type", "").startswith("application/json"):
        answer = JSONResponse({"url": screen})
    if redeemed.fresh:
        _keep(request, answer, redeemed.secret)
    return _no_store(answer)


def _redeem(request: Request, token: str, asked: EnterIn) -> Redeemed:
    house = services(request)
    if asked.auth_key is not None:
        address = client_address(request)
        link = token_hash(token).hex()
        house.accounts.throttle.take(Kind.LINK_ADDRESS, f"{link} {address}")
        house.accounts.throttle.take(Kind.LINK, link)
    visitor = Visitor(
        visits(request),
        asked.auth_key,
        device_words(request.headers.get("user-agent", ""), request.headers.get("sec-ch-ua", "")),
        coarse_network(request.client.host if request.client else "") if house.settings.link_networks else "",
        shown(asked.name, MAX_NAME),
    )
    return house.links.redeem(token, visitor)


def coarse_network(host: str) -> str:
    """Give the network of an address and no more, like `203.0.113.0/24` or `2001:db8:1::/48`, or nothing."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = 24 if isinstance(address, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network((address, bits), strict=False))


def _keep(request: Request, answer: Response, secret: str) -> None:
    """Put a new secret before those that still open something; made-up ones do not come along."""
    house = services(request)
    known = [one for one in visits(request) if house.licences.held_by(None, [one])]
    answer.set_cookie(
        GUEST_COOKIE,
        ".".join([secret, *known][:MAX_LINKS]),
        max_age=MAX_AGE,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )


def _no_store(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the next page's request shall not name the link
    return answer
