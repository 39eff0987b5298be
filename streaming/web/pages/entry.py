"""Ways in: login, register, recover."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from player.views import Login, Recover, Register
from streaming.web.deps import MaybeViewer, services
from streaming.web.pages.chrome import own_path, page_of, shown

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login(request: Request, who: MaybeViewer, next: str = "/") -> Response:
    """Ask for name and password; whoever is in already goes on."""
    if who:
        return RedirectResponse(own_path(next), 303)
    is_open = services(request).accounts.is_open
    return shown(Login(page_of(request), next_url=own_path(next), open_registration=is_open))


@router.get("/register")
def register(request: Request, who: MaybeViewer, next: str = "/") -> Response:
    """Make an account; closed when the operator closed it."""
    if who:
        return RedirectResponse(own_path(next), 303)
    closed = not services(request).accounts.is_open
    return shown(Register(page_of(request), next_url=own_path(next), closed=closed))


@router.get("/recover")
def recover(request: Request) -> Response:
    """Set a new password with a recovery code."""
    return shown(Recover(page_of(request)))
