"""`GET /healthz`: whether this house is ready to serve."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from streaming.errors import Code, Fault
from streaming.web.deps import services
from streaming.web.problems import documented

router = APIRouter(tags=["house"])


class Health(BaseModel):
    """A house that serves."""

    status: Literal["ready"] = "ready"


@router.get("/healthz", responses=documented(503))
def healthz(request: Request) -> Health:
    """Answer 200 when the database answers; load balancers and `matinee demo` wait for it."""
    try:
        alive = services(request).database.is_alive()
    except Exception:
        alive = False
    if not alive:
        raise Fault(
            Code.UNAVAILABLE, "The database does not answer.", "Try again.", name="not_ready", retry_after=2
        )
    return Health()
