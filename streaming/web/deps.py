"""What routes ask of a request: the services, and who is asking.

`maybe_viewer`, `viewer`, `creator` and `admin` can be called as they are or stand in `Depends`. They
read the database, so routes that use them are plain `def` (FastAPI runs those in its thread pool).
"""

import ipaddress
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from streaming.accounts.principal import Principal, Role
from streaming.accounts.service import AccountService
from streaming.errors import Code, Fault

if TYPE_CHECKING:
    from streaming.wiring import Services

SESSION_COOKIE = "matinee_session"

# Only tells OpenAPI how to log in; `viewer` and its kin do the checking.
SIGNED_IN = [
    Security(HTTPBearer(auto_error=False, description="An API token, `mt_…`.")),
    Security(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="A login of a browser.")),
]


def services(request: Request) -> "Services":
    """Give the services of the app that serves this request."""
    return cast("Services", request.app.state.services)


def maybe_viewer(request: Request) -> Principal | None:
    """Say who is asking, or None for nobody; asked once per request.

    A bearer token that is no good is a fault, not nobody: whoever sends one means to be somebody. A
    bearer token outweighs a cookie, and a bad one never falls back to it.
    """
    if not hasattr(request.state, "principal"):
        request.state.principal = _recognise(request)
    return cast("Principal | None", request.state.principal)


def viewer(request: Request) -> Principal:
    """Say who is asking. Raises `Fault` UNAUTHENTICATED for nobody."""
    principal = maybe_viewer(request)
    if principal is None:
        raise Fault(
            Code.UNAUTHENTICATED, "You are not logged in.", "Log in, then try again.", name="not_logged_in"
        )
    return principal


def creator(request: Request) -> Principal:
    """Say which creator or admin is asking. Raises `Fault` UNAUTHENTICATED, FORBIDDEN."""
    return _with_role(request, Role.CREATOR)


def admin(request: Request) -> Principal:
    """Say which admin is asking. Raises `Fault` UNAUTHENTICATED, FORBIDDEN."""
    return _with_role(request, Role.ADMIN)


def logged_in(request: Request) -> Principal:
    """Say who is asking through a login of their own; API tokens may not do what needs this."""
    principal = viewer(request)
    if principal.session_id is None:
        raise Fault(
            Code.FORBIDDEN,
            "An API token may not do this.",
            "Log in with name and password, then try again.",
            name="login_needed",
        )
    return principal


Viewer = Annotated[Principal, Depends(viewer)]
Creator = Annotated[Principal, Depends(creator)]
Admin = Annotated[Principal, Depends(admin)]
LoggedIn = Annotated[Principal, Depends(logged_in)]
MaybeViewer = Annotated[Principal | None, Depends(maybe_viewer)]


def client_address(request: Request) -> str:
    """Give what rate limits count clients by: the IPv4 address, or the /64 of an IPv6 address.

    It is the address of the connection; a proxy in front must be made known to the server, which then
    puts the client's own address there.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_secure(request: Request) -> bool:
    """Tell whether cookies of this answer carry `Secure`: by the settings, or because this came by https."""
    return services(request).settings.cookies_are_secure or request.url.scheme == "https"


def _recognise(request: Request) -> Principal | None:
    accounts: AccountService = services(request).accounts
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        principal = accounts.by_token(bearer.strip())
        if principal is None:
            raise Fault(
                Code.UNAUTHENTICATED,
                "The API token is not valid.",
                "It may have been revoked; make a new one on the account page.",
                name="bad_token",
            )
        return principal
    cookie = request.cookies.get(SESSION_COOKIE)
    return accounts.by_session(cookie) if cookie else None


def _with_role(request: Request, needed: Role) -> Principal:
    principal = viewer(request)
    if not principal.role.covers(needed):
        raise Fault(
            Code.FORBIDDEN,
            f"This needs an account with the role {needed}; yours is {principal.role}.",
            "Ask the person who runs this house.",
            name="role_too_low",
        )
    return principal
