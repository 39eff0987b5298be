"""Settings in, a house of services out: the one place where features are put together.

Features do not know one another. What one needs of another is handed in here, as a function or as a small
adapter below.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from streaming.accounts.principal import Role
from streaming.accounts.service import AccountService
from streaming.accounts.throttle import Throttle
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.overview import Overview
from streaming.catalogue.pictures import Pictures
from streaming.catalogue.published import Published
from streaming.catalogue.service import Catalogue
from streaming.catalogue.subtitles import Subtitles
from streaming.clock import Clock, SystemClock
from streaming.db.engine import Database, open_engine
from streaming.db.scratch import Scratch
from streaming.delivery.devices import DeviceService
from streaming.delivery.figures import Figures
from streaming.delivery.index import LiveIndex
from streaming.delivery.keysystems import Signal
from streaming.delivery.leases import LeaseRule
from streaming.delivery.service import PlaybackService
from streaming.delivery.signals import SignalStore
from streaming.errors import Code, Fault
from streaming.ids import AccountId, TitleId, UploadId, VersionId
from streaming.keys.root import RootKey, load_or_make
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.licences.bulk import BulkService
from streaming.licences.channels import ChannelService
from streaming.licences.codes import CodeService
from streaming.licences.gate import LicenceGate
from streaming.licences.guests import GuestLinks
from streaming.licences.offers import OfferService
from streaming.licences.service import LicenceService
from streaming.licences.transfer import TransferService
from streaming.licences.values import AccountRef, TitleRef
from streaming.settings import Settings
from streaming.storage.objects import LocalObjects, ObjectStore
from streaming.uploads.model import Upload
from streaming.uploads.service import UploadService
from transcoder.keys.keyschedule import TitleKeys
from transcoder.programs.sandbox import Limits


@dataclass(frozen=True)
class Services:
    """Everything a request or a job may use."""

    settings: Settings
    clock: Clock
    database: Database
    scratch: Scratch
    root: RootKey
    objects: ObjectStore
    accounts: AccountService
    catalogue: Catalogue
    subtitles: Subtitles
    pictures: Pictures
    overview: Overview
    index: TitleIndex
    live: LiveIndex
    uploads: UploadService
    licences: LicenceService
    links: GuestLinks
    channels: ChannelService
    offers: OfferService
    codes: CodeService
    transfers: TransferService
    bulk: BulkService
    throttle: Throttle
    gate: LicenceGate
    playbacks: PlaybackService
    devices: DeviceService
    figures: Figures

    def close(self) -> None:
        """Close the files that all requests share."""
        self.database.close()
        self.scratch.close()

    def forget_old_uses(self) -> None:
        """Forget which devices used guest links, as long ago as is not kept any more."""
        self.playbacks.forget_guests(self.links.forget_old())

    def keys_of(self, title_id: str, version_id: str) -> TitleKeys:
        """Unwrap a title version's secrets; blocks. Raises `Fault` GONE when they are shredded."""
        version = self.index.version(TitleId(title_id), VersionId(version_id))
        wrapped = self.index.secrets(VersionId(version_id))
        if version is None or wrapped is None:
            raise Fault(
                Code.GONE,
                "This film is no longer here.",
                "Ask whoever showed it to you.",
                name="film_gone",
            )
        kept = WrappedSecrets(*wrapped)
        opened = unwrap_secrets(self.root, version.owner_id, title_id, version.number, kept)
        return TitleKeys(title_id, version.number, opened.title_secret, opened.server_share)

    def signals_of(self, version_id: str) -> dict[UUID, list[Signal]]:
        """Give what DRM vendors say of a version's keys; blocks."""
        return SignalStore(self.database).of(version_id)


@contextmanager
def open_services(settings: Settings, clock: Clock | None = None) -> Iterator[Services]:
    """Open a house whose data folder has been prepared; close it on leaving."""
    services = build(settings, clock or SystemClock())
    try:
        yield services
    finally:
        services.close()


def build(settings: Settings, clock: Clock) -> Services:
    """Put the features together."""
    database = Database(open_engine(settings.database_url))
    scratch = Scratch(settings.data)
    root = load_or_make(settings.root_key_file)
    objects = LocalObjects(settings.objects_folder)
    role = Role(settings.open_role) if settings.open_role else None
    throttle = Throttle(clock, scratch=scratch)
    accounts = AccountService(
        database, clock, throttle, salt_secret=root.derived("login-salts"), open_role=role
    )
    index = TitleIndex(database)
    live = LiveIndex(index)
    licences = LicenceService(database, clock, _Titles(index, accounts), _AccountsByName(accounts))
    offers = OfferService(database, clock, licences)
    uploaded = _Uploaded()
    access, seconds = _Access(licences, offers, accounts), settings.crypto_period_seconds
    catalogue = Catalogue(database, clock, objects, root, access, uploaded, period_seconds=seconds)
    uploaded.service = _uploads(settings, database, clock, catalogue)
    gate = LicenceGate()
    lease = LeaseRule(settings.lease_seconds, settings.lease_grace_seconds)
    budget = (settings.release_burst, settings.release_rate)
    playbacks = PlaybackService(database, clock, gate, live.read_version, lease, budget)
    published = Published(database, clock, objects, root)
    return Services(
        settings,
        clock,
        database,
        scratch,
        root,
        objects,
        accounts,
        catalogue,
        Subtitles(published),
        Pictures(published, Limits(max_pixels=settings.max_pixels)),
        Overview(database),
        index,
        live,
        uploaded.service,
        licences,
        GuestLinks(database, clock, licences, days=settings.link_uses_days),
        ChannelService(database, clock, licences.owned),
        offers,
        CodeService(database, clock, offers, root.derived("gift-codes")),
        TransferService(database, clock, licences, playbacks.release_licence),
        BulkService(clock, licences),
        throttle,
        gate,
        playbacks,
        DeviceService(database, clock),
        Figures(database, clock, lease),
    )


def _uploads(settings: Settings, database: Database, clock: Clock, catalogue: Catalogue) -> UploadService:
    """Make uploads feed titles; a partial upload feeds none until it is joined."""

    def made(upload: Upload) -> TitleId:
        if upload.remakes:
            # If that title cannot be made anew (any more), the film is not lost: it becomes one of its own.
            with suppress(Fault):
                return catalogue.remake_for_upload(
                    upload.owner_id, TitleId(upload.remakes), upload.id, upload.length, upload.protection
                )
        return catalogue.title_for_upload(
            upload.owner_id, upload.id, upload.filename, upload.title, upload.length, upload.protection
        )

    return UploadService(
        database,
        clock,
        settings.uploads_folder,
        quota_bytes=settings.quota_bytes,
        on_created=made,
        on_finished=lambda upload: catalogue.upload_finished(upload.id, upload.length),
        on_gone=lambda upload: catalogue.upload_gone(upload.id),
        quota_used=catalogue.stored_bytes,
    )


class _Titles:
    """Tells licences of titles, whatever their state."""

    def __init__(self, index: TitleIndex, accounts: AccountService) -> None:
        self._index = index
        self._accounts = accounts

    def __call__(self, title_ids: Collection[TitleId]) -> dict[TitleId, TitleRef]:
        """Give those of the titles that there are."""
        found = self._index.labels(title_ids)
        names = self._accounts.names_of({owner for _, _, owner in found})
        return {id_: TitleRef(id_, name, owner, names.get(owner, "")) for id_, name, owner in found}


class _Access:
    """Tells the catalogue who may know of what, and what people are called."""

    def __init__(self, licences: LicenceService, offers: OfferService, accounts: AccountService) -> None:
        self._licences = licences
        self._offers = offers
        self._accounts = accounts

    def knows_of(self, account_id: AccountId, title_id: TitleId) -> bool:
        return title_id in self.known_ids(account_id)

    def known_ids(self, account_id: AccountId) -> Collection[TitleId]:
        """Titles somebody has, or had, a licence on, and those on offer to everybody."""
        return self._licences.known_ids(account_id) | self._offers.offered_ids()

    def names_of(self, account_ids: Collection[AccountId]) -> Mapping[AccountId, str]:
        return self._accounts.names_of(account_ids)


class _Uploaded:
    """Uploaded files for the catalogue; uploads are made after it, because they feed it."""

    service: UploadService

    def source_path(self, upload_id: UploadId) -> Path | None:
        path = self.service.path(upload_id)
        return path if path.is_file() else None

    def discard(self, upload_id: UploadId) -> None:
        self.service.delete_file(upload_id)


class _AccountsByName:
    """Tells licences of an account by its name."""

    def __init__(self, accounts: AccountService) -> None:
        self._accounts = accounts

    def __call__(self, name: str) -> AccountRef | None:
        """Give an account by its name, or None."""
        try:
            found = self._accounts.named(name)
        except Fault as fault:
            if fault.code is Code.NOT_FOUND:
                return None
            raise
        return AccountRef(found.id, found.name)
