"""A small house with accounts alone, on a temporary database and a clock that stands still."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from streaming.accounts.principal import Role
from streaming.accounts.service import AccountService
from streaming.accounts.throttle import Throttle
from streaming.accounts.values import Password, Recovery, Registration
from streaming.clock import FixedClock
from streaming.db.base import Base
from streaming.db.engine import Database, open_engine
from streaming.settings import Settings
from streaming.web.api import accounts as accounts_api
from streaming.web.problems import Problems
from streaming.web.security import secure
from transcoder.keys.secret import SecretBytes

TABLES = ("accounts", "auth_sessions", "api_tokens")


@dataclass(frozen=True)
class House:
    """Stands where `Services` stands in the whole app: the same parts, fewer of them."""

    settings: Settings
    clock: FixedClock
    accounts: AccountService
    app: FastAPI
    problems: Problems

    def client(self, **options: Any) -> TestClient:
        """Give a fresh browser that has no cookies."""
        return TestClient(secure(self.app, self.problems), base_url="http://house.test", **options)

    def account(self, name: str, role: Role) -> SecretBytes:
        """Make an account without the cost of Argon2id and give its auth key."""
        key = SecretBytes(secrets.token_bytes(32))
        registration = Registration(
            Password(secrets.token_bytes(16), key, secrets.token_bytes(92)),
            secrets.token_bytes(32),
            secrets.token_bytes(32),
            Recovery(SecretBytes(secrets.token_bytes(32)), secrets.token_bytes(92)),
        )
        self.accounts.add_account(name, role, registration)
        return key

    def entered(self, name: str, key: SecretBytes) -> TestClient:
        """Give a browser that is logged in."""
        client = self.client()
        auth_key = base64.urlsafe_b64encode(key.reveal()).rstrip(b"=").decode()
        client.post("/api/v1/session", json={"name": name, "auth_key": auth_key}).raise_for_status()
        return client


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Any]:
    opened: list[Database] = []

    def make(**settings: Any) -> House:
        database = Database(open_engine(f"sqlite:///{tmp_path / f'house{len(opened)}.sqlite'}"))
        opened.append(database)
        Base.metadata.create_all(database.engine, tables=[Base.metadata.tables[name] for name in TABLES])
        clock = FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
        chosen = Settings(data=tmp_path, **settings)
        accounts = AccountService(
            database,
            clock,
            Throttle(clock),
            salt_secret=SecretBytes(b"s" * 32),
            open_role=Role(chosen.open_role) if chosen.open_role else None,
        )
        app, problems = FastAPI(), Problems()
        problems.install(app)
        app.include_router(accounts_api.router)
        app.state.services = house = House(chosen, clock, accounts, app, problems)
        return house

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def house(make_house: Any) -> House:
    made: House = make_house()
    return made
