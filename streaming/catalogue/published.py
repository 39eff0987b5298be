"""What changes about a published title: objects are put under new names, then one transaction shows them.

The manifest is written and signed anew each time. It is compared and swapped: of two changes made at once,
the later one is made again over the earlier one's.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from streaming.catalogue import attempts, store
from streaming.catalogue.collector import collect_title
from streaming.catalogue.model import TitleRow, VersionRow
from streaming.catalogue.values import Asker
from streaming.catalogue.views import owns
from streaming.catalogue.work import new_attempt
from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import TitleId
from streaming.keys.root import RootKey
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.storage.objects import ObjectStore
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.manifest import ManifestObject, sign_manifest, verify_manifest
from transcoder.planning.plan import Plan

TRIES = 3
PART = "change"
WEB = "web"


def signing_key(root: RootKey) -> Ed25519PrivateKey:
    """Give the house's key for manifests, derived from the root key."""
    return Ed25519PrivateKey.from_private_bytes(root.derived("manifest-signing").reveal())


@dataclass(frozen=True)
class Shelf:
    """A published version as it stands: where its objects lie, its keys, its plan."""

    title_id: TitleId
    version_id: str
    folder: str
    number: int
    keys: TitleKeys
    plan: Plan
    manifest: str


@dataclass(frozen=True)
class Change:
    """Objects that come (by name) and go, and the rows that say so; `write` may raise a `Fault`."""

    put: Mapping[str, bytes]
    listed: Collection[ManifestObject]
    dropped: Collection[str]
    write: Callable[[Session, VersionRow], None]


class Published:
    """Changes published titles for their owners. Strangers get NOT_FOUND, never FORBIDDEN."""

    def __init__(self, database: Database, clock: Clock, objects: ObjectStore, root: RootKey) -> None:
        self.database = database
        self.objects = objects
        self.clock = clock
        self._root = root

    def owned(self, session: Session, asker: Asker, title_id: TitleId) -> tuple[TitleRow, VersionRow]:
        """Find a title of one's own and the version that plays. Raises `Fault`."""
        title = store.title(session, title_id)
        version = store.version(session, title.version_id) if title and owns(asker, title) else None
        if title is None or version is None:
            raise not_found("film")
        return title, version

    def shelf(self, asker: Asker, title_id: TitleId) -> Shelf:
        """Open a published title of one's own. Raises `Fault`, CONFLICT while it is being made."""
        with self.database.read() as session:
            title, row = self.owned(session, asker, title_id)
            plan, secret, share = row.plan, row.wrapped_title_secret, row.wrapped_server_share
        if row.published_at is None or not row.manifest_object or plan is None or not secret or not share:
            raise Fault(
                Code.CONFLICT,
                "This film is still being made.",
                "Come back when it is ready.",
                name="not_ready",
            )
        opened = unwrap_secrets(
            self._root, title.owner_id, title.id, row.number, WrappedSecrets(secret, share)
        )
        return Shelf(
            title_id=title_id,
            version_id=row.id,
            folder=f"{title.id}/{row.id}",
            number=row.number,
            keys=TitleKeys(title.id, row.number, opened.title_secret, opened.server_share),
            plan=Plan.from_json(plan),
            manifest=row.manifest_object,
        )

    def apply(self, asker: Asker, title_id: TitleId, plan: Callable[[Shelf, str], Change]) -> None:
        """Make a change: `plan` says what it is, given the title as it stands and the attempt's name.

        Raises what `plan` and its change raise, and `Fault` CONFLICT if others keep changing the title.
        """
        playing = ""
        for _ in range(TRIES):
            shelf = self.shelf(asker, title_id)
            if playing not in ("", shelf.version_id):
                break  # made anew meanwhile: what was asked for speaks of tracks that went with the old one
            playing = shelf.version_id
            if self._tried(shelf, plan):
                collect_title(self.database, self.objects, title_id, self.clock.now())
                return
        raise Fault(
            Code.CONFLICT,
            "Somebody else is changing this film at the same time.",
            "Look at it again, then try once more.",
            name="changed_meanwhile",
        )

    def _tried(self, shelf: Shelf, plan: Callable[[Shelf, str], Change]) -> bool:
        attempt = new_attempt()
        change = plan(shelf, attempt)
        blob = self._manifest(shelf, change)
        put = {**change.put, f"{shelf.folder}/manifest-{attempt}.cbor": blob}
        with self.database.write() as session:
            # Noted first, so that the collector spares what is put.
            attempts.begin_attempt(session, shelf.version_id, 0, PART, attempt, WEB, self.clock.now())
        try:
            for name, data in put.items():
                self.objects.put(name, data)
            done = self._shown(shelf, change, attempt, f"{shelf.folder}/manifest-{attempt}.cbor", blob)
        except BaseException:
            self._undo(put, attempt)
            raise
        if not done:
            self._undo(put, attempt)
        return done

    def _manifest(self, shelf: Shelf, change: Change) -> bytes:
        """Sign the old manifest's objects, less those that go, and those that come."""
        key = signing_key(self._root)
        old = verify_manifest(self.objects.get(shelf.manifest), key.public_key())
        kept = [item for item in old.objects if item.name not in change.dropped]
        return sign_manifest(replace(old, objects=(*kept, *change.listed)), key)

    def _shown(self, shelf: Shelf, change: Change, attempt: str, manifest: str, blob: bytes) -> bool:
        now: datetime = self.clock.now()
        with self.database.write() as session:
            row, title = store.version(session, shelf.version_id), store.title(session, shelf.title_id)
            if row is None or title is None or row.manifest_object != shelf.manifest:
                return False
            if title.version_id != shelf.version_id:
                return False
            change.write(session, row)
            row.manifest_object, row.manifest_sha256 = manifest, hashlib.sha256(blob).digest()
            attempts.end_attempt(session, attempt, "committed", now)
            title.updated_at = now
        return True

    def _undo(self, put: Collection[str], attempt: str) -> None:
        self.objects.delete(put)
        with self.database.write() as session:
            attempts.end_attempt(session, attempt, "lost", self.clock.now())
