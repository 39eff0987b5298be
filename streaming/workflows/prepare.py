"""The first step: what is this file, and what shall be made of it."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from streaming.catalogue import early, making
from streaming.catalogue.turns import ALL, BOARD, COPY, REST, STARTER, TEXT, URGENT
from streaming.catalogue.values import ChapterView, ChunkPart, SourceFacts, VersionFacts
from streaming.ids import VersionId
from streaming.workflows.estimate import Outlook, likely_cost
from streaming.workflows.house import House
from streaming.workflows.renditions import renditions_of
from streaming.workflows.watch import Watch
from transcoder.errors import Refused
from transcoder.planning.arriving import taken_over
from transcoder.planning.plan import Chunk, Plan, make_plan
from transcoder.source.media import MediaInfo
from transcoder.studying.packets import copy_if_possible
from transcoder.studying.probe import probe


def prepare(house: House, version_id: VersionId, run: int) -> None:
    """Probe and plan, unless an earlier run did. Raises `Refused`, `Stopped`."""
    facts = house.facts(version_id, run)
    with house.database.read() as session:
        if making.plan_of(session, version_id) is not None:
            return
    source = source_of(house, facts)
    with Watch(house, version_id, run) as watch:
        info = probe(source, house.limits, watch.cancel)
        plan = make_plan(info, house.policy_of(facts.period_seconds, facts.protection))
        plan = copy_if_possible(source, plan, cancel=watch.cancel, limits=house.limits)
    with house.database.write() as session:
        making.check_running(session, version_id, run)
        save(session, version_id, settle(session, version_id, plan, house.clock.now()))
    house.news.ring()


def settle(session: Session, version_id: VersionId, plan: Plan, now: datetime) -> Plan:
    """Take over what was made while the film arrived, as far as its own plan says the same; forget the rest.

    Gives the plan with the chunks that were kept. What is in hand is waited for, but not where nothing plays
    yet: early work stands back behind all other, and this is urgent now. A film that is copied keeps
    nothing: its grid follows its key frames, in every rung.
    """
    text = early.plan_of(session, version_id)
    if text is None:
        return plan
    try:
        begun = early.begun(session, version_id) if early.made(session, version_id) else ()
        plan, kept = taken_over(Plan.from_json(text), plan, begun)
    except (ValueError, KeyError, TypeError):
        kept = 0  # another release wrote it
    if kept:
        early.keep(session, version_id, kept, now)
    else:
        early.drop(session, version_id, now)
    return plan


def save(session: Session, version_id: VersionId, plan: Plan) -> None:
    """Write what is sure; while the ladder is not decided, that is what makes the film playable."""
    sure = plan.opening()
    begun = making.with_starter(session, version_id)
    parts = [part for part in parts_of(sure, begun) if plan.is_decided or part.part in URGENT]
    frames = sum(part.frames for part in parts_of(plan))
    making.save_plan(
        session, version_id, plan.to_json(), source_facts(plan.info), renditions_of(sure), parts, frames
    )


def source_of(house: House, facts: VersionFacts) -> Path:
    """Find the uploaded file. Raises `Refused` when it is gone."""
    path = house.sources.source_path(facts.upload_id) if facts.upload_id else None
    if path is None:
        raise Refused("not_found", "The uploaded file is no longer here.", "Upload the film again.")
    return path


def source_facts(info: MediaInfo) -> SourceFacts:
    """Sum up what probing found."""
    return SourceFacts(
        duration_us=round(info.duration * 1_000_000),
        width=info.video.width,
        height=info.video.height,
        frame_rate=info.video.frame_rate,
        chapters=tuple(ChapterView(float(one.start), float(one.end), one.title) for one in info.chapters),
    )


def parts_of(plan: Plan, begun: Collection[int] = ()) -> list[ChunkPart]:
    """Every piece of work, in the order in which it is wanted: the start of the film first.

    `begun` are the chunks whose starter was made while the film arrived.
    """
    names = _names(plan)
    rungs = {part: sum(1 for rung in plan.video if rung.name in names[part]) for part in names}
    parts = [
        ChunkPart(chunk.index, part, chunk.frames * rungs[part])
        for chunk in plan.chunks
        for part in _parts_of_chunk(plan, chunk, begun)
        if names[part]
    ]
    parts.append(ChunkPart(0, BOARD))
    parts += [ChunkPart(number, TEXT) for number in range(len(plan.texts))]
    return parts


def _parts_of_chunk(plan: Plan, chunk: Chunk, begun: Collection[int]) -> tuple[str, ...]:
    if plan.copied:
        return (COPY, ALL)  # the copied rung is there at once: no other needs to start early
    return (STARTER, REST) if chunk.index == 0 or chunk.index in begun else (ALL,)


def _names(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The renditions that each part stands for."""
    return {
        COPY: plan.copied,
        STARTER: plan.starter,
        REST: tuple(name for name in plan.renditions if name not in plan.starter),
        ALL: tuple(name for name in plan.renditions if name not in plan.copied),
    }


def work_of(plan: Plan, number: int, part: str) -> tuple[Chunk, tuple[str, ...]]:
    """The chunk and the renditions that a part stands for."""
    return plan.chunks[number], _names(plan)[part]


def outlook_of(plan: Plan, begun: Collection[int] = ()) -> Outlook:
    """What the plan lets expect of every part, also of those that wait for the ladder to be decided.

    `begun` as for `parts_of`.
    """
    frames: Counter[str] = Counter()
    for part in parts_of(plan, begun):
        frames[part.part] += part.frames
    return Outlook(_likely_costs(plan), frames)


def _likely_costs(plan: Plan) -> dict[str, float]:
    video = {rung.name: rung for rung in plan.video}
    found = {}
    for part, wanted in _names(plan).items():
        rungs = [video[name] for name in wanted if name in video]
        if rungs:
            found[part] = likely_cost(plan.info.video, rungs) / len(rungs)
    return found
