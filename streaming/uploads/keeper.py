"""The rows and files of uploads and the hooks about them; every call blocks, so make it from a thread."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from streaming.clock import Clock
from streaming.ids import AccountId, TitleId, UploadId, new_id
from streaming.uploads import refusals
from streaming.uploads.files import Busy, UploadFiles
from streaming.uploads.model import State, Upload, UploadRow, kind_of
from streaming.uploads.protocol import Creation
from streaming.uploads.store import UploadStore

log = logging.getLogger(__name__)

MAX_UNFINISHED = 200
"""Uploads an account may have that are unfinished or, if they are parts, not joined: empty ones cost no
quota, but a row and two files each."""


@dataclass(frozen=True)
class Hooks:
    """What the rest of the house does about uploads; see `UploadService`."""

    on_created: Callable[[Upload], str | None] = lambda _upload: None
    on_finished: Callable[[Upload], None] = lambda _upload: None
    on_gone: Callable[[Upload], None] = lambda _upload: None
    quota_used: Callable[[AccountId], int] = lambda _owner: 0


@dataclass(frozen=True)
class Limits:
    """`quota` bytes an account, `max_size` bytes an upload, `life` of an upload without a new byte."""

    quota: int
    max_size: int
    life: timedelta


class Keeper:
    """Moves uploads from state to state so that a crash between any two steps loses and doubles nothing."""

    def __init__(
        self, store: UploadStore, files: UploadFiles, clock: Clock, hooks: Hooks, limits: Limits
    ) -> None:
        self.store = store
        self.files = files
        self.clock = clock
        self.hooks = hooks
        self.limits = limits

    def find(self, owner: AccountId, upload_id: str) -> Upload:
        """Give the owner's upload. Raises Refusal 404, or 410 when it has expired or was terminated."""
        row = self.store.get(upload_id)
        if row is None or row.owner_id != owner or row.state == State.JOINING:
            raise refusals.no_such_upload()
        upload = self.compose(row)
        if upload.state in (State.EXPIRED, State.TERMINATED):
            raise refusals.gone(upload.state.value)
        if self.is_overdue(upload):
            raise refusals.gone("expired")
        return upload

    def compose(self, row: UploadRow) -> Upload:
        """Put a row and its ledger together."""
        receiving = row.state == State.RECEIVING
        offset, touched = (0 if receiving else row.length or 0), row.ended_at or row.created_at
        if receiving:
            try:
                mark = self.files.mark(row.id)
                offset, touched = mark.offset, mark.at
            except FileNotFoundError:
                log.warning("the file of upload %s is missing", row.id)
        waits = receiving or (row.state == State.COMPLETE and row.kind == "partial")
        return Upload(
            id=UploadId(row.id),
            owner_id=AccountId(row.owner_id),
            title_id=None if row.title_id is None else TitleId(row.title_id),
            state=State(row.state),
            kind=kind_of(row),
            length=row.length,
            offset=offset,
            raw_metadata=row.raw_metadata,
            raw_concat=row.raw_concat,
            joined_into=None if row.joined_into is None else UploadId(row.joined_into),
            created_at=row.created_at,
            touched_at=touched,
            expires_at=touched + self.limits.life if waits else None,
        )

    def is_overdue(self, upload: Upload) -> bool:
        """Tell whether it has waited too long for its next byte, or for being joined."""
        return upload.expires_at is not None and self.clock.now() >= upload.expires_at

    def create(self, owner: AccountId, creation: Creation) -> Upload:
        """Make an empty whole or partial upload. Raises Refusal 413 or 507, or what `on_created` raises."""
        length = creation.length or 0
        if len(self.store.of_owner(owner, State.RECEIVING, State.COMPLETE)) >= MAX_UNFINISHED:
            raise refusals.too_many(MAX_UNFINISHED)
        self._require_room_on_disk(length)
        row = self.new_row(owner, creation, State.RECEIVING)
        self.files.create(row.id)
        left = self.store.insert_within(row, self._used_besides(owner), self.limits.quota)
        if left is not None:
            self.files.delete(row.id)
            raise refusals.quota_exceeded(length, left, self.limits.quota)
        upload = self.compose(row)
        try:
            upload = self.introduce(upload)
        except BaseException:
            self.store.remove(row.id)
            self.files.delete(row.id)
            raise
        return self.complete(upload) if creation.length == 0 else upload

    def new_row(self, owner: AccountId, creation: Creation, state: State) -> UploadRow:
        """Make the row of a new upload."""
        return UploadRow(
            id=new_id("up"),
            owner_id=owner,
            state=state,
            kind=creation.kind,
            length=creation.length,
            raw_metadata=creation.raw_metadata,
            raw_concat=creation.raw_concat,
            created_at=self.clock.now(),
        )

    def _require_room_on_disk(self, length: int) -> None:
        if not self.files.has_room(length):
            raise refusals.disk_full(0)

    def introduce(self, upload: Upload) -> Upload:
        """Let the house make the title that this upload feeds, unless it has one or is but a part."""
        if upload.kind == "partial" or upload.title_id is not None:
            return upload
        title_id = self.hooks.on_created(upload)
        if title_id is None:
            return upload
        self.store.set_title(upload.id, title_id)
        return replace(upload, title_id=TitleId(title_id))

    def _used_besides(self, owner: AccountId) -> int:
        """Bytes held besides announced lengths: stored titles, and what came without an announced length."""
        receiving = self.store.of_owner(owner, State.RECEIVING)
        deferred = sum(self.compose(row).offset for row in receiving if row.length is None)
        return self.hooks.quota_used(owner) + deferred

    def room(self, owner: AccountId) -> int:
        """Give how many more bytes the owner's uploads of unknown length may bring together."""
        return max(0, self.limits.quota - self.store.announced(owner) - self._used_besides(owner))

    def declare_length(self, upload: Upload, length: int) -> Upload:
        """Fix a deferred length. Raises Refusal 413 or 507."""
        self._require_room_on_disk(length - upload.offset)
        already = self._used_besides(upload.owner_id) - upload.offset
        left = self.store.set_length(upload.id, length, already, self.limits.quota)
        if left is not None:
            raise refusals.quota_exceeded(length, left, self.limits.quota)
        return replace(upload, length=length)

    def complete(self, upload: Upload) -> Upload:
        """Note that the last byte is durable, and hand the film over. Once noted, no crash undoes it."""
        now = self.clock.now()
        if not self.store.move(upload.id, {State.RECEIVING}, State.COMPLETE, now):
            return upload
        done = replace(
            upload, state=State.COMPLETE, offset=upload.length or 0, expires_at=None, touched_at=now
        )
        return done if done.kind == "partial" else self.hand_over(done)

    def hand_over(self, upload: Upload) -> Upload:
        """Call `on_finished`; if that fails the hand-over stays owed and is tried again later."""
        try:
            upload = self.introduce(upload)
            self.hooks.on_finished(upload)
        except Exception:
            log.exception("upload %s could not be handed over yet; it will be tried again", upload.id)
            return upload
        self.store.move(upload.id, {State.COMPLETE}, State.HANDED_OVER, self.clock.now())
        return replace(upload, state=State.HANDED_OVER)

    def remove(self, upload: Upload, to: State) -> None:
        """Give an upload up: tombstone first, then the bytes, then the house is told. Hold its lock."""
        now = self.clock.now()
        if self.store.move(upload.id, {State.RECEIVING, State.JOINING, State.COMPLETE}, to, now):
            self.files.delete(upload.id)
            self.tell_gone(replace(upload, state=to))

    def tell_gone(self, upload: Upload) -> None:
        """Call `on_gone`; if that fails it stays owed."""
        if upload.kind == "partial":
            return
        try:
            self.hooks.on_gone(upload)
        except Exception:
            log.exception("the house could not be told that upload %s is gone", upload.id)
            return
        self.store.set_told(upload.id)

    def delete_file(self, upload_id: str) -> None:
        """Delete the bytes of an upload at the house's own wish, so `on_gone` is not called.

        HEAD keeps answering that a complete one is complete; one that was still receiving is terminated.
        """
        now = self.clock.now()
        if self.store.move(upload_id, {State.RECEIVING}, State.TERMINATED, now):
            self.store.set_told(upload_id)
        self.store.move(upload_id, {State.COMPLETE, State.HANDED_OVER}, State.SPENT, now)
        self.files.delete(upload_id)

    def unfinished(self, owner: AccountId) -> list[Upload]:
        """List the owner's uploads that wait for bytes, newest first."""
        rows = self.store.of_owner(owner, State.RECEIVING)
        uploads = [self.compose(row) for row in rows if row.kind == "whole"]
        return [upload for upload in uploads if not self.is_overdue(upload)]

    def hand_over_pending(self) -> int:
        """Do what a crash or a failing hook left owed; gives how many uploads were handed over."""
        handed = 0
        for upload in self._all(State.RECEIVING):
            if upload.length is not None and upload.offset == upload.length:
                handed += self._complete_unless_busy(upload)
        for row in self.store.untold():
            self.tell_gone(self.compose(row))
        owed = [upload for upload in self._all(State.COMPLETE) if upload.kind != "partial"]
        return handed + sum(self.hand_over(upload).state == State.HANDED_OVER for upload in owed)

    def _all(self, *states: State) -> Iterable[Upload]:
        return [self.compose(row) for row in self.store.in_states(*states)]

    def _complete_unless_busy(self, upload: Upload) -> bool:
        """Complete an upload whose last byte is durable; whoever holds its lock is about to do so."""
        try:
            with self.files.open(upload.id):
                return self.complete(upload).state == State.HANDED_OVER
        except (Busy, FileNotFoundError):
            return False
