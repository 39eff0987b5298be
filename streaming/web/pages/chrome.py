"""What surrounds every page: who is here, the light, their zone; and faults shown as pages."""

import re
from functools import cache
from urllib.parse import quote
from zoneinfo import available_timezones

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from player.render import render
from player.views import ErrorPage, Page, Person, Role, Theme, View
from streaming.errors import Fault
from streaming.web.deps import maybe_viewer, services
from streaming.web.problems import Problem

_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,500}")


def page_of(request: Request) -> Page:
    """Describe what surrounds a page for whoever asks for it."""
    principal = maybe_viewer(request)
    return Page(
        now=services(request).clock.now(),
        person=Person(principal.name, Role(principal.role.value)) if principal else None,
        theme=_theme(request.cookies.get("theme", "")),
        zone=_zone(request.cookies.get("tz", "")),
        has_operator=True,
    )


def shown(view: View, status: int = 200) -> Response:
    """Draw a view; pages hold personal things, so no cache may keep them."""
    return HTMLResponse(render(view), status, headers={"Cache-Control": "private, no-store"})


def entrance(request: Request) -> Response:
    """Send somebody to log in, and back here afterwards."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(own_path(path), safe='/')}", 303)


def own_path(text: str) -> str:
    """Give `text` if it is a path of this house, else the front page: nobody is led elsewhere."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def problem_page(request: Request, problem: Problem) -> Response:
    """Show a problem as a page of the house; if asking who is here fails too, as a page for nobody."""
    try:
        page = page_of(request)
    except Fault:
        page = Page(now=services(request).clock.now())
    if problem.status == 401:
        return entrance(request)
    view = ErrorPage(
        page,
        status=problem.status,
        sentence=problem.detail,
        hint=problem.hint,
        code=problem.code,
        reference=problem.reference,
    )
    return shown(view, problem.status)


def _theme(text: str) -> Theme:
    return Theme(text) if text in set(Theme) else Theme.AUTO


def _zone(text: str) -> str:
    return text if text in _zones() else "UTC"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
