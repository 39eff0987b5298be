"""Routes of the audit log: what was done to the licences of a title, and to one licence."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from player.history import sentence
from streaming.ids import LicenceId, TitleId
from streaming.licences.audit import Event
from streaming.web.api.moments import Moment
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented
from streaming.web.tables import csv_answer

router = APIRouter(prefix="/api/v1", tags=["history"], dependencies=SIGNED_IN)
HEAD = ("number", "at", "what", "sentence", "actor", "subject", "licence", "reason", "before", "after")
CSV_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "A file, quoted throughout."}
}


class EventOut(BaseModel):
    """One line of the audit log; `before` and `after` are the terms around a change."""

    number: int
    at: Moment
    what: str
    sentence: str
    actor: str
    subject: str
    licence_id: str | None
    reason: str
    before: dict[str, object] | None
    after: dict[str, object] | None

    @classmethod
    def of(cls, event: Event) -> "EventOut":
        """Say an event in JSON."""
        return cls(
            number=event.id,
            at=event.at,
            what=event.what,
            sentence=sentence(event.what, event.actor, event.subject),
            actor=event.actor,
            subject=event.subject,
            licence_id=event.licence_id,
            reason=event.reason,
            before=dict(event.before) if event.before is not None else None,
            after=dict(event.after) if event.after is not None else None,
        )


class HistoryOut(BaseModel):
    """Events, newest first."""

    items: list[EventOut]


@router.get("/titles/{title_id}/history", responses=documented(401, 403, 404))
def of_title(request: Request, who: Creator, title_id: str) -> HistoryOut:
    """Read what was done to the licences of a title of one's own."""
    return history_out(services(request).licences.history_of_title(actor(who), TitleId(title_id)))


@router.get(
    "/titles/{title_id}/history.csv",
    responses={**documented(401, 403, 404), **CSV_FILE},
    response_class=Response,
)
def file_of_title(request: Request, who: Creator, title_id: str) -> Response:
    """Read the same as a file for spreadsheets."""
    found = services(request).licences.history_of_title(actor(who), TitleId(title_id))
    return csv_answer(f"history-{title_id}.csv", HEAD, map(_row, found))


@router.get("/licences/{licence_id}/history", responses=documented(401, 403, 404))
def of_licence(request: Request, who: Creator, licence_id: str) -> HistoryOut:
    """Read what was done to one licence on a title of one's own."""
    return history_out(services(request).licences.history_of_licence(actor(who), LicenceId(licence_id)))


@router.get(
    "/licences/{licence_id}/history.csv",
    responses={**documented(401, 403, 404), **CSV_FILE},
    response_class=Response,
)
def file_of_licence(request: Request, who: Creator, licence_id: str) -> Response:
    """Read the same as a file for spreadsheets."""
    found = services(request).licences.history_of_licence(actor(who), LicenceId(licence_id))
    return csv_answer(f"history-{licence_id}.csv", HEAD, map(_row, found))


def history_out(found: Sequence[Event]) -> HistoryOut:
    """Say events in JSON."""
    return HistoryOut(items=[EventOut.of(one) for one in found])


def _row(event: Event) -> tuple[object, ...]:
    said = EventOut.of(event)
    return (
        said.number,
        event.at.isoformat().replace("+00:00", "Z"),
        said.what,
        said.sentence,
        said.actor,
        said.subject,
        said.licence_id,
        said.reason,
        _json(said.before),
        _json(said.after),
    )


def _json(value: dict[str, object] | None) -> str:
    return "" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
