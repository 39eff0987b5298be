"""The whole application in process, on a data folder of its own and a clock that stands still."""

import base64
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import event, select

from streaming.accounts.model import AccountRow
from streaming.accounts.principal import Role
from streaming.accounts.values import Password, Recovery, Registration
from streaming.app import mount
from streaming.catalogue.model import TitleRow, VersionRow
from streaming.cli.prepare import prepare
from streaming.clock import FixedClock
from streaming.delivery.doors import Doors
from streaming.ids import TitleId
from streaming.settings import Settings
from streaming.wiring import Services, build
from transcoder.keys.secret import SecretBytes

FILM = TitleId("ti_kept")


@dataclass(frozen=True)
class WholeHouse:
    """The services and the app over them."""

    services: Services
    clock: FixedClock
    app: Doors

    def visitor(self) -> TestClient:
        """A browser that nobody is logged in with."""
        return TestClient(self.app, base_url="http://house.test", follow_redirects=False)

    def person(self, name: str, role: Role) -> TestClient:
        """A browser somebody new is logged in with."""
        key = SecretBytes(secrets.token_bytes(32))
        registration = Registration(
            Password(secrets.token_bytes(16), key, secrets.token_bytes(92)),
            secrets.token_bytes(32),
            secrets.token_bytes(32),
            Recovery(SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92)),
        )
        self.services.accounts.add_account(name, role, registration)
        browser = self.visitor()
        sent = {"name": name, "auth_key": base64.urlsafe_b64encode(key.reveal()).rstrip(b"=").decode()}
        assert browser.post("/api/v1/session", json=sent).status_code == 200
        return browser


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data folder to copy: migrating takes longer than most tests here."""
    folder = tmp_path_factory.mktemp("prepared") / "house"
    prepare(Settings(data=folder))
    return folder


@pytest.fixture
def whole_house(tmp_path: Path, prepared: Path) -> Iterator[WholeHouse]:
    settings = Settings(data=tmp_path / "house", public_url="http://house.test")
    shutil.copytree(prepared, settings.data)
    clock = FixedClock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    services = build(settings, clock)
    app = mount(services)
    yield WholeHouse(services, clock, app)
    app.close()
    services.database.close()


@pytest.fixture
def ana(whole_house: WholeHouse) -> TestClient:
    """The creator of a film that nothing was made of yet; nobody knows of it."""
    ana = whole_house.person("ana", Role.CREATOR)
    with whole_house.services.database.write() as session:
        owner = session.scalars(select(AccountRow.id).where(AccountRow.name == "ana")).one()
        now = whole_house.clock.now()
        session.add(
            TitleRow(
                id=FILM, owner_id=owner, name="The Kept Film", description="", year=None,
                state="ready", version_id="ve_kept", created_at=now, updated_at=now,
            )
        )  # fmt: skip
        session.flush()
        session.add(VersionRow(id="ve_kept", title_id=FILM, published_at=now, duration_us=60_000_000))
    return ana


@pytest.fixture
def ben(whole_house: WholeHouse) -> TestClient:
    return whole_house.person("ben", Role.VIEWER)


def statements(house: WholeHouse, ask: Callable[[], Response]) -> int:
    """Count what the database is asked while a request is answered."""
    asked: list[str] = []
    engine = house.services.database.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert ask().status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)
