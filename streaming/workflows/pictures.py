"""Pictures of a title: its poster, pictures to choose another from, the storyboard. None of them is owed."""

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction

from sqlalchemy import select

from streaming.catalogue import attempts, making
from streaming.catalogue.model import RenditionRow, SegmentRow
from streaming.catalogue.pictures import candidates_of, poster_name, save_candidate
from streaming.catalogue.turns import BOARD
from streaming.catalogue.values import VersionFacts
from streaming.catalogue.work import new_attempt
from streaming.ids import VersionId
from streaming.workflows.chunks import Made, spare_part
from streaming.workflows.house import House, folder_of
from streaming.workflows.prepare import source_of
from streaming.workflows.putting import put_noted
from streaming.workflows.sink import ObjectSink
from streaming.workflows.watch import Watch
from transcoder.errors import TranscoderError
from transcoder.keys.encrypt import decrypt_segment, poster_aad, seal_poster
from transcoder.keys.keyschedule import TitleKeys
from transcoder.pictures.poster import candidate_places, make_candidate, make_cover, make_poster
from transcoder.pictures.storyboard import paint_storyboard
from transcoder.planning.plan import Plan

log = logging.getLogger(__name__)
POSTER = "poster"
Painter = Callable[[Watch], bytes]


def paint_poster(house: House, version_id: VersionId, run: int) -> None:
    """Make a typical picture of the film its poster. Raises `Stopped`."""
    facts, plan = house.facts(version_id, run), house.plan(version_id)

    def paint(watch: Watch) -> bytes:
        return make_poster(source_of(house, facts), plan, limits=house.limits, cancel=watch.cancel)

    _keep(house, facts, 0, "film", paint)


def paint_candidates(house: House, version_id: VersionId, run: int) -> None:
    """Take pictures from all over the film, and the cover art, to choose from. Raises `Stopped`."""
    facts, plan = house.facts(version_id, run), house.plan(version_id)
    for number, at in enumerate(candidate_places(plan), 1):
        _keep(house, facts, number, "film", _frame_at(house, facts, plan, at))
    cover = plan.info.cover
    if cover is not None:

        def paint(watch: Watch) -> bytes:
            return make_cover(source_of(house, facts), cover, limits=house.limits, cancel=watch.cancel)

        _keep(house, facts, len(candidate_places(plan)) + 1, "cover", paint)


def _frame_at(house: House, facts: VersionFacts, plan: Plan, at: Fraction) -> Painter:
    def paint(watch: Watch) -> bytes:
        return make_candidate(source_of(house, facts), plan, at, limits=house.limits, cancel=watch.cancel)

    return paint


def _keep(house: House, facts: VersionFacts, number: int, origin: str, paint: Painter) -> None:
    """Paint, seal and keep a picture, unless it is there. A film without it is still a film."""
    with house.database.read() as session:
        if any(row.number == number for row in candidates_of(session, facts.id)):
            return
    try:
        with Watch(house, facts.id, facts.run) as watch:
            picture = paint(watch)
    except TranscoderError as fault:
        log.warning("no picture %s for %s: %s", number, facts.id, fault)
        return
    attempt = new_attempt()
    name = poster_name(folder_of(facts), number, attempt)
    sealed = seal_poster(picture, house.keys(facts).poster_key(), poster_aad(facts.title_id, facts.number))
    put_noted(house, facts, POSTER, attempt, name, sealed)
    with house.database.write() as session:
        making.check_running(session, facts.id, facts.run)
        save_candidate(session, facts.id, number, origin, name, sealed, chosen=number == 0)
        attempts.end_attempt(session, attempt, "committed", house.clock.now())


def make_storyboard(house: House, version_id: VersionId, run: int) -> None:
    """Make the storyboard of what is encoded. Raises `Stopped`."""
    plan = house.plan(version_id)

    def made(facts: VersionFacts, keys: TitleKeys, sink: ObjectSink, watch: Watch) -> Made:
        pictures = _winding_pictures(house, facts, plan, keys)
        done = paint_storyboard(
            plan, pictures, keys.content_key, sink, cancel=watch.cancel, limits=house.limits
        )
        return (), tuple(sink.segment(plan, one) for one in done)

    spare_part(house, version_id, run, (0, BOARD, plan.storyboard.name), made)


def _winding_pictures(house: House, facts: VersionFacts, plan: Plan, keys: TitleKeys) -> Iterator[bytes]:
    """Give the clear init segment and fragments of the pictures for winding, in order."""
    winding = plan.iframes
    with house.database.read() as session:
        init = session.get_one(RenditionRow, (facts.id, winding.name)).init_object
        rows = session.execute(
            select(SegmentRow.sequence, SegmentRow.period, SegmentRow.object)
            .where(SegmentRow.version_id == facts.id, SegmentRow.rendition == winding.name)
            .order_by(SegmentRow.sequence)
        ).all()
    yield house.objects.get(init or "")
    for sequence, period, name in rows:
        key = keys.content_key(winding.name, winding.tier, period)
        yield decrypt_segment(house.objects.get(name), key, sequence)
