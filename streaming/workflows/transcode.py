"""The durable workflow: from an uploaded file to a published title, step by step, each at most once."""

import logging
from collections import deque
from collections.abc import Callable

from streaming.catalogue import making, store
from streaming.catalogue.making import Stopped
from streaming.catalogue.values import Claim, TitleState
from streaming.ids import UploadId, VersionId
from streaming.jobs.durable import Jobs
from streaming.workflows.chunks import encode_part, extract_part
from streaming.workflows.faults import verdict_of
from streaming.workflows.finish import VerifyFailed, paint_poster, publish, tidy
from streaming.workflows.house import House
from streaming.workflows.prepare import ALL, REST, STARTER, TEXT, parts_of, prepare
from streaming.workflows.verdict import DONE, STOPPED, Kind, Verdict

log = logging.getLogger(__name__)
TRANSCODE, CHUNK = "transcode", "encode_chunk"


ANEW = (VerifyFailed.NAME, "init_differs")
"""Failures after which keeping the finished chunks would only repeat them."""


def workflow_id(claim: Claim) -> str:
    """The version's id for its first run; a retry is a new workflow."""
    return claim.version_id if claim.run == 0 else f"{claim.version_id}.{claim.run}"


class Transcoding:
    """The workflows over one house, registered with one engine."""

    def __init__(self, house: House, jobs: Jobs, width: int = 1) -> None:
        self._house = house
        self._jobs = jobs
        self._width = width
        jobs.register(TRANSCODE, self.transcode)
        jobs.register(CHUNK, self.chunk)

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
        verdict = self._step("prepare", prepare, version_id, run)
        if not verdict.is_done:
            return verdict
        try:
            parts = parts_of(self._house.plan(version_id))
        except Stopped:
            return STOPPED
        verdict = self._step("starter", encode_part, version_id, run, 0, STARTER)
        if verdict.is_done:
            chunks = [(part.number, part.part) for part in parts if part.part in (REST, ALL)]
            verdict = self._children(
                version_id,
                run,
                chunks,
                meanwhile=lambda: self._step("poster", paint_poster, version_id, run),
            )
        for number in [part.number for part in parts if part.part == TEXT]:
            if verdict.is_done:
                verdict = self._step(f"text-{number}", extract_part, version_id, run, number)
        return self._step("publish", publish, version_id, run) if verdict.is_done else verdict

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

    def _children(
        self,
        version_id: VersionId,
        run: int,
        parts: list[tuple[int, str]],
        meanwhile: Callable[[], Verdict],
    ) -> Verdict:
        """Run chunk workflows, `width` at a time, and wait for all that were started.

        `meanwhile` is done beside the first ones: it needs the source, but nobody waits for it.
        """
        worst, running, owed = DONE, deque[object](), [meanwhile]
        for number, part in parts:
            while len(running) >= self._width:
                worst = _worse(worst, owed.pop()() if owed else self._next(running))
            if not worst.is_done:
                break
            child = f"{workflow_id(Claim(version_id, run))}-{number}-{part}"
            running.append(self._jobs.start(child, CHUNK, version_id, run, number, part))
        while owed or running:
            worst = _worse(worst, owed.pop()() if owed else self._next(running))
        return worst

    def _next(self, running: "deque[object]") -> Verdict:
        return Verdict.read(self._jobs.result(running.popleft()))  # type: ignore[arg-type]

    def chunk(self, version: str, run: int, number: int, part: str) -> str:
        """Encode one part of one chunk."""
        return self._step("encode", encode_part, VersionId(version), run, number, part).text()

    def conclude(self, version: str, run: int, text: str) -> str:
        """Write the end into the catalogue and clear up; repeating it changes nothing."""
        verdict, version_id = Verdict.read(text), VersionId(version)
        with self._house.database.read() as session:
            facts = making.facts(session, version_id)
        if facts is None:
            return text
        if verdict.kind is Kind.FAILED and verdict.failure and facts.run == run:
            self._fail(version_id, verdict, facts.upload_id)
        spent = (verdict.is_done or verdict.hopeless) and facts.run == run
        try:
            tidy(self._house, version_id, facts.upload_id if spent else None)
        except Exception:
            # The film is what matters; the collector comes by again.
            log.exception("could not clear up after %s", version_id)
        return text

    def _fail(self, version_id: VersionId, verdict: Verdict, upload_id: UploadId | None) -> None:
        house, now = self._house, self._house.clock.now()
        wipe = verdict.hopeless or (verdict.failure is not None and verdict.failure.code in ANEW)
        with house.database.write() as session:
            facts = making.facts(session, version_id)
            among = (TitleState.ENCODING,)
            if (
                facts
                and store.set_state(
                    session, facts.title_id, TitleState.FAILED, now, among=among, failure=verdict.failure
                )
                and wipe
            ):
                store.wipe_version(session, version_id)


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return other if one.is_done else one
