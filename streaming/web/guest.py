"""Guest links: the door that turns a link into a cookie, and reading that cookie.

The cookie holds the link tokens themselves, newest first, joined by dots: a guest has no account, and each
link is its own leave. The database knows only their hashes.
"""

import re

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from streaming.errors import Code, Fault
from streaming.licences.gate import fault
from streaming.licences.policy import Refusal, decide
from streaming.web.deps import is_secure, services
from streaming.web.problems import documented

GUEST_COOKIE = "matinee_guest"
MAX_LINKS = 8
MAX_AGE = 400 * 24 * 3600
"""The longest browsers keep a cookie; the licence ends by itself."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)

router = APIRouter(tags=["guests"])


def links(request: Request) -> tuple[str, ...]:
    """Give the link tokens a visitor came by, newest first; what does not look like one is left out."""
    parts = request.cookies.get(GUEST_COOKIE, "").split(".")
    return tuple(part for part in parts if _TOKEN.fullmatch(part))[:MAX_LINKS]


@router.post(
    "/l/{token}/enter", status_code=303, response_class=RedirectResponse, responses=documented(403, 404)
)
def enter(request: Request, token: str) -> RedirectResponse:
    """Take a link's licence along in a cookie and go to the screen, or say why not."""
    house = services(request)
    licence = house.licences.by_link(token) if _TOKEN.fullmatch(token) else None
    if licence is None:
        raise Fault(
            Code.NOT_FOUND,
            "This link opens nothing here.",
            "Check that it is whole, or ask whoever sent it for a new one.",
            name="unknown_link",
        )
    verdict = decide(licence, house.clock.now())
    if isinstance(verdict, Refusal):
        raise fault(verdict)
    kept = [token, *(one for one in links(request) if one != token)][:MAX_LINKS]
    answer = RedirectResponse(f"/watch/{licence.title_id}", 303)
    answer.set_cookie(
        GUEST_COOKIE,
        ".".join(kept),
        max_age=MAX_AGE,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
