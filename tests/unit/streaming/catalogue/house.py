"""A catalogue over a temporary house: SQLite, objects in memory, a clock that stands still."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from streaming.accounts.model import AccountRow
from streaming.catalogue import attempts, commit, making, queue, store
from streaming.catalogue.index import TitleIndex
from streaming.catalogue.model import VersionRow
from streaming.catalogue.published import signing_key
from streaming.catalogue.service import Catalogue
from streaming.catalogue.values import (
    Asker,
    ChunkPart,
    ChunkResult,
    NewInit,
    NewRendition,
    NewSegment,
    SourceFacts,
    VersionFacts,
)
from streaming.clock import FixedClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.ids import AccountId, TitleId, UploadId, new_id, random_base32
from streaming.keys.root import RootKey
from streaming.keys.titles import WrappedSecrets, unwrap_secrets
from streaming.storage.objects import MemoryObjects
from transcoder.keys.keyschedule import TitleKeys
from transcoder.keys.manifest import Manifest, verify_manifest
from transcoder.keys.secret import SecretBytes

TABLES = (
    "poster_candidates",
    "accounts",
    "titles",
    "title_versions",
    "renditions",
    "period_inits",
    "chunks",
    "chunk_attempts",
    "segments",
)


@dataclass
class Guests:
    """Licences, as the catalogue sees them."""

    held: set[tuple[AccountId, TitleId]] = field(default_factory=set)

    def knows_of(self, account_id: AccountId, title_id: TitleId) -> bool:
        return (account_id, title_id) in self.held

    def known_ids(self, account_id: AccountId) -> Collection[TitleId]:
        return [title for holder, title in self.held if holder == account_id]

    def names_of(self, account_ids: Collection[AccountId]) -> Mapping[AccountId, str]:
        return {account: f"name of {account}" for account in account_ids}


@dataclass
class Folder:
    """Uploaded files in a folder."""

    root: Path

    def source_path(self, upload_id: UploadId) -> Path | None:
        path = self.root / upload_id
        return path if path.exists() else None

    def discard(self, upload_id: UploadId) -> None:
        (self.root / upload_id).unlink(missing_ok=True)


@dataclass
class House:
    """Everything a test of the catalogue touches."""

    database: Database
    clock: FixedClock
    objects: MemoryObjects
    guests: Guests
    sources: Folder
    root: RootKey
    catalogue: Catalogue

    @classmethod
    def open(cls, folder: Path) -> "House":
        """Open one in a folder."""
        clock = FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
        database = Database(open_engine(f"sqlite:///{folder / 'house.sqlite'}"))
        Base.metadata.create_all(database.engine, tables=[Base.metadata.tables[name] for name in TABLES])
        objects, guests, sources = MemoryObjects(), Guests(), Folder(folder)
        root = RootKey({1: SecretBytes(b"r" * 32)})
        catalogue = Catalogue(database, clock, objects, root, guests, sources)
        return cls(database, clock, objects, guests, sources, root, catalogue)

    def account(self) -> Asker:
        """Register somebody."""
        now, some = self.clock.now(), b"x"
        account_id = new_id("ac")
        with self.database.write() as session:
            session.add(
                AccountRow(
                    id=account_id,
                    name=account_id,
                    name_key=account_id,
                    role="creator",
                    created_at=now,
                    password_changed_at=now,
                    client_salt=some,
                    auth_salt=some,
                    auth_digest=some,
                    x25519_public=some,
                    ed25519_public=some,
                    wrapped_private=some,
                    recovery_salt=some,
                    recovery_digest=some,
                    recovery_wrapped_private=some,
                )
            )
        return Asker(AccountId(account_id))

    def uploaded(self, owner: Asker, name: str = "film.mp4") -> TitleId:
        """Make a title whose upload is whole: it waits in the queue."""
        upload = UploadId(new_id("up"))
        (self.sources.root / upload).write_bytes(b"film")
        title = self.catalogue.title_for_upload(owner.account_id, upload, name, length=4)
        self.catalogue.upload_finished(upload)
        return title

    def planned(self, owner: Asker, chunks: int = 2) -> VersionFacts:
        """Make a title that a worker took and planned: two renditions, one segment of a second a chunk."""
        self.uploaded(owner)
        with self.database.write() as session:
            claim = queue.claim(session, "w1", self.clock.now(), 99)
            assert claim is not None
            making.save_plan(
                session,
                claim.version_id,
                "{}",
                SourceFacts(chunks * 1_000_000, 320, 180, Fraction(25)),
                [
                    NewRendition("v240", "video", "sd", 25_000, height=240, frame_rate=Fraction(25)),
                    NewRendition("a0", "audio", "sd", 48_000, channels=2),
                ],
                [ChunkPart(number, "all", 25) for number in range(chunks)],
            )
            return making.check_running(session, claim.version_id, claim.run)

    def attempt(self, facts: VersionFacts, number: int) -> ChunkResult:
        """Begin an attempt at a chunk and put its objects."""
        attempt = random_base32(8)
        with self.database.write() as session:
            attempts.begin_attempt(session, facts.id, number, "all", attempt, "w1", self.clock.now())
        folder = f"{facts.title_id}/{facts.id}"
        inits: list[NewInit] = []
        segments: list[NewSegment] = []
        for name, ticks in (("v240", 25_000), ("a0", 48_000)):
            inits.append(NewInit(name, f"{folder}/{name}/init-{attempt}.mp4", b"i" * 32, 10, "avc1.42c01e"))
            segments.append(
                NewSegment(
                    rendition=name,
                    sequence=number,
                    object=f"{folder}/{name}/{name[0]}-{number:06d}-{attempt}.m4s",
                    period=0,
                    start_ticks=number * ticks,
                    duration_ticks=ticks,
                    size=1000,
                    sha256=b"s" * 32,
                )
            )
        for name in [*(init.object for init in inits), *(segment.object for segment in segments)]:
            self.objects.put(name, b"x")
        return ChunkResult(number, "all", attempt, tuple(inits), tuple(segments))

    def commit(self, facts: VersionFacts, result: ChunkResult) -> bool:
        """Try to make an attempt visible."""
        with self.database.write() as session:
            return commit.commit_chunk(session, facts.id, result, self.clock.now())


def keys_of(house: House, title: TitleId) -> TitleKeys:
    """Open the keys of the version that plays."""
    version = TitleIndex(house.database).version(title)
    assert version is not None
    wrapped = TitleIndex(house.database).secrets(version.version_id)
    assert wrapped is not None
    opened = unwrap_secrets(house.root, version.owner_id, title, version.number, WrappedSecrets(*wrapped))
    return TitleKeys(title, version.number, opened.title_secret, opened.server_share)


def manifest_of(house: House, title: TitleId) -> Manifest:
    """Read and verify the manifest of the version that plays."""
    with house.database.read() as session:
        found = store.title(session, title)
        assert found is not None
        row = session.get_one(VersionRow, found.version_id)
        return verify_manifest(
            house.objects.get(row.manifest_object or ""), signing_key(house.root).public_key()
        )
