"""Concatenation: finished partial uploads become one file, copied by the kernel, all or nothing."""

import errno
import logging
from contextlib import ExitStack

from streaming.ids import AccountId
from streaming.uploads import refusals
from streaming.uploads.files import Busy
from streaming.uploads.keeper import Keeper
from streaming.uploads.model import State, Upload, UploadRow
from streaming.uploads.protocol import Creation
from streaming.uploads.refusals import Refusal

log = logging.getLogger(__name__)


def join(keeper: Keeper, owner: AccountId, creation: Creation) -> Upload:
    """Make a final upload of `creation.parts`; blocks as long as the disk needs.

    Asked again for the same parts after the answer was lost, it gives the upload made then. The parts are
    deleted once the final upload is durable. Raises Refusal 404, 409, 410, 413, 423 or 507.
    """
    earlier = _joined_before(keeper, owner, creation)
    if earlier is not None:
        return earlier
    with ExitStack() as locks:
        for part in creation.parts:
            try:
                locks.enter_context(keeper.files.open(part))
            except Busy:
                raise refusals.locked(5) from None
            except (FileNotFoundError, ValueError):
                continue  # its row says why
        rows = keeper.store.get_all(creation.parts)
        lengths = [_require_joinable(row, owner) for row in rows]
        if sum(lengths) > keeper.limits.max_size:
            raise refusals.too_large(keeper.limits.max_size)
        if not keeper.files.has_room(sum(lengths)):
            raise refusals.disk_full(0)
        upload = _copy(keeper, keeper.new_row(owner, creation, State.JOINING), creation, sum(lengths))
        for part in creation.parts:
            keeper.files.delete(part)
    return keeper.hand_over(upload)


def _joined_before(keeper: Keeper, owner: AccountId, creation: Creation) -> Upload | None:
    rows = keeper.store.get_all(creation.parts)
    finals = {row.joined_into for row in rows if row is not None and row.owner_id == owner}
    target = finals.pop() if len(finals) == 1 else None
    final = keeper.store.get(target) if target else None
    if final is None or final.raw_concat != creation.raw_concat:
        return None
    return keeper.compose(final)


def _require_joinable(row: UploadRow | None, owner: AccountId) -> int:
    """Give the part's length. Raises Refusal 404, 409 or 410."""
    if row is None or row.owner_id != owner:
        raise refusals.no_such_upload()
    if row.kind != "partial":
        raise Refusal(
            409,
            "not_a_partial",
            "One of the uploads to join is not a partial upload.",
            "Create the parts with Upload-Concat: partial.",
        )
    if row.state in (State.EXPIRED, State.TERMINATED):
        raise refusals.gone(row.state)
    if row.state == State.JOINED:
        raise Refusal(
            410, "partial_joined", "One of the parts was joined into another upload already.", "Send it anew."
        )
    if row.state != State.COMPLETE or row.length is None:
        raise Refusal(
            409,
            "partial_unfinished",
            "One of the parts is not complete yet.",
            "Finish every part before joining them.",
        )
    return row.length


def _copy(keeper: Keeper, row: UploadRow, creation: Creation, length: int) -> Upload:
    """Copy the parts and commit; whatever fails, the parts stay as they were."""
    keeper.files.create(row.id)
    with keeper.files.open(row.id) as target:
        keeper.store.insert(row)
        upload = keeper.compose(row)
        try:
            keeper.files.join(target, creation.parts)
            upload = keeper.introduce(upload)
            keeper.store.joined(row.id, length, creation.parts, keeper.clock.now())
        except OSError as error:
            keeper.remove(upload, State.TERMINATED)
            log.exception("joining into upload %s failed", row.id)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise (refusals.disk_full(0) if full else refusals.disk_failed(0)) from error
        except BaseException:
            keeper.remove(upload, State.TERMINATED)
            raise
    done = keeper.store.get(row.id)
    return keeper.compose(done if done is not None else row)
