"""Pictures of a title: its poster, pictures to choose another from, the storyboard. None of them is owed."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence

from streaming.catalogue import attempts, making
from streaming.catalogue.model import RenditionRow
from streaming.catalogue.pictures import candidates_of, poster_name, save_candidate
from streaming.catalogue.turns import BOARD
from streaming.catalogue.values import VersionFacts
from streaming.catalogue.work import new_attempt
from streaming.ids import VersionId
from streaming.workflows.chunks import Made, spare_part
from streaming.workflows.finish import objects_of
from streaming.workflows.house import House, folder_of
from streaming.workflows.prepare import source_of
from streaming.workflows.putting import put_noted
from streaming.workflows.sink import ObjectSink
from streaming.workflows.watch import Watch
from transcoder.encoding.opening import Opener
from transcoder.errors import TranscoderError
from transcoder.keys.encrypt import poster_aad, seal_poster
from transcoder.keys.keyschedule import TitleKeys
from transcoder.pictures.poster import candidate_places, make_candidates, make_cover, make_poster
from transcoder.pictures.storyboard import paint_storyboard
from transcoder.planning.plan import Plan

log = logging.getLogger(__name__)
POSTER = "poster"
Painter = Callable[[Watch], Sequence[bytes]]


def paint_poster(house: House, version_id: VersionId, run: int) -> None:
    """Make a typical picture of the film its poster. Raises `Stopped`."""
    facts, plan = house.facts(version_id, run), house.plan(version_id)

    def paint(watch: Watch) -> list[bytes]:
        return [make_poster(source_of(house, facts), plan, limits=house.limits, cancel=watch.cancel)]

    if _missing(house, facts, [0]):
        _keep(house, facts, [0], "film", paint)


def paint_candidates(house: House, version_id: VersionId, run: int) -> None:
    """Take pictures from all over the film, and the cover art, to choose from. Raises `Stopped`."""
    facts, plan = house.facts(version_id, run), house.plan(version_id)
    places = candidate_places(plan)
    numbers = _missing(house, facts, range(1, len(places) + 1))
    wanted, cover = [places[number - 1] for number in numbers], plan.info.cover

    def paint(watch: Watch) -> list[bytes]:
        source = source_of(house, facts)
        return make_candidates(source, plan, wanted, limits=house.limits, cancel=watch.cancel)

    if numbers:
        _keep(house, facts, numbers, "film", paint)
    last = len(places) + 1
    if cover is not None and _missing(house, facts, [last]):

        def paint_cover(watch: Watch) -> list[bytes]:
            return [make_cover(source_of(house, facts), cover, limits=house.limits, cancel=watch.cancel)]

        _keep(house, facts, [last], "cover", paint_cover)


def _missing(house: House, facts: VersionFacts, numbers: Collection[int]) -> list[int]:
    with house.database.read() as session:
        have = {row.number for row in candidates_of(session, facts.id)}
    return [number for number in numbers if number not in have]


def _keep(house: House, facts: VersionFacts, numbers: Sequence[int], origin: str, paint: Painter) -> None:
    """Paint, seal and keep pictures, all in one attempt. A film without them is still a film."""
    try:
        with Watch(house, facts.id, facts.run) as watch:
            painted = paint(watch)
    except TranscoderError as fault:
        log.warning("no pictures %s for %s: %s", numbers, facts.id, fault)
        return
    attempt, key = new_attempt(), house.keys(facts).poster_key()
    aad = poster_aad(facts.title_id, facts.number)
    sealed = {
        number: (poster_name(folder_of(facts), number, attempt), seal_poster(picture, key, aad))
        for number, picture in zip(numbers, painted, strict=True)
        if picture
    }
    put_noted(house, facts, POSTER, attempt, dict(sealed.values()))
    with house.database.write() as session:
        making.check_running(session, facts.id, facts.run)
        for number, (name, stored) in sealed.items():
            save_candidate(session, facts.id, number, origin, name, stored, chosen=number == 0)
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
    opener = Opener(plan, keys.content_key, keys.common_key)
    with house.database.read() as session:
        objects = objects_of(session, session.get_one(RenditionRow, (facts.id, plan.iframes.name)))
    return opener.track((item, house.objects.get(item.name)) for item in objects)
