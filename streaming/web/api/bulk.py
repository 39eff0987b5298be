"""The route that issues many licences from a table."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from streaming.errors import Code, Fault
from streaming.ids import TitleId
from streaming.licences.bulk import Outcome, Report
from streaming.licences.bulk_table import COLUMNS, MOST_CHARACTERS, MOST_LINES
from streaming.web.asking import actor
from streaming.web.deps import SIGNED_IN, Creator, services
from streaming.web.problems import documented
from streaming.web.tables import csv_text

router = APIRouter(prefix="/api/v1", tags=["licences"], dependencies=SIGNED_IN)
HEAD = ("line", "to", "label", "result", "licence", "link", "what is wrong")


class BulkIn(BaseModel):
    """A table of licences, and what to do with it."""

    model_config = ConfigDict(extra="forbid")

    csv: str = Field(
        max_length=MOST_CHARACTERS + 1,
        description=f"Columns, named in the first line: {', '.join(COLUMNS)}. At most {MOST_LINES} lines.",
    )
    dry_run: bool = Field(default=True, description="Only tell what would be.")
    skip_bad: bool = Field(default=False, description="Issue what is well though other lines are wrong.")
    zone: str = Field(default="UTC", max_length=64, description="IANA zone of times that name none.")


class BulkLineOut(BaseModel):
    """What became of a line; `link_url` is shown once."""

    line: int
    to: str
    label: str
    ok: bool
    sentence: str
    licence_id: str | None
    link_url: str | None


class BulkOut(BaseModel):
    """What became of a table. `report` is the same as CSV, to keep: links are not shown again."""

    issued: bool
    well: int
    wrong: int
    lines: list[BulkLineOut]
    report: str


@router.post("/titles/{title_id}/licences/bulk", responses=documented(400, 401, 403, 404))
def bulk(request: Request, who: Creator, title_id: str, body: BulkIn) -> BulkOut:
    """Issue licences on a title of one's own by a table: dry at first, then all or none, or what is well."""
    house = services(request)
    done = house.bulk.issue(
        actor(who),
        TitleId(title_id),
        body.csv,
        _zone(body.zone),
        dry_run=body.dry_run,
        skip_bad=body.skip_bad,
    )
    return _said(done, house.settings.address)


def _said(done: Report, address: str) -> BulkOut:
    lines = [_line(one, address, issued=done.issued) for one in done.outcomes]
    rows = [
        (one.line, one.to, one.label, _result(one, done), one.licence_id, one.link_url, one.sentence)
        for one in lines
    ]
    return BulkOut(
        issued=done.issued,
        well=len(lines) - done.wrong,
        wrong=done.wrong,
        lines=lines,
        report=csv_text(HEAD, rows),
    )


def _line(one: Outcome, address: str, *, issued: bool) -> BulkLineOut:
    return BulkLineOut(
        line=one.line.number,
        to=one.line.to,
        label=one.line.label,
        ok=not one.line.sentence,
        sentence=one.line.sentence,
        licence_id=one.licence.id if issued and one.licence else None,
        link_url=f"{address}/l/{one.token}" if one.token else None,
    )


def _result(one: BulkLineOut, done: Report) -> str:
    if not one.ok:
        return "wrong"
    return "issued" if done.issued else "could be issued"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Fault(
            Code.INVALID,
            f"There is no time zone called “{name[:40]}”.",
            "Write it like Europe/Madrid.",
            name="unknown_zone",
        ) from None
