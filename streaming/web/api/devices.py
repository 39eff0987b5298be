"""Routes of the devices an account watches on: list, rename, remove."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from streaming.catalogue.naming import shown
from streaming.web.api.moments import Moment
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Viewer, services
from streaming.web.problems import documented
from streaming.web.viewing import profile_of

router = APIRouter(prefix="/api/v1/devices", tags=["devices"], dependencies=SIGNED_IN)


class DeviceOut(BaseModel):
    """A browser or an API token that films were watched on; `licences` are those it holds a place of."""

    id: str
    name: str
    created_at: Moment
    played_at: Moment
    current: bool
    licences: list[str]


class DevicesOut(BaseModel):
    """Devices, the latest used first."""

    items: list[DeviceOut]


class DevicePatch(BaseModel):
    """What to call a device."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)


@router.get("", responses=documented(401))
def list_devices(request: Request, who: Viewer) -> DevicesOut:
    """List the devices one watches on."""
    found = services(request).devices.of(who.account_id, profile_of(request))
    return DevicesOut(
        items=[
            DeviceOut(
                id=one.id,
                name=one.name,
                created_at=one.created_at,
                played_at=one.played_at,
                current=one.current,
                licences=list(one.licences),
            )
            for one in found
        ]
    )


@router.patch("/{device_id}", status_code=204, responses=documented(400, 401, 404))
def rename(request: Request, who: Viewer, device_id: str, body: DevicePatch) -> Response:
    """Give a device another name."""
    services(request).devices.rename(who.account_id, device_id, shown(body.name))
    return Response(status_code=204)


@router.delete("/{device_id}", status_code=204, responses=documented(401, 404, 409))
def remove(request: Request, who: Viewer, device_id: str) -> Response:
    """Remove a device: its places are free, and what it plays ends at the next key.

    Of a licence for a number of devices no more are removed in 30 days than it has places; one that has not
    played for 30 days can always go.
    """
    house = services(request)
    licences = house.devices.remove(who.account_id, device_id)
    house.licences.note_removed_device(actor(who), licences)
    return Response(status_code=204)
