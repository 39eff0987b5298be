"""Issuing many licences from a table: first dry, then all or none, or all that are well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from streaming.clock import Clock
from streaming.errors import Code, Fault
from streaming.ids import TitleId
from streaming.licences.bulk_table import Line, read_table
from streaming.licences.policy import Licence
from streaming.licences.service import LicenceService
from streaming.licences.values import Actor, Request, TitleRef


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line: its licence (with the link's token, once), or why there is none."""

    line: Line
    licence: Licence | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Outcome({self.line.number})"


@dataclass(frozen=True, slots=True)
class Report:
    """All lines in their order; `issued` is false for a dry run and if any fault held all back."""

    outcomes: tuple[Outcome, ...]
    issued: bool

    @property
    def wrong(self) -> int:
        """How many lines have a fault."""
        return sum(bool(one.line.sentence) for one in self.outcomes)


class BulkService:
    """Issues licences by the table."""

    def __init__(self, clock: Clock, licences: LicenceService) -> None:
        self._clock = clock
        self._licences = licences

    def issue(
        self, actor: Actor, title_id: TitleId, text: str, zone: tzinfo, *, dry_run: bool, skip_bad: bool
    ) -> Report:
        """Issue what a table asks for on a title of one's own.

        Nothing is issued on a `dry_run`, nor while any line has a fault unless `skip_bad`. Raises `Fault`.
        """
        title = self._licences.owned(actor, title_id)
        lines = read_table(text, self._clock.now(), zone)
        checked = [self._checked(actor, title, line) for line in lines]
        if dry_run or (not skip_bad and any(line.sentence for line, _ in checked)):
            return Report(tuple(Outcome(line, licence) for line, licence in checked), issued=False)
        return Report(self._write(actor, checked), issued=True)

    def _checked(self, actor: Actor, title: TitleRef, line: Line) -> tuple[Line, Licence | None]:
        """See whether a line could be issued."""
        if line.request is None:
            return line, None
        try:
            return line, self._licences.preview(actor, title, line.request)
        except Fault as fault:
            if fault.code is not Code.INVALID:
                raise
            said = f"{fault.sentence} {fault.hint}".strip()
            return replace(line, request=None, sentence=said), None

    def _write(self, actor: Actor, checked: Sequence[tuple[Line, Licence | None]]) -> tuple[Outcome, ...]:
        well: list[tuple[Licence, Request]] = [
            (licence, line.request) for line, licence in checked if licence and line.request
        ]
        made = {one.licence.id: one for one in self._licences.issue_all(actor, well)}
        return tuple(
            Outcome(line, licence, made[licence.id].link_token if licence else None)
            for line, licence in checked
        )
