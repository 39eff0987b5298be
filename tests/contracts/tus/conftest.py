"""A house that only takes uploads, spoken to in ASGI, so that tests can cut a body wherever they like."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI

from streaming.accounts.model import AccountRow
from streaming.accounts.principal import Principal, Role
from streaming.clock import FixedClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.errors import Code, Fault
from streaming.ids import AccountId
from streaming.uploads.model import Upload
from streaming.uploads.service import UploadService
from streaming.web.api.uploads import router, upload_service
from streaming.web.deps import creator
from tests.support.pause import Pause

URL = "/api/v1/uploads"
QUOTA = 100_000


@dataclass
class Answer:
    """What came back; `status` 0 when nothing did."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = orjson.loads(self.body)
        assert document["status"] == self.status
        assert document["detail"].endswith(".")
        return document

    @property
    def code(self) -> str:
        return str(self.problem["code"])

    @property
    def offset(self) -> int:
        return int(self.headers["upload-offset"])


@dataclass
class Told:
    """What the hooks were told, and how often they shall fail."""

    created: list[Upload] = field(default_factory=list)
    finished: list[Upload] = field(default_factory=list)
    gone: list[Upload] = field(default_factory=list)
    failures: int = 0
    gone_failures: int = 0
    refuse_titles: bool = False

    def on_created(self, upload: Upload) -> str:
        if self.refuse_titles:
            raise Fault(Code.CONFLICT, "No titles today.")
        self.created.append(upload)
        return f"ti_{upload.id[3:]}"

    def on_finished(self, upload: Upload) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the jobs are away")
        self.finished.append(upload)

    def on_gone(self, upload: Upload) -> None:
        if self.gone_failures:
            self.gone_failures -= 1
            raise RuntimeError("the catalogue is away")
        self.gone.append(upload)


class House:
    """An upload service and its edge on a folder; `restart` is what a kill leaves behind."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.clock = FixedClock(datetime(2031, 5, 1, tzinfo=UTC))
        self.database = Database(open_engine(f"sqlite:///{folder / 'house.sqlite'}"))
        Base.metadata.create_all(self.database.engine)
        self.told = Told()
        self.settings = {"quota_bytes": QUOTA, "patience_seconds": 0.3, **settings}
        self.stored = 0
        self.asker = "ac_ann"
        for name in ("ac_ann", "ac_bob"):
            self._register(name)
        self.restart()

    def _register(self, name: str) -> None:
        binary = (
            "client_salt auth_salt auth_digest x25519_public ed25519_public wrapped_private "
            "recovery_salt recovery_digest recovery_wrapped_private"
        )
        now = self.clock.now()
        row = AccountRow(
            id=name, name=name, name_key=name, role="creator", created_at=now, password_changed_at=now
        )
        for column in binary.split():
            setattr(row, column, b"x" * 32)
        with self.database.write() as session:
            session.add(row)

    def restart(self) -> None:
        """Begin again with nothing but what is on the disk."""
        self.service = UploadService(
            self.database,
            self.clock,
            self.folder / "uploads",
            on_created=self.told.on_created,
            on_finished=self.told.on_finished,
            on_gone=self.told.on_gone,
            quota_used=lambda _owner: self.stored,
            **self.settings,
        )
        self.app = FastAPI()
        self.app.include_router(router)
        self.app.dependency_overrides[creator] = self._principal
        self.app.dependency_overrides[upload_service] = lambda: self.service

    def _principal(self) -> Principal:
        if self.asker == "":
            raise Fault(Code.FORBIDDEN, "Viewers may not upload.", name="role_too_low")
        return Principal(AccountId(self.asker), self.asker, Role.CREATOR)

    def files(self) -> list[str]:
        """Names of everything that lies in the uploads folder."""
        root = self.folder / "uploads"
        return sorted(path.name for path in root.iterdir()) if root.exists() else []

    def content(self, url: str) -> bytes:
        """Every byte on the disk of the upload at `url`."""
        return self.service.path(url.rpartition("/")[2]).read_bytes()

    def send(
        self,
        method: str,
        url: str = URL,
        body: bytes | Sequence[bytes] = b"",
        *,
        cut: bool = False,
        version: str | None = "1.0.0",
        **headers: Any,
    ) -> Answer:
        """Send one request and wait for the answer; header names are written with `_` for `-`."""
        return asyncio.run(self.ask(method, url, body, cut=cut, version=version, **headers))

    async def ask(
        self,
        method: str,
        url: str = URL,
        body: bytes | Sequence[bytes] = b"",
        *,
        cut: bool = False,
        version: str | None = "1.0.0",
        pauses: Mapping[int, Pause] | None = None,
        **headers: Any,
    ) -> Answer:
        """Like `send`. `cut` ends the connection after the body; `pauses[n]` is awaited before piece n."""
        pieces = [body] if isinstance(body, bytes) else list(body)
        given = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if version is not None:
            given["tus-resumable"] = version
        given.setdefault("content-length", str(sum(map(len, pieces))))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": url,
            "raw_path": url.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in given.items() if v != "-"],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        answer, sent = Answer(), 0

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if pauses and sent in pauses:
                pauses[sent].reached.set()
                await pauses[sent].wait()
            if sent >= len(pieces):
                return {"type": "http.disconnect"}
            sent += 1
            return {
                "type": "http.request",
                "body": pieces[sent - 1],
                "more_body": cut or sent < len(pieces),
            }

        async def receive_answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, receive_answer)
        return answer

    def create(self, length: int | None = None, **headers: Any) -> Answer:
        """Create an upload; asserts that it worked."""
        if length is not None:
            headers["upload_length"] = str(length)
        answer = self.send("POST", URL, **headers)
        assert answer.status == 201, answer.body
        return answer

    def begin(self, length: int | None = None, **headers: Any) -> str:
        """Create an upload and give its address."""
        return self.create(length, **headers).headers["location"]

    def patch(self, url: str, offset: int, body: bytes | Sequence[bytes], **options: Any) -> Answer:
        """Append to an upload."""
        options.setdefault("content_type", "application/offset+octet-stream")
        return self.send("PATCH", url, body, upload_offset=str(offset), **options)

    def offset(self, url: str) -> int:
        """Ask for the offset; asserts that there is one."""
        answer = self.send("HEAD", url)
        assert answer.status == 200, answer
        return answer.offset

    def part(self, body: bytes) -> str:
        """Send a whole partial upload and give its address."""
        url = self.begin(len(body), upload_concat="partial")
        assert self.patch(url, 0, body).status == 204
        return url

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**span))


def checksum(body: bytes, algorithm: str = "sha256") -> str:
    """Write an Upload-Checksum for `body`."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def sum_of() -> Any:
    return checksum
