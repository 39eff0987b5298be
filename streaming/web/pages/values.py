"""From the house's values to the values pages are drawn from."""

from collections.abc import Sequence
from datetime import datetime

from player import views
from streaming.catalogue.values import Progress, TitleState, TitleView
from streaming.delivery.values import Watching
from streaming.licences.policy import Licence
from streaming.uploads.model import Upload
from streaming.web.api.licence_models import shown_terms
from streaming.web.api.title_models import poster_address


def progress(found: Progress | None) -> views.Progress | None:
    """Progress for pages; a percentage only once there are frames to count."""
    if found is None:
        return None
    return views.Progress(
        stage=views.Stage(found.stage.value),
        percent=found.percent if found.frames_total else None,
        eta_s=found.eta_s,
        playable_s=found.playable_s,
        frames_done=found.frames_done,
        frames_total=found.frames_total,
        queue_position=found.queue_position,
        prepared_s=found.prepared_s,
    )


def playable(title: TitleView) -> bool:
    """Whether there is anything to play."""
    begun = title.progress is not None and title.progress.playable_s > 0
    return title.state is TitleState.READY or (title.state is TitleState.ENCODING and begun)


def failure(title: TitleView, *, can_retry: bool = False) -> views.Failure | None:
    """Why a title failed, for its owner; trying again is offered only while its uploaded file is there."""
    if title.failure is None:
        return None
    return views.Failure(title.failure.sentence, title.failure.hint, title.failure.code, can_retry=can_retry)


def terms(licence: Licence | None, now: datetime) -> views.LicenceTerms | None:
    """A licence's terms as they stand at `now`."""
    return None if licence is None else shown_terms(licence, now)


def playing(found: Sequence[Watching], *, guest: bool, title: str = "") -> tuple[views.Playing, ...]:
    """Playbacks that hold a licence's screens; guests, who may not know each other, see devices only."""
    if guest:
        return tuple(views.Playing(one.playback_id, one.device) for one in found)
    return tuple(
        views.Playing(one.playback_id, one.device, title, one.started_at, one.position_s) for one in found
    )


def card(title: TitleView, licence: Licence | None, resume_s: float | None, now: datetime) -> views.FilmCard:
    """One poster of the foyer."""
    held = terms(licence, now)
    return views.FilmCard(
        id=title.id,
        name=title.name,
        state=views.TitleState(title.state.value),
        year=title.year,
        duration_s=title.duration_s,
        poster_url=poster_address(title),
        owner_name=title.owner_name,
        mine=title.mine,
        percent=title.progress.percent if title.progress else None,
        playable=playable(title),
        resume_s=resume_s,
        licence_state=held.state if held else None,
        valid_from=held.valid_from if held else None,
        ends_at=held.ends_at if held else None,
    )


def upload(found: Upload, title_id: str) -> views.Upload:
    """An unfinished upload."""
    return views.Upload(
        id=found.id,
        title_id=title_id,
        filename=found.filename,
        length=found.length or 0,
        offset=found.offset,
        expires_at=found.expires_at,
    )


def studio_film(
    title: TitleView,
    *,
    licences: int,
    watching: int,
    minutes: int,
    unfinished: Upload | None,
    can_retry: bool = False,
) -> views.StudioFilm:
    """One row of the studio."""
    return views.StudioFilm(
        id=title.id,
        name=title.name,
        state=views.TitleState(title.state.value),
        created_at=title.created_at,
        still_url=poster_address(title),
        duration_s=title.duration_s,
        size_bytes=title.size_bytes or None,
        licences=licences,
        watching=watching,
        minutes_watched=minutes,
        progress=progress(title.progress),
        remake=progress(title.remake),
        failure=failure(title, can_retry=can_retry),
        upload=upload(unfinished, title.id) if unfinished else None,
        priority=views.Priority(title.priority.value),
        priority_by_house=title.priority_by_house,
    )
