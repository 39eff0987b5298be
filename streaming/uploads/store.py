"""SQL of the table `uploads`: short reads and writes, nothing held across I/O on films."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from streaming.db.engine import Database
from streaming.ids import AccountId
from streaming.uploads.model import State, UploadRow

ON_DISK = (State.RECEIVING, State.COMPLETE, State.HANDED_OVER)
"""States whose bytes count against the quota; a final upload counts once its parts no longer do."""


class UploadStore:
    """Rows in, rows out; rows are detached and read-only by custom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, row: UploadRow) -> None:
        """Add a row as it is."""
        with self._database.write() as session:
            session.add(row)

    def insert_within(self, row: UploadRow, already: int, quota: int) -> int | None:
        """Add a row if its length fits beside `already` bytes; else give how many bytes are free.

        Sum and insert are one transaction, so two creations at once cannot both take the last room.
        """
        with self._database.write() as session:
            left = quota - already - _announced(session, AccountId(row.owner_id))
            if (row.length or 0) > left:
                return left
            session.add(row)
        return None

    def set_length(self, upload_id: str, length: int, already: int, quota: int) -> int | None:
        """Fix a deferred length, like `insert_within`; does nothing if it is fixed already."""
        with self._database.write() as session:
            row = session.get_one(UploadRow, upload_id)
            left = quota - already - _announced(session, AccountId(row.owner_id))
            if row.length is None and length > left:
                return left
            if row.length is None:
                row.length = length
        return None

    def announced(self, owner: AccountId) -> int:
        """Bytes the owner's uploads have announced and may lie on the disk."""
        with self._database.read() as session:
            return _announced(session, owner)

    def get(self, upload_id: str) -> UploadRow | None:
        """Find a row."""
        with self._database.read() as session:
            return session.get(UploadRow, upload_id)

    def get_all(self, ids: Sequence[str]) -> list[UploadRow | None]:
        """Find rows, in the order asked."""
        with self._database.read() as session:
            found = {r.id: r for r in session.scalars(select(UploadRow).where(UploadRow.id.in_(ids)))}
        return [found.get(upload_id) for upload_id in ids]

    def in_states(self, *states: State) -> list[UploadRow]:
        """List rows in some states, oldest first."""
        with self._database.read() as session:
            query = select(UploadRow).where(UploadRow.state.in_(states)).order_by(UploadRow.created_at)
            return list(session.scalars(query))

    def of_owner(self, owner: AccountId, *states: State) -> list[UploadRow]:
        """List an owner's rows in some states, newest first."""
        with self._database.read() as session:
            query = select(UploadRow).where(UploadRow.owner_id == owner, UploadRow.state.in_(states))
            return list(session.scalars(query.order_by(UploadRow.created_at.desc(), UploadRow.id)))

    def untold(self) -> list[UploadRow]:
        """List whole and final uploads that are gone without the rest of the house knowing."""
        gone = UploadRow.state.in_((State.TERMINATED, State.EXPIRED))
        with self._database.read() as session:
            query = select(UploadRow).where(gone, UploadRow.gone_told.is_(False), UploadRow.kind != "partial")
            return list(session.scalars(query))

    def move(self, upload_id: str, states: Iterable[State], to: State, at: datetime) -> bool:
        """Go to state `to` if the row is in one of `states`; tells whether it went."""
        with self._database.write() as session:
            row = session.get(UploadRow, upload_id)
            if row is None or row.state not in tuple(states):
                return False
            row.state, row.ended_at = to, at
            return True

    def set_title(self, upload_id: str, title_id: str) -> None:
        """Note which title the upload feeds."""
        with self._database.write() as session:
            session.execute(update(UploadRow).where(UploadRow.id == upload_id).values(title_id=title_id))

    def set_told(self, upload_id: str) -> None:
        """Note that the house knows the upload is gone."""
        with self._database.write() as session:
            session.execute(update(UploadRow).where(UploadRow.id == upload_id).values(gone_told=True))

    def joined(self, final_id: str, length: int, parts: Sequence[str], at: datetime) -> None:
        """Complete a final upload and retire its parts, in one transaction."""
        with self._database.write() as session:
            row = session.get_one(UploadRow, final_id)
            row.state, row.length, row.ended_at = State.COMPLETE, length, at
            values = {"state": State.JOINED, "joined_into": final_id, "ended_at": at}
            session.execute(update(UploadRow).where(UploadRow.id.in_(parts)).values(values))

    def remove(self, upload_id: str) -> None:
        """Forget a row."""
        with self._database.write() as session:
            session.execute(delete(UploadRow).where(UploadRow.id == upload_id))

    def remove_ended_before(self, instant: datetime, states: Iterable[State]) -> int:
        """Forget tombstones older than `instant`; gives how many."""
        old = (UploadRow.ended_at < instant) & UploadRow.state.in_(tuple(states))
        with self._database.write() as session:
            ids = list(session.scalars(select(UploadRow.id).where(old)))
            session.execute(delete(UploadRow).where(UploadRow.id.in_(ids)))
        return len(ids)


def _announced(session: Session, owner: AccountId) -> int:
    query = select(func.coalesce(func.sum(UploadRow.length), 0))
    return int(session.scalar(query.where(UploadRow.owner_id == owner, UploadRow.state.in_(ON_DISK))) or 0)
