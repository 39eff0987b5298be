"""A real server that only takes uploads, for tests that kill it: `python upload_house.py FOLDER PORT`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from granian.constants import Interfaces
from granian.server import Server

from streaming.accounts.model import AccountRow
from streaming.accounts.principal import Principal, Role
from streaming.clock import SystemClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.ids import AccountId
from streaming.lifeline import die_with_parent
from streaming.uploads.model import Upload
from streaming.uploads.service import UploadService
from streaming.web.api.uploads import router, upload_service
from streaming.web.deps import creator
from streaming.web.problems import Problems

OWNER = AccountId("ac_ann")
BINARY = (
    "client_salt auth_salt auth_digest x25519_public ed25519_public wrapped_private "
    "recovery_salt recovery_digest recovery_wrapped_private"
)


def create_app() -> FastAPI:
    """Make the app on the folder that stands in argv; finished uploads are noted in `finished.txt`."""
    die_with_parent(int(os.environ["UPLOAD_HOUSE"]))
    folder = Path(sys.argv[1])
    database = Database(open_engine(f"sqlite:///{folder / 'house.sqlite'}"))
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        if session.get(AccountRow, OWNER) is None:
            now = datetime.now(UTC)
            row = AccountRow(
                id=OWNER, name="ann", name_key="ann", role="creator", created_at=now, password_changed_at=now
            )
            for column in BINARY.split():
                setattr(row, column, b"x" * 32)
            session.add(row)

    def on_finished(upload: Upload) -> None:
        with (folder / "finished.txt").open("a") as file:
            file.write(f"{upload.id}\n")

    service = UploadService(
        database,
        SystemClock(),
        folder / "uploads",
        quota_bytes=20_000_000_000,
        on_created=lambda upload: f"ti_{upload.id[3:]}",
        on_finished=on_finished,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.hand_over_pending()
        yield
        await service.stop()

    app = FastAPI(lifespan=lifespan)
    Problems().install(app)
    app.include_router(router)
    app.dependency_overrides[creator] = lambda: Principal(OWNER, "ann", Role.CREATOR)
    app.dependency_overrides[upload_service] = lambda: service
    return app


if __name__ == "__main__":
    if len(sys.argv) > 3:
        die_with_parent(int(sys.argv[3]))
    os.environ["UPLOAD_HOUSE"] = str(os.getpid())  # its worker must not outlive a kill -9
    Server(
        f"{__file__}:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[2]),
        interface=Interfaces.ASGI,
        websockets=False,
        workers=1,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()
