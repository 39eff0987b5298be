"""Giving a licence to another account.

The licence stays the same row: what is left of its terms goes along, the finish-within clock that began with
the first play too, so that passing a rental on never lengthens it. The old holder's playbacks are stopped in
the same transaction, and the gate refuses their next key whatever they still hold.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault
from streaming.ids import LicenceId
from streaming.licences import audit, store
from streaming.licences.audit import What
from streaming.licences.policy import Licence, is_live
from streaming.licences.service import LicenceService, kept_reason
from streaming.licences.validation import invalid
from streaming.licences.values import Actor


class TransferService:
    """Moves licences between accounts; `stop` stops a licence's playbacks in the caller's transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        licences: LicenceService,
        stop: Callable[[Session, LicenceId], object],
    ) -> None:
        self._database = database
        self._clock = clock
        self._licences = licences
        self._stop = stop

    def transfer(self, actor: Actor, licence_id: LicenceId, to: str, reason: str = "") -> Licence:
        """Give a licence on a title or channel of the actor's own to `to`. Raises `Fault`."""
        with self._database.write() as session:
            licence = self._licences.managed_in(session, actor, licence_id)
            self._check(licence)
            holder = self._licences.account_holder(to, *self._licences.belongs(session, licence))
            if holder.account_id == licence.holder.account_id:
                sentence = f"{holder.name} holds this licence already."
                raise invalid(sentence, "Choose somebody else.", "same_holder", "to")
            assert holder.account_id is not None  # noqa: S101 - an account holder has an account
            store.transfer(session, licence_id, holder.account_id)
            self._stop(session, licence_id)
            session.flush()
            moved = self._licences.managed_in(session, actor, licence_id)
            audit.record(
                session,
                What.TRANSFERRED,
                self._clock.now(),
                by=actor,
                licence=moved,
                subject=f"{licence.holder.name} → {holder.name}",
                reason=kept_reason(reason),
                before={"holder": licence.holder.name},
                after={"holder": holder.name},
            )
            return moved

    def _check(self, licence: Licence) -> None:
        if licence.holder.account_id is None:
            raise Fault(
                Code.CONFLICT,
                "A link's licence belongs to whoever has the link.",
                "Issue a licence to the account, and revoke the link.",
                name="link_licence",
            )
        if not is_live(licence, self._clock.now()):
            raise Fault(
                Code.CONFLICT,
                "This licence is over, so there is nothing left to pass on.",
                "Issue a new one.",
                name="licence_over",
            )
