"""The second step: which qualities the film gets, by what is in it. The starter is encoded meanwhile."""

from streaming.catalogue import making
from streaming.ids import VersionId
from streaming.workflows.house import House
from streaming.workflows.prepare import parts_of, source_facts, source_of
from streaming.workflows.renditions import renditions_of
from streaming.workflows.watch import Watch
from transcoder.studying.content import choose_ladder


def choose(house: House, version_id: VersionId, run: int) -> None:
    """Measure the film and complete its plan, unless that is done. Raises Refused, Stopped, Cancelled."""
    plan, facts = house.plan(version_id), house.facts(version_id, run)
    if plan.is_decided:
        return
    source = source_of(house, facts)
    with Watch(house, version_id, run) as watch:
        chosen = choose_ladder(source, plan, cancel=watch.cancel, limits=house.limits)
    with house.database.write() as session:
        making.check_running(session, version_id, run)
        if making.plan_of(session, version_id) != plan.to_json():
            return  # it was planned anew meanwhile
        renditions, parts = renditions_of(chosen), parts_of(chosen, making.with_starter(session, version_id))
        making.save_plan(session, version_id, chosen.to_json(), source_facts(chosen.info), renditions, parts)
    house.news.ring()
