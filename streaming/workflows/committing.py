"""How an attempt at a chunk ends: shown in one transaction, or noted as failed."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from streaming.catalogue import attempts, commit
from streaming.catalogue.making import Stopped
from streaming.catalogue.values import ChunkResult, VersionFacts
from streaming.workflows.house import House
from streaming.workflows.prepare import source_of
from streaming.workflows.sink import ObjectSink
from transcoder.errors import Cancelled, EncodeFailed, Refused

Check = Callable[[Session], VersionFacts]
"""Gives the version; raises `Stopped` when nobody wants the work any more."""


def commit_made(house: House, check: Check, result: ChunkResult, sink: ObjectSink) -> None:
    """Show what an attempt made, or throw it away if another was first. Raises what `check` raises."""
    with house.database.write() as session:
        version_id = check(session).id
        won = commit.commit_chunk(session, version_id, result, house.clock.now())
        visible = {name: kept for name, (kept, _) in commit.inits_of(session, version_id).items()}
    if not won:
        sink.discard()
        return
    stored = [init for init in result.inits if init.object]
    spare = [init.object for init in stored if visible[init.rendition, init.period] != init.object]
    house.objects.delete(spare)


def note_end(house: House, check: Check, attempt: str, fault: BaseException) -> None:
    """Note how an attempt failed."""
    stopped = isinstance(fault, Cancelled | Stopped)
    detail = type(fault).__name__
    with house.database.write() as session:
        if isinstance(fault, EncodeFailed):
            detail = _without_paths("\n".join(fault.lines), house, check, session)
        attempts.end_attempt(
            session, attempt, "cancelled" if stopped else "failed", house.clock.now(), detail
        )


def _without_paths(lines: str, house: House, check: Check, session: Session) -> str:
    """The encoder's words for their creator, who need not know where this house keeps its files."""
    try:
        path = str(source_of(house, check(session)))
    except (Stopped, Refused):
        return ""
    return lines.replace(f"file:{path}", "the film").replace(path, "the film")
