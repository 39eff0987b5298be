"""By what a browser is known again as a device, whoever is logged in: a secret in a cookie of its own."""

import re

from fastapi import Request
from fastapi.responses import Response

from streaming.ids import new_token
from streaming.web.deps import is_secure

DEVICE_COOKIE = "matinee_device"
MAX_AGE = 400 * 24 * 3600
"""The longest browsers keep a cookie; every visit to a screen begins it anew."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def profile_of(request: Request) -> str | None:
    """Give the secret this browser keeps, or None if it keeps none that can be ours."""
    kept = request.cookies.get(DEVICE_COOKIE, "")
    return kept if _SECRET.fullmatch(kept) else None


def remember_device(request: Request, answer: Response, secret: str | None = None) -> None:
    """Let a browser keep a secret: the one it has, or a new one."""
    answer.set_cookie(
        DEVICE_COOKIE,
        secret or profile_of(request) or new_token(),
        max_age=MAX_AGE,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
