"""Routes of playbacks: start one on a title, see and stop one's own. The rest is the hot doors'."""

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from streaming.accounts.devices import device_words
from streaming.accounts.principal import Principal
from streaming.catalogue.naming import shown
from streaming.delivery.answers import text_answer
from streaming.delivery.bootstrap import Wish
from streaming.delivery.values import Device, Started
from streaming.errors import Code, Fault, not_found
from streaming.ids import LicenceId, PlaybackId, TitleId, new_token
from streaming.web.api.playback_models import (
    BootstrapOut,
    PlaybackIn,
    PlaybackOut,
    WatchingOut,
    WatchingsOut,
)
from streaming.web.deps import SIGNED_IN, MaybeViewer, Viewer, services
from streaming.web.guest import visits
from streaming.web.problems import documented
from streaming.web.viewing import profile_of, remember_device

if TYPE_CHECKING:
    from streaming.delivery.doors import Doors
    from streaming.wiring import Services

WARNING = timedelta(minutes=5)
Attempt = tuple[Device, list[LicenceId]]

router = APIRouter(prefix="/api/v1", tags=["playback"])


@router.post(
    "/titles/{title_id}/playback", responses=documented(400, 401, 403, 404, 409), response_model=PlaybackOut
)
async def start(
    request: Request, response: Response, who: MaybeViewer, title_id: str, body: PlaybackIn | None = None
) -> PlaybackOut | Response:
    """Start watching: takes one of the licence's screens and gives the addresses to play from.

    Holders, guests who came by a link, and the title's owner may. A caller with an API token always gets a
    `native` address. With `bootstrap` the answer also holds what a player in a browser asks first.

    The refusal `too_many_streams` lists in `playing` what holds the screens: for each `playback_id` (to be
    stopped with DELETE) and `device`, and but for guests `title`, `started_at`, `position_s`.
    """
    asked = body or PlaybackIn()
    if who is not None and who.session_id is not None:
        request.state.profile = profile_of(request) or new_token()
    told = await run_in_threadpool(_begun, request, who, TitleId(title_id), asked)
    native = asked.native or (who is not None and who.session_id is None)
    if asked.bootstrap is None or native:
        _keep_profile(request, response)
        return told
    at = told.start_at_s if asked.bootstrap.at is None else asked.bootstrap.at
    wish = Wish(at, asked.bootstrap.bandwidth, asked.bootstrap.text)
    doors: Doors = request.app.state.doors
    found = await doors.bootstrap(request.scope, told.playlist_url, wish)
    objects = {path: base64.b64encode(body).decode() for path, body in found.objects.items()}
    told.bootstrap = BootstrapOut(playlists=found.playlists, objects=objects, segments=found.segments)
    packed = _packed(request, told)
    _keep_profile(request, packed)
    return packed


def _keep_profile(request: Request, answer: Response) -> None:
    """Let the browser of a login be known again as the device that it was registered as."""
    if hasattr(request.state, "profile"):
        remember_device(request, answer, request.state.profile)


def _packed(request: Request, told: PlaybackOut) -> Response:
    """Answer JSON, packed where the client takes it: playlists of long films shrink to a quarter."""
    accepts = request.headers.get("accept-encoding", "").encode()
    answer = text_answer(told.model_dump_json(), b"application/json", accepts)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)


def _begun(request: Request, who: Principal | None, title_id: TitleId, asked: PlaybackIn) -> PlaybackOut:
    house = services(request)
    guests = visits(request)
    if who is None and not guests:
        raise _nobody()
    label = shown(asked.device or "") or device_words(request.headers.get("user-agent", ""))
    profile = getattr(request.state, "profile", None)
    attempts = _attempts(house, who, guests, title_id, label, profile, asked.native)
    started = _first(house, attempts, title_id, take_over=asked.take_over)
    return _shown(started, house.playbacks.lease.renew_after)


@router.get("/playbacks", responses=documented(401), dependencies=SIGNED_IN)
def running(request: Request, who: Viewer) -> WatchingsOut:
    """List what one is watching now, and on which device."""
    found = services(request).playbacks.watching_account(who.account_id)
    items = [
        WatchingOut(
            playback_id=one.playback_id,
            title_id=one.title_id,
            device=one.device,
            started_at=one.started_at,
            lease_until=one.lease_until,
            position_s=one.position_s,
        )
        for one in found
    ]
    return WatchingsOut(items=items)


@router.delete("/playbacks/{playback_id}", status_code=204, responses=documented(401, 404))
def stop(request: Request, who: MaybeViewer, playback_id: str) -> Response:
    """Stop a playback of one's own, or of a link one has redeemed, wherever it runs; its screen is free."""
    house, guests = services(request), visits(request)
    if who is None and not guests:
        raise _nobody()
    account = who.account_id if who else None
    licences = [one.id for one in house.licences.held_by(account, guests)]
    if not house.playbacks.stop(PlaybackId(playback_id), account, licences):
        raise not_found("playback")
    return Response(status_code=204)


def _nobody() -> Fault:
    return Fault(
        Code.UNAUTHENTICATED,
        "You are not logged in.",
        "Log in, or open the link you were given, and press play.",
        name="not_logged_in",
    )


def _attempts(
    house: "Services",
    who: Principal | None,
    guests: tuple[str, ...],
    title_id: TitleId,
    label: str,
    profile: str | None,
    native: bool,
) -> list[Attempt]:
    """Say in what capacities the caller may watch: as an account first, then by each link."""
    attempts: list[Attempt] = []
    if who is not None:
        device = Device(
            who.account_id,
            who.session_id,
            who.token_id,
            label=label,
            native=native or who.session_id is None,
            profile=profile,
        )
        attempts.append((device, [one.id for one in house.licences.ranked(title_id, who.account_id)]))
    for secret in guests:
        held = house.licences.ranked(title_id, None, [secret])
        if held:
            device = Device(guest_token=secret, label=label, native=native)
            attempts.append((device, [one.id for one in held]))
    return attempts or [(Device(label=label, native=native), [])]


def _first(house: "Services", attempts: list[Attempt], title_id: TitleId, *, take_over: bool) -> Started:
    """Start in the first capacity that opens; the refusal told is that of a licence, if there is one."""
    refused: Fault | None = None
    for device, licences in attempts:
        try:
            return house.playbacks.start(device, title_id, licences, take_over=take_over)
        except Fault as fault:
            if refused is None or refused.name == "no_licence":
                refused = fault
    raise refused or not_found("film")


def _shown(started: Started, renew_after: int) -> PlaybackOut:
    base, is_common = f"/play/{started.token}", started.protection == "cbcs"
    return PlaybackOut(
        playback_id=started.playback_id,
        licence_id=started.licence_id,
        protection=started.protection,
        playlist_url=f"{base}/main.m3u8",
        dash_url=f"{base}/main.mpd" if is_common else None,
        licence_url=f"{base}/licence" if is_common else None,
        renew_url=f"{base}/renew",
        release_url=f"{base}/release",
        lease_until=started.lease_until,
        renew_after_s=renew_after,
        ends_at=started.ends_at,
        warn_at=None if started.ends_at is None else started.ends_at - WARNING,
        start_at_s=started.start_at_s,
        tier=started.tier,
        title=started.title,
    )
