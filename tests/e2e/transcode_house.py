"""A data folder with a real worker process: titles put into its queue, the worker killed as hard as asked."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from streaming.accounts.model import AccountRow
from streaming.catalogue.model import ChunkAttemptRow, ChunkRow, RenditionRow, SegmentRow, VersionRow
from streaming.catalogue.values import Asker, TitleState, TitleView
from streaming.clock import SystemClock
from streaming.db.base import Base
from streaming.ids import AccountId, TitleId, UploadId, VersionId, new_id
from streaming.keys.root import load_or_make
from streaming.settings import Settings
from streaming.uploads.model import State, UploadRow
from streaming.wiring import Services, build

OWNER = Asker(AccountId("ac_owner"))
ENDED = (TitleState.READY, TitleState.FAILED, TitleState.CANCELLED)
WORKER = (
    "from streaming.settings import Settings; from streaming.worker import run_worker; run_worker(Settings())"
)


class TranscodeHouse:
    """Services of the web side in this process, workers in processes of their own."""

    def __init__(self, data: Path, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(data=data)
        self.settings.uploads_folder.mkdir(parents=True)
        load_or_make(self.settings.root_key_file)
        self.services: Services = build(self.settings, SystemClock())
        Base.metadata.create_all(self.services.database.engine)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._register()

    def _register(self) -> None:
        now, some = self.services.clock.now(), b"x"
        with self.services.database.write() as session:
            session.add(
                AccountRow(
                    id=OWNER.account_id,
                    name="Owner",
                    name_key="owner",
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

    def start_worker(self, among: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker, one of `among`, in a process group of its own; its log lies beside the data."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        with (self.settings.data / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER],
                env={**kept, "MATINEE_DATA": str(self.settings.data), "MATINEE_WORKERS": str(among)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """`kill -9` the worker alone: its ffmpeg must die by itself."""
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)

    def publish(self, film: Path) -> TitleId:
        """Do what a finished upload does."""
        services, upload = self.services, UploadId(new_id("up"))
        now, size = services.clock.now(), film.stat().st_size
        with services.database.write() as session:
            session.add(
                UploadRow(
                    id=upload,
                    owner_id=OWNER.account_id,
                    state=State.HANDED_OVER,
                    kind="whole",
                    length=size,
                    created_at=now,
                )
            )
        title = services.catalogue.title_for_upload(OWNER.account_id, upload, film.name, None, size)
        shutil.copy(film, services.uploads.path(upload))
        services.catalogue.upload_finished(upload)
        return title

    def show(self, title: TitleId) -> TitleView:
        """Look at a title as its owner."""
        return self.services.catalogue.show(OWNER, title)

    def until(self, condition: Callable[[], bool], seconds: float = 90.0) -> float:
        """Wait until `condition` holds; gives the seconds it took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds:.0f} s; the worker says:\n{self.said()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def ended(self, title: TitleId, seconds: float = 90.0) -> TitleView:
        """Wait until a title is ready, failed or cancelled."""
        self.until(lambda: self.show(title).state in ENDED, seconds)
        return self.show(title)

    def said(self) -> str:
        """The last of the workers' log."""
        log = self.settings.data / "worker.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def version(self, title: TitleId) -> VersionId:
        """The title's version."""
        found = self.show(title).version_id
        assert found is not None
        return found

    def structure(self, title: TitleId) -> list[tuple[object, ...]]:
        """Everything that must be the same whatever happened on the way."""
        version = self.version(title)
        with self.services.database.read() as session:
            segments = session.execute(
                select(
                    SegmentRow.rendition,
                    SegmentRow.sequence,
                    SegmentRow.period,
                    SegmentRow.start_ticks,
                    SegmentRow.duration_ticks,
                )
                .where(SegmentRow.version_id == version)
                .order_by(SegmentRow.rendition, SegmentRow.sequence)
            ).all()
            renditions = session.execute(
                select(RenditionRow.name, RenditionRow.codecs, RenditionRow.init_sha256)
                .where(RenditionRow.version_id == version)
                .order_by(RenditionRow.name)
            ).all()
        return [tuple(row) for row in (*renditions, *segments)]

    def attempts(self, title: TitleId) -> list[ChunkAttemptRow]:
        """Every attempt at the title's chunks, oldest first."""
        with self.services.database.read() as session:
            return list(
                session.scalars(
                    select(ChunkAttemptRow)
                    .where(ChunkAttemptRow.version_id == self.version(title))
                    .order_by(ChunkAttemptRow.started_at)
                )
            )

    def chunks(self, title: TitleId) -> dict[tuple[int, str], ChunkRow]:
        """The title's chunk parts."""
        with self.services.database.read() as session:
            rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == self.version(title)))
            return {(row.number, row.part): row for row in rows}

    def facts(self, title: TitleId) -> VersionRow:
        """The version's row."""
        with self.services.database.read() as session:
            return session.get_one(VersionRow, self.version(title))

    def known_objects(self, title: TitleId) -> set[str]:
        """Objects that the index knows."""
        from streaming.catalogue import store

        with self.services.database.read() as session:
            return store.object_names(session, self.version(title))

    def objects(self, title: TitleId) -> set[str]:
        """Objects that lie in the store."""
        return set(self.services.objects.list(title))

    def close(self) -> None:
        """Stop everything."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait(10)
        self.services.database.close()
