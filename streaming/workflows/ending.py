"""How a making ends in failure: the title says why, and what could only fail again is thrown away."""

from dataclasses import replace

from streaming.catalogue import making, remaking, store
from streaming.catalogue.values import Phase, TitleState
from streaming.ids import VersionId
from streaming.workflows.finish import VerifyFailed
from streaming.workflows.house import House
from streaming.workflows.verdict import Kind, Verdict

ANEW = (VerifyFailed.NAME, "init_differs")
"""Failures after which keeping the finished chunks would only repeat them."""

ANEW_HINT = "The version that plays is untouched. Make the film anew once more when the cause is mended."


def end_making(house: House, version_id: VersionId, verdict: Verdict) -> None:
    """Write a failure into the catalogue, if the version is still being made: every work on it stops."""
    if verdict.kind is not Kind.FAILED or verdict.failure is None:
        return
    now = house.clock.now()
    wipe = verdict.hopeless or verdict.failure.code in ANEW
    with house.database.write() as session:
        facts = making.facts(session, version_id)
        if facts is None:
            return
        if facts.is_remake:
            if facts.phase is Phase.MAKING:
                remaking.fail(session, version_id, replace(verdict.failure, hint=ANEW_HINT), now)
            return
        among = (TitleState.ENCODING,)
        moved = store.set_state(
            session, facts.title_id, TitleState.FAILED, now, among=among, failure=verdict.failure
        )
        if moved and wipe:
            store.wipe_version(session, version_id)
