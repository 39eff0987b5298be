"""The whole application in process, on a data folder of its own and a clock that stands still."""

import base64
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from streaming.accounts.principal import Role
from streaming.accounts.values import Password, Recovery, Registration
from streaming.app import mount
from streaming.cli.prepare import prepare
from streaming.clock import FixedClock
from streaming.delivery.doors import Doors
from streaming.settings import Settings
from streaming.wiring import Services, build
from transcoder.keys.secret import SecretBytes


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
