"""The studio: a creator's films, one film in full, issuing a licence."""

from collections import Counter
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from player import views
from streaming.catalogue.values import RenditionView, TitleState, TitleView
from streaming.errors import not_found
from streaming.ids import LicenceId, TitleId
from streaming.licences.links import Link
from streaming.licences.policy import Licence
from streaming.uploads.model import Upload
from streaming.web.api.title_models import poster_address
from streaming.web.asking import actor, asker
from streaming.web.deps import Creator, services
from streaming.web.pages import values
from streaming.web.pages.chrome import page_of, shown
from streaming.web.pages.offers import history_lines, offer_card
from streaming.web.pages.tracks import LANGUAGES, candidates_of, tracks_of
from streaming.wiring import Services

router = APIRouter(include_in_schema=False)
HISTORY_SHOWN = 20


@router.get("/studio")
def studio(request: Request, who: Creator, q: str = "", cursor: str = "") -> Response:
    """Show a creator's films."""
    house = services(request)
    page = house.catalogue.page(asker(who), query=q, mine=True, cursor=cursor)
    licences = house.licences.of_owner(actor(who))
    counts = Counter(one.title_id for one in licences if one.revoked_at is None)
    watching = _watching(house, licences)
    minutes = house.playbacks.minutes_watched([one.id for one in page.titles])
    unfinished = {one.title_id: one for one in house.uploads.unfinished(who.account_id) if one.title_id}
    films = tuple(
        _row(house, one, counts[one.id], watching[one.id], minutes.get(one.id, 0), unfinished.get(one.id))
        for one in page.titles
    )
    return shown(
        views.Studio(
            page_of(request),
            films=films,
            total=house.catalogue.count(asker(who), query=q, mine=True),
            used_bytes=house.catalogue.stored_bytes(who.account_id)
            + house.uploads.bytes_held(who.account_id),
            quota_bytes=house.settings.quota_bytes,
            query=q,
            more_url="/studio?" + urlencode({"q": q, "cursor": page.cursor}) if page.cursor else None,
        )
    )


@router.get("/studio/t/{title_id}")
def studio_title(request: Request, who: Creator, title_id: TitleId) -> Response:
    """Show one film to its creator, in full."""
    house = services(request)
    licences = house.licences.of_title(actor(who), title_id)
    title = house.catalogue.show(asker(who), title_id)
    watching = house.playbacks.count_by_licence([one.id for one in licences])
    links = house.links.of([one.id for one in licences if one.holder.kind == "link"])
    minutes = house.playbacks.minutes_watched([title_id])
    unfinished = next(
        (one for one in house.uploads.unfinished(who.account_id) if one.title_id == title_id), None
    )
    ready = title.state is TitleState.READY
    subtitles = house.subtitles.tracks(asker(who), title_id)
    return shown(
        views.StudioTitle(
            page_of(request),
            film=_row(
                house, title, len(licences), sum(watching.values()), minutes.get(title_id, 0), unfinished
            ),
            description=title.description,
            year=title.year,
            poster_url=poster_address(title),
            source_name=title.source_name,
            protection=title.protection if title.renditions else "",
            picture=f"{title.width} × {title.height}" if title.width else "",
            tracks=tracks_of(title, subtitles),
            languages=LANGUAGES,
            candidates=candidates_of(title, house.pictures.candidates(asker(who), title_id) if ready else []),
            may_change=ready,
            ladder=tuple(_rung(title, one) for one in title.renditions if one.kind == "video"),
            plan_reasons=title.plan_reasons,
            can_remake=_source_is_here(house, title),
            faults=tuple(
                views.ChunkFault(one.number, one.sentence, one.code, one.lines)
                for one in title.chunk_failures
            ),
            licences=tuple(
                licence_row(house, one, watching.get(one.id, 0), links.get(one.id)) for one in licences
            ),
            licences_total=len(licences),
            offers=tuple(offer_card(one) for one in house.offers.of_title(actor(who), title_id)),
            history=history_lines(house.licences.history_of_title(actor(who), title_id, HISTORY_SHOWN)),
        )
    )


@router.get("/studio/t/{title_id}/licences/new")
def new_licence(request: Request, who: Creator, title_id: TitleId) -> Response:
    """Show the form that issues a licence; its script reads the licence back and sends it."""
    house = services(request)
    house.licences.of_title(actor(who), title_id)
    title = house.catalogue.show(asker(who), title_id)
    return shown(
        views.IssueLicence(
            page_of(request),
            title_id=title.id,
            title_name=title.name,
            duration_s=title.duration_s,
            poster_url=poster_address(title),
            best_tier=_best_tier(title),
            draft=views.LicenceDraft(tier=_best_tier(title)),
        )
    )


@router.get("/studio/t/{title_id}/licences/{licence_id}/transfer")
def transfer(request: Request, who: Creator, title_id: TitleId, licence_id: LicenceId) -> Response:
    """Show the form that gives a licence to another account."""
    house = services(request)
    licence = house.licences.managed(actor(who), licence_id)
    held = values.terms(licence, house.clock.now())
    if licence.title_id != title_id or held is None or licence.holder.kind != "account":
        raise not_found("licence")
    return shown(
        views.TransferLicence(
            page_of(request),
            licence_id,
            title_id,
            house.licences.title(title_id).name,
            licence.holder.name,
            held,
            house.playbacks.count_by_licence([licence_id]).get(licence_id, 0),
        )
    )


@router.get("/studio/t/{title_id}/links/{licence_id}")
def guest_link(request: Request, who: Creator, title_id: TitleId, licence_id: LicenceId) -> Response:
    """Show what a guest link asks for, and who used it as far as that is kept."""
    house = services(request)
    licence = house.licences.managed(actor(who), licence_id)
    held = values.terms(licence, house.clock.now())
    if licence.title_id != title_id or held is None:
        raise not_found("link")
    link = house.links.link(actor(who), licence_id)
    return shown(
        views.GuestLink(
            page_of(request),
            licence_id=licence_id,
            title_id=title_id,
            title_name=house.licences.title(title_id).name,
            label=licence.holder.name,
            terms=held,
            plays=link.plays,
            max_plays=link.terms.max_plays,
            redeem_until=link.terms.redeem_until,
            has_password=link.terms.password is not None,
            watching=house.playbacks.count_by_licence([licence_id]).get(licence_id, 0),
            uses=tuple(
                views.LinkUse(one.id, one.used_at, one.device, one.network, one.name)
                for one in house.links.uses(actor(who), licence_id)
            ),
            kept_days=house.settings.link_uses_days,
        )
    )


def _row(
    house: Services,
    title: TitleView,
    licences: int,
    watching: int,
    minutes: float,
    unfinished: Upload | None,
) -> views.StudioFilm:
    return values.studio_film(
        title,
        licences=licences,
        watching=watching,
        minutes=round(minutes),
        unfinished=unfinished,
        can_retry=title.failure is not None and _source_is_here(house, title),
    )


def _source_is_here(house: Services, title: TitleView) -> bool:
    """A file that is no film was removed; there is nothing to try again with."""
    return title.upload_id is not None and house.uploads.path(title.upload_id).is_file()


def _watching(house: Services, licences: list[Licence]) -> Counter[TitleId]:
    """How many screens show each title now, by its licences."""
    title_of = {one.id: one.title_id for one in licences if one.title_id}
    counts = house.playbacks.count_by_licence(list(title_of))
    watching: Counter[TitleId] = Counter()
    for licence, count in counts.items():
        watching[title_of[licence]] += count
    return watching


def _rung(title: TitleView, rendition: RenditionView) -> views.Rung:
    done = 100.0 if title.state is TitleState.READY else None
    if done is None and title.progress and title.progress.frames_total:
        done = title.progress.percent
    return views.Rung(
        name=rendition.name,
        width=rendition.width,
        height=rendition.height,
        bitrate=rendition.bandwidth or None,
        tier=views.Tier(rendition.tier),
        codec=_codec(rendition),
        reason=rendition.reason,
        percent=done,
    )


def _codec(rendition: RenditionView) -> str:
    """The codec's name where it is not the one that every player knows."""
    kind = rendition.codecs.partition(".")[0]
    return {"hvc1": "HEVC", "hev1": "HEVC", "av01": "AV1"}.get(kind, "")


def licence_row(house: Services, licence: Licence, watching: int, link: Link | None) -> views.LicenceRow:
    """A licence in a list of those who issue them; `link` is what its link asks for."""
    held = values.terms(licence, house.clock.now())
    assert held is not None  # noqa: S101 - a licence always has terms
    kind = views.HolderKind.ACCOUNT if licence.holder.kind == "account" else views.HolderKind.LINK
    return views.LicenceRow(
        licence.id,
        kind,
        licence.holder.name,
        held,
        licence.issued_at,
        watching,
        link.plays if link else None,
        link.terms.max_plays if link else None,
    )


def _best_tier(title: TitleView) -> views.Tier:
    order = list(views.Tier)
    tiers = [views.Tier(one.tier) for one in title.renditions if one.kind == "video"]
    return max(tiers, key=order.index, default=views.Tier.HD)
