"""The account: devices, password, tokens, fingerprint, quota."""

import hashlib

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.accounts.principal import Role
from streaming.accounts.values import AccountKeys
from streaming.ids import AccountId, LicenceId
from streaming.web.deps import Viewer, services
from streaming.web.pages.chrome import page_of, shown
from streaming.web.viewing import profile_of
from streaming.wiring import Services

router = APIRouter(include_in_schema=False)


@router.get("/account")
def account(request: Request, who: Viewer) -> Response:
    """Show an account to its owner."""
    house = services(request)
    mine, keys = house.accounts.account(who.account_id)
    creates = who.role.covers(Role.CREATOR)
    devices = tuple(
        views.Device(one.id, one.device, one.created_at, one.last_seen_at, current=one.id == who.session_id)
        for one in house.accounts.devices(who.account_id)
    )
    tokens = tuple(
        views.ApiToken(one.id, one.label, one.created_at, one.last_used_at)
        for one in house.accounts.tokens(who.account_id)
    )
    viewing = _viewing(house, who.account_id, profile_of(request))
    return shown(
        views.Account(
            page_of(request),
            name=mine.name,
            role=views.Role(mine.role.value),
            created_at=mine.created_at,
            fingerprint=fingerprint(keys),
            devices=devices,
            tokens=tokens,
            viewing=viewing,
            used_bytes=house.catalogue.stored_bytes(who.account_id) + house.uploads.bytes_held(who.account_id)
            if creates
            else 0,
            quota_bytes=house.settings.quota_bytes if creates else None,
        )
    )


def _viewing(house: Services, account_id: AccountId, profile: str | None) -> tuple[views.ViewingDevice, ...]:
    """What films were watched on, and the places it holds of licences for a number of devices."""
    limited = {one.id: one for one in house.licences.held_by(account_id) if one.terms.max_devices is not None}
    counts = house.devices.count(list(limited))
    names = house.licences.subjects(limited.values())

    def place(licence_id: LicenceId) -> str:
        taken, most = counts.get(licence_id, 0), limited[licence_id].terms.max_devices
        return f"A place on “{names[licence_id]}”: {taken} of {most} taken"

    return tuple(
        views.ViewingDevice(
            one.id,
            one.name,
            one.played_at,
            tuple(place(licence) for licence in one.licences if licence in limited),
            current=one.current,
        )
        for one in house.devices.of(account_id, profile)
    )


def fingerprint(keys: AccountKeys) -> str:
    """SHA-256 over both public keys, the first 30 digits in groups of five, to be read aloud."""
    digest = hashlib.sha256(b"matinee/v1/fingerprint" + keys.x25519_public + keys.ed25519_public).digest()
    digits = str(int.from_bytes(digest, "big"))[-30:]
    return " ".join(digits[at : at + 5] for at in range(0, 30, 5))
