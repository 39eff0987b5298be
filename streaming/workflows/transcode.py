"""The durable workflow: from an uploaded file to a published title, step by step, each at most once.

The chunks are not its own: they lie in the catalogue's queue, any worker takes them, the workflow waits.
"""

import logging
from collections.abc import Callable

from streaming.catalogue import making
from streaming.catalogue.turns import STARTER, TEXT
from streaming.catalogue.values import Claim
from streaming.ids import VersionId
from streaming.jobs.durable import Jobs
from streaming.workflows.choose import choose
from streaming.workflows.chunks import extract_part
from streaming.workflows.ending import end_making
from streaming.workflows.faults import verdict_of
from streaming.workflows.finish import publish, tidy
from streaming.workflows.house import House
from streaming.workflows.pictures import make_storyboard, paint_candidates, paint_poster
from streaming.workflows.prepare import parts_of, prepare
from streaming.workflows.verdict import DONE, Verdict
from streaming.workflows.waiting import await_chunks

log = logging.getLogger(__name__)
TRANSCODE = "transcode"


def workflow_id(claim: Claim) -> str:
    """The version's id for its first run; a retry is a new workflow."""
    return claim.version_id if claim.run == 0 else f"{claim.version_id}.{claim.run}"


class Transcoding:
    """The workflows over one house, registered with one engine."""

    def __init__(self, house: House, jobs: Jobs) -> None:
        self._house = house
        self._jobs = jobs
        jobs.register(TRANSCODE, self.transcode)

    def start(self, claim: Claim) -> None:
        """Start (or find running) the workflow of a claimed title."""
        self._jobs.start(workflow_id(claim), TRANSCODE, claim.version_id, claim.run)

    def transcode(self, version: str, run: int) -> str:
        """Make a version; gives the verdict as text. Every step may be repeated after a crash."""
        verdict = self._made(VersionId(version), run)
        ended = self._jobs.step("conclude", self.conclude, version, run, verdict.text())
        self._house.forget(VersionId(version))
        return ended

    def _made(self, version_id: VersionId, run: int) -> Verdict:
        steps: list[tuple[str, Callable[..., None], tuple[object, ...]]] = [
            ("prepare", prepare, ()),
            ("choose", choose, ()),
            ("starter", await_chunks, ((STARTER,),)),
            ("poster", paint_poster, ()),
            ("pictures", paint_candidates, ()),
            ("chunks", await_chunks, ()),
            ("texts", extract_texts, ()),
            ("storyboard", make_storyboard, ()),
            ("publish", publish, ()),
        ]
        for name, function, more in steps:
            verdict = self._step(name, function, version_id, run, *more)
            if not verdict.is_done:
                return verdict
        return DONE

    def _step(self, name: str, function: Callable[..., None], *arguments: object) -> Verdict:
        return Verdict.read(self._jobs.step(name, self._guarded(function), *arguments))

    def _guarded(self, function: Callable[..., None]) -> Callable[..., str]:
        def guarded(*arguments: object) -> str:
            try:
                function(self._house, *arguments)
            except Exception as fault:
                return verdict_of(fault).text()
            return DONE.text()

        return guarded

    def conclude(self, version: str, run: int, text: str) -> str:
        """Write the end into the catalogue and clear up; repeating it changes nothing."""
        verdict, version_id = Verdict.read(text), VersionId(version)
        with self._house.database.read() as session:
            facts = making.facts(session, version_id)
        if facts is None:
            return text
        if facts.run == run:
            end_making(self._house, version_id, verdict)
        spent = (verdict.is_done or verdict.hopeless) and facts.run == run
        try:
            tidy(self._house, facts, facts.upload_id if spent else None)
        except Exception:
            # The film is what matters; the collector comes by again.
            log.exception("could not clear up after %s", version_id)
        return text


def extract_texts(house: House, version_id: VersionId, run: int) -> None:
    """Extract every subtitle track. Raises `Stopped`."""
    for part in parts_of(house.plan(version_id)):
        if part.part == TEXT:
            extract_part(house, version_id, run, part.number)
