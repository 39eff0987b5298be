"""What can be done with titles: make one for an upload, list, show, change, cancel, retry, delete."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from streaming.catalogue import making, queue, remaking, store, work
from streaming.catalogue.collector import collect_title
from streaming.catalogue.failures import chunk_failures
from streaming.catalogue.model import TitleRow, VersionRow
from streaming.catalogue.naming import poster_tag, shown, source_name, title_from
from streaming.catalogue.ports import Access, Sources
from streaming.catalogue.store import OPEN_STATES, STRANGER_STATES, Position
from streaming.catalogue.values import Asker, Priority, Protection, TitlePage, TitleState, TitleView
from streaming.catalogue.views import explained, owns, remade, view_of
from streaming.clock import Clock
from streaming.db.engine import Database
from streaming.errors import Code, Fault, not_found
from streaming.ids import AccountId, TitleId, UploadId, new_id
from streaming.keys.root import RootKey
from streaming.keys.titles import TitleSecrets, WrappedSecrets, unwrap_secrets, wrap_secrets
from streaming.storage.objects import ObjectStore

PAGE = 60
DESCRIPTION_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class TitleChanges:
    """New words for a title; None leaves as it is, `clear_year` takes the year away."""

    name: str | None = None
    description: str | None = None
    year: int | None = None
    clear_year: bool = False
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Poster:
    """A title's picture in clear, and a tag that changes when it does."""

    data: bytes
    media_type: str
    etag: str


class Catalogue:
    """The titles of a house. Every method raises `Fault`; strangers get NOT_FOUND, never FORBIDDEN."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        objects: ObjectStore,
        root: RootKey,
        access: Access,
        sources: Sources,
        *,
        period_seconds: int = 60,
    ) -> None:
        self._database = database
        self._clock = clock
        self._objects = objects
        self._root = root
        self._access = access
        self._sources = sources
        self._period_seconds = period_seconds

    # --- uploads ---

    def title_for_upload(
        self,
        owner_id: AccountId,
        upload_id: UploadId,
        filename: str,
        name: str | None = None,
        length: int | None = None,
        protection: str = "",
    ) -> TitleId:
        """Make the title of a new upload, with its version and secrets; `length` in bytes if known.

        `protection` is a word of `Protection`; without one it is AES-128, which every HLS player knows.

        Asked again for the same upload, it gives the title made before.
        """
        now = self._clock.now()
        title = TitleRow(
            id=new_id("ti"),
            owner_id=owner_id,
            name=shown(name or "") or title_from(filename),
            source_name=source_name(filename),
            state=TitleState.UPLOADING,
            created_at=now,
            updated_at=now,
        )
        version = VersionRow(
            id=new_id("ve"),
            title_id=title.id,
            number=1,
            upload_id=upload_id,
            period_seconds=self._period_seconds,
            source_bytes=length or 0,
            protection=checked_protection(protection) or Protection.AES_128,
        )
        title.version_id = version.id
        self._give_secrets(title, version)
        with self._database.write() as session:
            made = store.version_of_upload(session, upload_id)
            if made is not None:
                return TitleId(made.title_id)
            session.add(title)
            session.flush()
            session.add(version)
        return TitleId(title.id)

    def upload_finished(self, upload_id: UploadId, length: int | None = None) -> None:
        """Put the upload's title into the queue; a second call changes nothing."""
        now = self._clock.now()
        with self._database.write() as session:
            version = store.version_of_upload(session, upload_id)
            if version is None:
                raise not_found("upload")
            if length is not None:
                version.source_bytes = length
            among = (TitleState.UPLOADING,)
            arrived = remaking.awaits_upload(session, version)
            if arrived or store.set_state(session, version.title_id, TitleState.QUEUED, now, among=among):
                store.mark_queued(session, version, now)

    def upload_gone(self, upload_id: UploadId) -> None:
        """Forget the title of an upload that was given up before it was whole."""
        with self._database.write() as session:
            version = store.version_of_upload(session, upload_id)
            title = session.get(TitleRow, version.title_id) if version else None
            if title is not None and title.state == TitleState.UPLOADING:
                session.delete(title)
            elif version is not None and remaking.awaits_upload(session, version):
                remaking.drop(session, version.id)
        if version is not None:  # something may have been made of it while it arrived
            collect_title(self._database, self._objects, TitleId(version.title_id), self._clock.now())

    def stored_bytes(self, owner_id: AccountId) -> int:
        """Bytes that an account's titles take as encrypted objects; uploads count their own files."""
        with self._database.read() as session:
            return store.bytes_of_owner(session, owner_id)

    # --- reading ---

    def show(self, asker: Asker, title_id: TitleId) -> TitleView:
        """Give a title that `asker` may know of."""
        with self._database.read() as session:
            title = self._known(session, asker, title_id)
            version = store.version(session, title.version_id)
            renditions = store.renditions(session, [title.version_id or ""])
            waits = title.state == TitleState.QUEUED and version is not None
            place = queue.positions(session).get(version.id) if waits and version else None
            remake = remaking.remake_of(session, title_id)
            making_now = remake or version
            failures = chunk_failures(session, making_now.id) if making_now else ()
            plan = making.plan_of(session, version.id) if version and owns(asker, title) else None
            places = queue.positions(session) if remake else {}
        names = self._access.names_of([AccountId(title.owner_id)])
        view = view_of(title, version, renditions, asker, names, place, failures)
        if not owns(asker, title):
            return view
        return remade(explained(view, plan), remake, places)

    def page(
        self,
        asker: Asker,
        *,
        query: str = "",
        mine: bool = False,
        cursor: str = "",
        limit: int = PAGE,
    ) -> TitlePage:
        """List titles, newest first: the asker's own and those of licences held ever (admins: all)."""
        after = Position.decoded(cursor) if cursor else None
        known = () if mine or asker.admin else self._access.known_ids(asker.account_id)
        with self._database.read() as session:
            rows = store.page(
                session,
                asker,
                known,
                query=shown(query),
                mine=mine,
                after=after,
                limit=limit + 1,
            )
            more, rows = len(rows) > limit, rows[:limit]
            places = queue.positions(session)
            found = store.renditions(session, [version.id for _, version in rows if version])
            remakes = remaking.remakes_of(session, [title.id for title, _ in rows if owns(asker, title)])
        names = self._access.names_of({AccountId(title.owner_id) for title, _ in rows})
        titles = tuple(
            remade(
                view_of(
                    title,
                    version,
                    [row for row in found if version and row.version_id == version.id],
                    asker,
                    names,
                    places.get(version.id) if version else None,
                ),
                remakes.get(title.id),
                places,
            )
            for title, version in rows
        )
        last = Position(rows[-1][0].created_at, rows[-1][0].id).encoded() if more else ""
        return TitlePage(titles, last)

    def count(self, asker: Asker, *, query: str = "", mine: bool = False) -> int:
        """Count the titles that `page` would list."""
        known = () if mine or asker.admin else self._access.known_ids(asker.account_id)
        with self._database.read() as session:
            return store.count(session, asker, known, query=shown(query), mine=mine)

    def poster(self, asker: Asker, title_id: TitleId) -> Poster:
        """Decrypt a title's picture."""
        with self._database.read() as session:
            title = self._known(session, asker, title_id)
            version = store.version(session, title.version_id)
        return self._poster(title, version)

    def poster_etag(self, asker: Asker, title_id: TitleId) -> str:
        """Give the tag alone, so that an unchanged picture need not be opened."""
        with self._database.read() as session:
            title = self._known(session, asker, title_id)
            version = store.version(session, title.version_id)
        if version is None or version.poster_object is None:
            raise not_found("picture")
        return poster_tag(version.poster_object)

    def _poster(self, title: TitleRow, version: VersionRow | None) -> Poster:
        from transcoder.keys.encrypt import open_poster, poster_aad
        from transcoder.keys.keyschedule import TitleKeys

        if version is None or not version.poster_object:
            raise not_found("picture")
        if version.wrapped_title_secret is None or version.wrapped_server_share is None:
            raise not_found("picture")
        wrapped = WrappedSecrets(version.wrapped_title_secret, version.wrapped_server_share)
        secrets = unwrap_secrets(self._root, title.owner_id, title.id, version.number, wrapped)
        keys = TitleKeys(title.id, version.number, secrets.title_secret, secrets.server_share)
        blob = self._objects.get(version.poster_object)
        data = open_poster(blob, keys.poster_key(), poster_aad(title.id, version.number))
        return Poster(data, version.poster_type or "image/jpeg", poster_tag(version.poster_object))

    # --- changing ---

    def change(self, asker: Asker, title_id: TitleId, changes: TitleChanges) -> TitleView:
        """Change a title's words."""
        with self._database.write() as session:
            title = self._owned(session, asker, title_id)
            if changes.name is not None:
                title.name = self._checked_name(changes.name)
            if changes.description is not None:
                title.description = changes.description[:DESCRIPTION_LENGTH]
            if changes.year is not None or changes.clear_year:
                title.year = changes.year
            if changes.priority is not None:
                _set_priority(title, asker, changes.priority)
            title.updated_at = self._clock.now()
        return self.show(asker, title_id)

    def cancel(self, asker: Asker, title_id: TitleId) -> TitleView:
        """Stop the making: keys and rows of what was made go at once, its objects after.

        Of a film that is being made anew, the version that plays stays untouched.
        """
        with self._database.write() as session:
            title = self._owned(session, asker, title_id)
            now = self._clock.now()
            remake = remaking.remake_of(session, title_id)
            if title.state == TitleState.READY and remake is not None:
                remaking.drop(session, remake.id)
            elif store.set_state(session, title.id, TitleState.CANCELLED, now, among=OPEN_STATES):
                store.wipe_version(session, title.version_id or "")
            else:
                raise Fault(
                    Code.CONFLICT,
                    "This film is not being made right now, so there is nothing to cancel.",
                    "Look at its state again; delete the film if you do not want it.",
                    name="not_in_the_making",
                )
        collect_title(self._database, self._objects, title_id, self._clock.now())
        return self.show(asker, title_id)

    def retry(self, asker: Asker, title_id: TitleId, chunk: int | None = None) -> TitleView:
        """Start a failed or cancelled making again; chunks that are finished are kept.

        With `chunk`, that failed chunk alone is tried again. While the rest is still being encoded, failed
        chunks are put back into the queue; so are those of a version that is made anew.
        """
        with self._database.write() as session:
            title = self._owned(session, asker, title_id)
            remake = remaking.remake_of(session, title_id)
            freed = work.ask_again(session, remake.id if remake else title.version_id or "", chunk)
            under_way = remake is not None or title.state == TitleState.ENCODING
            if not freed or not under_way:
                if chunk is not None and not freed:
                    raise _nothing_to_retry()
                self._queue_again(session, title)
        return self.show(asker, title_id)

    def _queue_again(self, session: Session, title: TitleRow) -> None:
        version, now = store.version(session, title.version_id), self._clock.now()
        among = (TitleState.FAILED, TitleState.CANCELLED)
        if version is None or not store.set_state(session, title.id, TitleState.QUEUED, now, among=among):
            raise _nothing_to_retry()
        self._require_source(version)
        if version.wrapped_title_secret is None:
            version = self._replace(session, title, version)
        else:
            version.run += 1
        store.mark_queued(session, version, now)

    def remake(self, asker: Asker, title_id: TitleId, protection: str = "") -> TitleView:
        """Make a finished title anew from its upload, to the ladder of today and under new keys.

        Without a word for its protection it is protected as it was. The version that plays goes on playing
        until the new one takes its place.
        """
        with self._database.write() as session:
            title = self._owned(session, asker, title_id)
            playing = self._remakable(session, title)
            upload = UploadId(playing.upload_id) if playing.upload_id else None
            if upload is None or self._sources.source_path(upload) is None:
                raise Fault(
                    Code.CONFLICT,
                    "The uploaded file of this film was removed when the film was ready.",
                    "Upload it again for this film, with “matinee title remake ID --source FILE”. "
                    "The operator can have such files kept (MATINEE_KEEP_UPLOADS).",
                    name="source_gone",
                )
            version = self._add_version(session, title, playing, upload, playing.source_bytes, protection)
            store.mark_queued(session, version, self._clock.now())
        return self.show(asker, title_id)

    def remake_for_upload(
        self,
        owner_id: AccountId,
        title_id: TitleId,
        upload_id: UploadId,
        length: int | None = None,
        protection: str = "",
    ) -> TitleId:
        """Make a finished title anew from a new upload, once that is whole; `length` in bytes if known."""
        with self._database.write() as session:
            made = store.version_of_upload(session, upload_id)
            if made is None:
                title = self._owned(session, Asker(owner_id), title_id)
                playing = self._remakable(session, title)
                self._add_version(session, title, playing, upload_id, length or 0, protection)
        return title_id

    def _remakable(self, session: Session, title: TitleRow) -> VersionRow:
        playing = store.version(session, title.version_id)
        if playing is None or title.state != TitleState.READY:
            raise Fault(
                Code.CONFLICT,
                "Only a finished film can be made anew.",
                "Wait until it is ready, or try a failed one again.",
                name="not_ready",
            )
        if remaking.remake_of(session, title.id) is not None:
            raise Fault(
                Code.CONFLICT,
                "This film is being made anew already.",
                "Wait until it is done, or cancel that first.",
                name="remaking_already",
            )
        return playing

    def _add_version(
        self,
        session: Session,
        title: TitleRow,
        playing: VersionRow,
        upload: UploadId,
        source_bytes: int,
        protection: str,
    ) -> VersionRow:
        version = remaking.new_version(playing, upload, source_bytes)
        version.protection = checked_protection(protection) or playing.protection
        self._give_secrets(title, version)
        title.failure_code = title.failure_sentence = title.failure_hint = None
        session.add(version)
        return version

    def delete(self, asker: Asker, title_id: TitleId) -> None:
        """Remove a title: keys and rows in one transaction, then its upload and objects."""
        with self._database.write() as session:
            title = self._owned(session, asker, title_id)
            versions = [
                row
                for row in (store.version(session, found) for found in store.versions_of(session, title_id))
                if row is not None
            ]
            uploads = [UploadId(row.upload_id) for row in versions if row.upload_id]
            for row in versions:
                store.wipe_version(session, row.id)
            session.delete(title)
        for upload_id in uploads:
            self._sources.discard(upload_id)
        self._objects.delete(self._objects.list(title_id))

    # --- inside ---

    def _replace(self, session: Session, title: TitleRow, wiped: VersionRow) -> VersionRow:
        """Put a new version, under new keys and a new number, in the place of one that was wiped: nothing
        that anybody remembers of the old one can be taken for the new one's."""
        version = VersionRow(
            id=new_id("ve"),
            title_id=title.id,
            number=wiped.number + 1,
            upload_id=wiped.upload_id,
            period_seconds=wiped.period_seconds,
            protection=wiped.protection,
            source_bytes=wiped.source_bytes,
        )
        self._give_secrets(title, version)
        title.version_id = version.id
        session.delete(wiped)
        session.add(version)
        return version

    def _give_secrets(self, title: TitleRow, version: VersionRow) -> None:
        wrapped = wrap_secrets(self._root, title.owner_id, title.id, version.number, TitleSecrets.make())
        version.wrapped_title_secret = wrapped.title_secret
        version.wrapped_server_share = wrapped.server_share

    def _known(self, session: Session, asker: Asker, title_id: TitleId) -> TitleRow:
        title = store.title(session, title_id)
        if title is None:
            raise not_found("film")
        if owns(asker, title):
            return title
        if title.state in STRANGER_STATES and self._access.knows_of(asker.account_id, title_id):
            return title
        raise not_found("film")

    def _owned(self, session: Session, asker: Asker, title_id: TitleId) -> TitleRow:
        title = store.title(session, title_id)
        if title is None or not owns(asker, title):
            raise not_found("film")
        return title

    def _require_source(self, version: VersionRow) -> None:
        upload = UploadId(version.upload_id) if version.upload_id else None
        if upload is None or self._sources.source_path(upload) is None:
            raise Fault(
                Code.CONFLICT,
                "The uploaded file of this film is no longer here, so it cannot be tried again.",
                "Upload the film again.",
                name="source_gone",
            )

    def _checked_name(self, name: str) -> str:
        clean = shown(name)
        if not clean:
            raise Fault(Code.INVALID, "A film needs a name.", "Type at least one letter.", name="empty_name")
        return clean


def _set_priority(title: TitleRow, asker: Asker, priority: Priority) -> None:
    """An operator's word counts among everybody's films, a creator's among their own."""
    if asker.admin:
        title.house_priority = priority.rank
    else:
        title.priority = priority.rank


def checked_protection(word: str) -> str:
    """Give the word back if it is a protection, or none at all. Raises `Fault` INVALID."""
    if word and word not in set(Protection):
        raise Fault(
            Code.INVALID,
            f"There is no protection “{shown(word)[:20]}”.",
            f"Choose {' or '.join(Protection)}.",
            name="unknown_protection",
        )
    return word


def _nothing_to_retry() -> Fault:
    return Fault(
        Code.CONFLICT,
        "Nothing here has failed or been cancelled, so there is nothing to try again.",
        "Look at the film’s state again.",
        name="nothing_to_retry",
    )
